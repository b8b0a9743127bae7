"""Fails when a translation of the addon is missing a language or a text, or has a fuzzy one. Before there is a
template (make pot), there is nothing to check."""

import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "crowd_service" / "i18n"
LANGUAGES = ("de", "es", "fr", "it")


def problems(template, language):
    path = FOLDER / f"{language}.po"
    if not path.exists():
        yield f"{path.relative_to(ROOT)}: missing"
        return
    texts = {entry.msgid: entry for entry in polib.pofile(str(path))}
    for entry in template:
        mine = texts.get(entry.msgid)
        if mine is None or mine.obsolete:
            yield f"{path.name}: not there: {entry.msgid!r}"
        elif not mine.msgstr or mine.fuzzy:
            yield f"{path.name}: not translated: {entry.msgid!r}"


def main():
    pot = FOLDER / "crowd_service.pot"
    if not pot.exists():
        print("no i18n/crowd_service.pot yet")
        return
    template = polib.pofile(str(pot))
    found = [p for language in LANGUAGES for p in problems(template, language)]
    print("\n".join(found))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
