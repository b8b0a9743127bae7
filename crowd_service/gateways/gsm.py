"""How long an SMS is. Nothing here knows Odoo."""

import re
import unicodedata

#: What the alphabet of SMS knows (GSM 03.38); those of EXTENDED take two places.
ALPHABET = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("^{}\\[~]|€\f")
_PLAIN = {
    "–": "-",
    "—": "-",
    "…": "...",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "’": "'",
    "‘": "'",
    "·": "-",
    "\u00a0": " ",
    "\u202f": " ",
    "œ": "oe",
    "ç": "c",
}


def plain(text):
    """Return ``text`` in the alphabet of SMS where that changes little.

    A single letter outside of it would more than halve what fits into an SMS. Other
    scripts stay as they are.

    >>> plain("Ça va… – où est l’œuvre?")
    "Ça va... - où est l'oeuvre?"
    >>> plain("Привет")
    'Привет'
    """
    return "".join(_plain_letter(letter) for letter in text)


def _plain_letter(letter):
    if letter in ALPHABET or letter in EXTENDED:
        return letter
    if letter in _PLAIN:
        return _PLAIN[letter]
    bare = unicodedata.normalize("NFKD", letter)
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return bare if bare and set(bare) <= ALPHABET else letter


def segments(text):
    """Return how many SMS a provider makes of ``text``, and bills.

    >>> segments("a" * 160), segments("a" * 161), segments("€" * 80), segments("€" * 81)
    (1, 2, 1, 2)
    >>> segments("Ж" * 70), segments("Ж" * 71), segments("😀" * 35), segments("😀" * 36)
    (1, 2, 1, 2)
    """
    letters = set(text)
    if letters <= ALPHABET | EXTENDED:
        size = len(text) + sum(1 for letter in text if letter in EXTENDED)
        single, part = 160, 153
    else:
        size = len(text.encode("utf-16-be", errors="replace")) // 2
        single, part = 70, 67
    return 1 if size <= single else -(-size // part)


def fit(make, free, most=2):
    """Return ``make(free)`` with as much of ``free`` as fits into ``most`` SMS.

    >>> fit("Job: {}. Reply 1.".format, "short")
    'Job: short. Reply 1.'
    >>> text = fit("Job: {}. Reply 1.".format, "word " * 100)
    >>> segments(text), text[-12:]
    (2, '... Reply 1.')
    """
    free = re.sub(r"\s+", " ", plain(free)).strip()
    text = plain(make(free))
    while free and segments(text) > most:
        free = free[: -max(1, len(free) // 10)]
        text = plain(make(free.rstrip(" .,") + ".." if free else ""))
    return text
