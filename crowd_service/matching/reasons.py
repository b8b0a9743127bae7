"""Why a worker is no candidate: codes (data) and their plain names.

The order is the order of judging: who fails several rules is counted under the first.
"""

REASONS = [
    ("archived", "The worker is archived"),
    ("type", "Not the kind of worker the service wants"),
    ("community", "Community does not do this service"),
    ("membership", "Not an active member"),
    ("own_ticket", "Own ticket"),
    ("unreachable", "No e-mail address and no login"),
    ("gave_back", "Gave this job back before"),
    ("asked", "Already asked in this round"),
    ("skill", "A skill is missing"),
    ("level", "A skill level is too low"),
    ("unlocated", "Position unknown"),
    ("radius", "Too far away"),
    ("own_radius", "Beyond the own radius"),
    ("capacity", "As many jobs open as allowed"),
    ("daily_cap", "Enough jobs for today"),
]

CODES = tuple(code for code, _label in REASONS)

#: What somebody can do something about: train, locate, raise a cap, activate.
CURABLE = frozenset(
    (
        "membership",
        "skill",
        "level",
        "unlocated",
        "radius",
        "own_radius",
        "capacity",
        "daily_cap",
    )
)
