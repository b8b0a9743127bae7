"""The life of an offer: one worker asked once in one round of a dispatch."""

from .transition import TransitionTable

OFFER = TransitionTable(
    "offer",
    {
        "draft": ("sent", "withdrawn"),
        "sent": ("accepted", "declined", "expired", "lost", "withdrawn"),
        "accepted": (
            "completed",
            "backed_out",
            "no_show",
            "out_of_scope",
            "withdrawn",
        ),
        "declined": (),
        "expired": (),
        "lost": (),
        "withdrawn": (),
        "backed_out": (),
        "no_show": (),
        "out_of_scope": (),
        "completed": (),
    },
)
