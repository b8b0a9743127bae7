"""What people mean who answer in their own words. Nothing here knows Odoo."""

import re

YES, NO, TAKE = "yes", "no", "take"
#: The least number of words: whoever says more than that is read by a person.
_MEANINGS = {
    YES: ("1", "yes", "y", "ja", "j", "oui", "sì", "sí", "si", "ok", "okay", "accept"),
    NO: ("2", "no", "n", "nein", "non", "decline"),
    TAKE: ("job", "take"),
}
_MEANING = {word: kind for kind, words in _MEANINGS.items() for word in words}
_POLITE = re.compile(
    r"\b(please|thanks|thank you|danke|bitte|gern|gerne|merci|grazie|gracias|"
    r"volentieri|volontiers)\b"
)
_QUOTED = re.compile(r"^\s*[>|]")
#: "On Monday, Anna wrote:", which mail programs put before what they quote.
_ATTRIBUTION = re.compile(
    r"^[ \t]*(?:on|am|le|il|el|op)\b(?:(?!\n\s*\n).){0,300}?"
    r"\b(?:wrote|schrieb|écrit|scritto|escribió|schreef)\b"
    r"(?:(?!\n\s*\n).){0,200}?:[ \t]*$",
    re.I | re.M | re.S,
)
#: From here on it is the signature, or the message that was answered.
_END = re.compile(
    r"^(?:-- ?|_{8,}|-{3,}.{0,60}-{3,}"
    r"|\*?(?:from|von|de|da|sent|gesendet|envoyé|inviato)\s?:\*?\s.*)$",
    re.I,
)


def own_text(text):
    r"""Return what the writer of a mail added to what he quotes, without signature.

    >>> own_text("Ja\n\nAm 3. Mai schrieb Desk\n<a@example.com>:\n> Can you?\n> 1")
    'Ja'
    >>> own_text("> Can you help?\r\nTomorrow at noon\r\nperhaps\n-- \nAnna, 1 yes")
    'Tomorrow at noon\nperhaps'
    >>> own_text("Si!\n\nVon: Desk <desk@example.com>\nGesendet: heute\n\nhello")
    'Si!'
    """
    kept = []
    text = text.replace("\r\n", "\n").replace("\xa0", " ").replace("\x00", "")
    for line in _ATTRIBUTION.sub("", text).split("\n"):
        if _END.match(line.strip()) or line == "-- ":
            break
        if not _QUOTED.match(line):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()


def understand(text):
    r"""Return ``(meaning of the first line, the other lines)``.

    :return: the meaning is YES, NO, TAKE, or None for a person to read

    >>> understand("Ja, gerne!"), understand("2"), understand("Sì.\nBis dann")
    (('yes', ''), ('no', ''), ('yes', 'Bis dann'))
    >>> understand("Yes, but only tomorrow")
    (None, '')
    >>> understand(""), understand("1 oder 2?"), understand("TAKE")
    ((None, ''), (None, ''), ('take', ''))
    """
    first, _break, rest = text.strip().partition("\n")
    bare = re.sub(r"[^\w\s]+", " ", _POLITE.sub(" ", first.casefold()))
    return _MEANING.get(" ".join(bare.split())), rest.strip()
