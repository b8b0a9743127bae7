"""What a chapter says, kept until it is its turn, and tables."""

import re


class Paper:
    """The lines of one chapter."""

    def __init__(self):
        self.lines = []

    def say(self, text=""):
        self.lines.append(text)

    def head(self, text):
        self.say(f"\n{text}\n{'-' * len(text)}")

    def table(self, names, rows):
        rows = [[str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(names, *rows)]
        for row in [names, ["-" * width for width in widths], *rows]:
            cells = [
                cell.rjust(width) if is_number(cell) else cell.ljust(width)
                for cell, width in zip(row, widths)
            ]
            self.say("  " + "  ".join(cells).rstrip())

    def __str__(self):
        return "\n".join(self.lines)


def is_number(text):
    return bool(re.fullmatch(r"[\d.]+", text))
