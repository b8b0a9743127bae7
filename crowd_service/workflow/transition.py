"""A state machine that is only a table, so that it can be read, drawn and tested."""


class IllegalMove(ValueError):
    """The table has no move from ``source`` to ``target``."""

    def __init__(self, name, source, target):
        super().__init__("{}: {} -> {}".format(name, source, target))
        self.name, self.source, self.target = name, source, target


class TransitionTable:
    """The legal moves of one kind of record.

    :param name: what the record is called, for messages
    :param moves: ``{state: (next states)}``; a state without next states is final

    >>> table = TransitionTable("door", {"open": ("shut",), "shut": ()})
    >>> table.allows("open", "shut"), table.allows("shut", "open")
    (True, False)
    >>> table.final
    ('shut',)
    """

    def __init__(self, name, moves):
        self.name = name
        self.moves = {state: tuple(targets) for state, targets in moves.items()}
        self._check_targets()

    def _check_targets(self):
        unknown = {t for targets in self.moves.values() for t in targets} - set(
            self.moves
        )
        if unknown:
            raise ValueError("{}: unknown states {}".format(self.name, sorted(unknown)))

    @property
    def states(self):
        """All states, in the order of the table."""
        return tuple(self.moves)

    @property
    def final(self):
        """The states that nothing leaves."""
        return tuple(s for s, targets in self.moves.items() if not targets)

    @property
    def open(self):
        """The states that something leaves."""
        return tuple(s for s, targets in self.moves.items() if targets)

    def allows(self, source, target):
        """Tell whether ``source -> target`` is in the table."""
        return target in self.moves[source]

    def check(self, source, target):
        """Raise :class:`IllegalMove` unless ``source -> target`` is in the table."""
        if not self.allows(source, target):
            raise IllegalMove(self.name, source, target)

    def is_path(self, states):
        """Tell whether ``states`` (a sequence) could have been lived through."""
        states = list(states)
        return all(s in self.moves for s in states) and all(
            self.allows(a, b) for a, b in zip(states, states[1:])
        )

    def mermaid(self):
        """Return the table as a Mermaid state diagram, for the docs."""
        lines = ["stateDiagram-v2"]
        for source, targets in self.moves.items():
            lines += ["    {} --> {}".format(source, t) for t in targets]
            if not targets:
                lines.append("    {} --> [*]".format(source))
        return "\n".join(lines)
