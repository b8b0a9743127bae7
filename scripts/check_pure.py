"""Fails when a pure package of the addon (kpi, matching, workflow) imports Odoo, or anything of the addon that is not pure."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDON = ROOT / "crowd_service"
PURE = {"kpi", "matching", "workflow", "year"}
IMPURE = {"odoo", "psycopg2", "requests", "werkzeug", "socket", "urllib", "smtplib"}


def imports(path):
    """The line and the dotted name, from the addon's folder down for relative ones, of every import of a file."""
    inside = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.split(".")
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module.split(".")
        elif isinstance(node, ast.ImportFrom):
            base = list(inside[: len(inside) - node.level + 1])
            module = node.module.split(".") if node.module else []
            for alias in node.names:
                yield node.lineno, base + (module or [alias.name])


def main():
    bad = 0
    for package in sorted(PURE):
        for path in sorted((ADDON / package).rglob("*.py")):
            for line, name in imports(path):
                outside = name[0] == ADDON.name and not PURE.intersection(name[1:2])
                if name[0] in IMPURE or outside:
                    bad += 1
                    print(f"{path.relative_to(ROOT)}:{line}: imports {'.'.join(name)}")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
