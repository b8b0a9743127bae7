"""usage: format_xml.py [--fix] FILE...

Checks that XML files are well-formed, start with an XML declaration, end with one newline, have no tabs or trailing
blanks, and are indented by four spaces a level; --fix mends the form. Only the blanks in front of a tag, a comment or the
attributes of a tag are touched: text (Python code in a field, mail bodies) stays as it is.
"""

import re
import sys
from pathlib import Path

from lxml import etree

TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<!.*?>"
    r"|<(?:\"[^\"]*\"|'[^']*'|[^'\">])*>|[^<]+",
    re.DOTALL,
)
STEP = 4


def indent_tag(tag, depth):
    """The lines of a tag after its first: attributes one level in, a lone end under the start, quoted lines as they are."""
    lines = tag.split("\n")
    out, quote = [lines[0]], unclosed(lines[0], "")
    for line in lines[1:]:
        if quote:
            out.append(line.rstrip() if line.strip() else "")
        else:
            alone = line.strip() in (">", "/>", "?>")
            out.append(" " * STEP * (depth + (not alone)) + line.strip())
        quote = unclosed(line, quote)
    return "\n".join(out)


def unclosed(line, quote):
    for char in line:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
    return quote


def form(text):
    out, depth = [], 0
    for token in TOKEN.findall(text):
        if not token.startswith("<"):
            blank = not token.strip()
            lines = token.split("\n")
            lines[:-1] = [line.rstrip() for line in lines[:-1]]
            token = "\n".join(lines)
            out.append(re.sub(r"\n{3,}", "\n\n", token) if blank else token)
            continue
        depth -= token.startswith("</")
        starts_line = out and re.search(r"\n[ \t]*\Z", out[-1])
        if starts_line:
            out[-1] = out[-1].rstrip(" \t") + " " * STEP * depth
        if not token.startswith(("<!", "<?")):
            out.append(indent_tag(token, depth))
            depth += not token.startswith("</") and not token.endswith("/>")
        else:
            out.append(token)
    body = "".join(out).strip() + "\n"
    if not body.startswith("<?xml"):
        body = '<?xml version="1.0" encoding="utf-8" ?>\n' + body
    return body


def main(*args):
    fix, bad = "--fix" in args, 0
    for path in (Path(arg) for arg in args if arg != "--fix"):
        text = path.read_text()
        try:
            etree.fromstring(text.encode())
        except etree.XMLSyntaxError as error:
            bad += 1
            print(f"{path}: {error}")
            continue
        new = form(text)
        if new == text:
            continue
        if fix:
            path.write_text(new)
            continue
        bad += 1
        pairs = zip(text.split("\n"), new.split("\n"))
        line = next((n for n, (a, b) in enumerate(pairs, 1) if a != b), "end")
        print(f"{path}:{line}: not in form (make format)")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main(*sys.argv[1:])
