"""The life of a membership: one worker in one community."""

from .transition import TransitionTable

MEMBERSHIP = TransitionTable(
    "membership",
    {
        "applied": ("verified", "active", "left"),
        "verified": ("active", "left"),
        "active": ("paused", "suspended", "left"),
        "paused": ("active", "suspended", "left"),
        "suspended": ("active", "left"),
        "left": ("applied",),
    },
)
