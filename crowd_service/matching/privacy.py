"""Finding what strangers must not read in a text: contacts, names, streets."""

import re
import unicodedata

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}\s?@\s?[\w-]+(?:\.[\w-]+)+")
#: Digits with what people put between them.
NUMBER = re.compile(r"(?<![\w.])(?:\+|\(\s?\+?)?\d(?:[ ()/.\-]{0,3}\d){5,}(?!\w)")
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
DATE = re.compile(
    rf"(?<!\d)(?<!\d[./-])(?:\d{{4}}-{_MONTH}-{_DAY}"
    rf"|{_DAY}[./-]{_MONTH}[./-](?:\d{{4}}|\d{{2}}))(?![./-]?\d)"
)
IP_ADDRESS = re.compile(rf"(?<![\d.]){_OCTET}(?:\.{_OCTET}){{3}}(?![\d.])")
MIN_DIGITS = 7
HOUSE_NUMBER = re.compile(r"[\s,]+\d+\s?\w?$|^\d+\s?\w?[\s,]+")
MIN_NAME, MIN_STREET = 3, 5


def find_emails(text):
    """Return the e-mail addresses in ``text``.

    >>> find_emails("write to jo@example.com or Jo")
    ['jo@example.com']
    """
    return [match.group() for match in EMAIL.finditer(_plain(text))]


def find_phones(text):
    """Return what looks like phone numbers in ``text``, in any script's digits.

    Dates, IP addresses and short numbers are none.

    >>> find_phones("call 031 555 12 34 before 2026-05-01, router 192.168.178.1")
    ['031 555 12 34']
    """
    return [match.group().strip() for match in _phones(_plain(text))]


def find_names(text, names):
    """Return those of ``names`` that occur in ``text``, as whole words.

    A part of a longer name that was found is not told again: give the longest first.

    >>> find_names("Mrs. ANNA MEIER waits", ["Anna Meier", "Meier", "Ei"])
    ['Anna Meier']
    """
    plain, found = _fold(text), []
    for name in dict.fromkeys(names):
        if any(_has_word(longer, name) for longer in found):
            continue
        if len(name.strip()) >= MIN_NAME and _has_word(plain, name):
            found.append(name)
    return found


def street_name(street):
    """Return ``street`` without its house number."""
    return HOUSE_NUMBER.sub("", street.strip())


def find_streets(text, streets):
    """Return those of ``streets`` whose name occurs in ``text``, without the number.

    >>> find_streets("it is in long lane", ["Long Lane 5", "5 High Road"])
    ['Long Lane']
    """
    names = (street_name(street) for street in streets)
    return find_names(text, [name for name in names if len(name) >= MIN_STREET])


def redact(text, names=()):
    """Return ``text`` without contacts and ``names``, single-spaced.

    >>> redact("TV of Jo Muster, tel. +41 31 555 12 34", ["Jo Muster"])
    'TV of …, tel. …'
    """
    text = EMAIL.sub("…", _plain(text))
    for match in reversed(list(_phones(text))):
        text = text[: match.start()] + "…" + text[match.end() :]
    for name in find_names(text, names):
        text = re.sub(_word_pattern(_squeeze(name)), "…", text, flags=re.IGNORECASE)
    return _squeeze(text)


def _phones(plain):
    """Return the matches of phone numbers; dates and IP addresses are hidden first."""
    for pattern in (DATE, IP_ADDRESS):
        plain = pattern.sub(lambda match: "x" * len(match.group()), plain)
    return [
        match
        for match in NUMBER.finditer(plain)
        if sum(char.isdigit() for char in match.group()) >= MIN_DIGITS
    ]


def _has_word(text, word):
    return re.search(_word_pattern(_fold(word)), _fold(text))


def _word_pattern(word):
    return rf"(?<!\w){re.escape(word)}(?!\w)"


def _plain(text):
    """Return ``text`` with ordinary digits, and without invisible characters."""
    text = unicodedata.normalize("NFKC", text or "")
    return "".join(
        str(unicodedata.digit(char)) if char.isdigit() else char
        for char in text
        if unicodedata.category(char) != "Cf"
    )


def _squeeze(text):
    return " ".join(text.split())


def _fold(text):
    return _squeeze(_plain(text)).casefold()
