"""usage: merge_pot.py NEW_POT [--check]

Puts a fresh export of the texts in the place of i18n/crowd_service.pot and merges it into the .po files. Dates are left
out, so a text that stays makes no change. --check fails when the texts differ from the committed template.
"""

import sys
from pathlib import Path

import polib

FOLDER = Path(__file__).resolve().parent.parent / "crowd_service" / "i18n"
POT = FOLDER / "crowd_service.pot"
DATES = ("POT-Creation-Date", "PO-Revision-Date")


def read(path):
    file = polib.pofile(str(path), wrapwidth=78)
    for date in DATES:
        file.metadata.pop(date, None)
    return file


def texts(path):
    return {entry.msgid for entry in read(path)} if path.exists() else set()


def check(new):
    there, wanted = texts(POT), texts(new)
    for sign, entries in (("+", wanted - there), ("-", there - wanted)):
        for entry in sorted(entries):
            print(f"{sign} {entry!r}")
    if there != wanted:
        sys.exit("i18n/crowd_service.pot is not up to date: make pot")


def merge(new):
    template = read(new)
    FOLDER.mkdir(exist_ok=True)
    template.save(str(POT))
    for path in sorted(FOLDER.glob("*.po")):
        file = read(path)
        file.merge(template)
        for entry in file.obsolete_entries():
            file.remove(entry)
        file.save(str(path))
        print(f"{path.name}: {file.percent_translated()} % translated")


if __name__ == "__main__":
    (check if "--check" in sys.argv else merge)(Path(sys.argv[1]))
