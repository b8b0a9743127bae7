"""Why a worker is no candidate: codes (data) and their plain names.

The order is the order of judging: who fails several rules is counted under the first.
"""

REASONS = [
    ("archived", "The worker is archived"),
    ("type", "Not the kind of worker the service wants"),
    ("community", "Community does not do this service"),
    ("membership", "Not an active member"),
    ("own_ticket", "Own ticket"),
    ("blocked", "Not wanted by this customer"),
    ("unreachable", "No e-mail address and no login"),
    ("gave_back", "Gave this job back before"),
    ("asked", "Already asked in this round"),
    ("skill", "A skill is missing"),
    ("expired", "A certificate has expired"),
    ("level", "A skill level is too low"),
    ("language", "Does not speak the language"),
    ("territory", "Works in other territories"),
    ("unlocated", "Position unknown"),
    ("radius", "Too far away"),
    ("own_radius", "Beyond the own radius"),
    ("away", "Switched off"),
    ("absent", "Away at that time"),
    ("calendar", "Outside the working hours"),
    ("appointment", "Another job at that time"),
    ("capacity", "As many jobs open as allowed"),
    ("daily_cap", "Enough jobs for today"),
]

CODES = tuple(code for code, _label in REASONS)

#: What somebody can do something about: train, renew, locate, raise a cap, activate.
CURABLE = frozenset(
    (
        "membership",
        "skill",
        "expired",
        "level",
        "language",
        "territory",
        "unlocated",
        "radius",
        "own_radius",
        "away",
        "absent",
        "calendar",
        "appointment",
        "capacity",
        "daily_cap",
    )
)
