"""The life of a dispatch: the work of finding a worker for a ticket."""

from .transition import TransitionTable

DISPATCH = TransitionTable(
    "dispatch",
    {
        "draft": ("searching", "escalated", "paused", "cancelled"),
        "searching": ("offered", "assigned", "escalated", "paused", "cancelled"),
        "offered": ("assigned", "escalated", "searching", "paused", "cancelled"),
        "assigned": (
            "in_progress",
            "done",
            "unsolved",
            "searching",
            "escalated",
            "paused",
            "cancelled",
        ),
        "in_progress": (
            "done",
            "unsolved",
            "searching",
            "escalated",
            "paused",
            "cancelled",
        ),
        "escalated": ("assigned", "searching", "paused", "cancelled"),
        "paused": ("searching", "assigned", "in_progress", "escalated", "cancelled"),
        "done": (),
        "unsolved": (),
        "cancelled": (),
    },
)
