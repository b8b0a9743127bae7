"""The life of an escalation: a hand-over to internal people."""

from .transition import TransitionTable

ESCALATION = TransitionTable(
    "escalation",
    {
        "open": ("acknowledged", "taken", "closed"),
        "acknowledged": ("taken", "closed"),
        "taken": (),
        "closed": (),
    },
)
