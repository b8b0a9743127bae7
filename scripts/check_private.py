"""usage: check_private.py FILE...   fails when a file names a package registry's host or a path of one machine"""

import re
import sys
from pathlib import Path

# the brackets keep this file from finding itself
WORDS = re.compile(
    r"[\w.-]+\.(?:debian|pypi|npmjs|pythonhosted)\.[a-z]+"
    r"|//(?:[p]ypi|npmjs|pythonhosted|registry)\."
    r"|(?<![\w.$}])/(?:[w]ork|[r]oot)/|(?<![\w.$}])/[t]mp/[A-Za-z0-9]|/[h]ome/[a-z]+/",
    re.IGNORECASE,
)


def main(*files):
    bad = 0
    for name in files:
        try:
            text = Path(name).read_text()
        except (UnicodeDecodeError, OSError):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found = WORDS.search(line)
            if found:
                bad += 1
                print(f"{name}:{number}: {found.group()}")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main(*sys.argv[1:])
