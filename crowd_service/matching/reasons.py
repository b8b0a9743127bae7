"""Why a worker is no candidate: codes (data) and their plain names."""

REASONS = [
    ("type", "Not the kind of worker the service wants"),
    ("community", "His community does not do this service"),
    ("membership", "Not an active member"),
    ("own_ticket", "It is his own ticket"),
    ("unreachable", "No e-mail address and no login"),
    ("asked", "Already asked in this round"),
    ("gave_back", "Gave this job back before"),
    ("skill", "A skill is missing"),
    ("level", "A skill level is too low"),
    ("unlocated", "His position is unknown"),
    ("radius", "Too far away"),
    ("own_radius", "Farther than he travels"),
    ("capacity", "All his jobs are open"),
    ("daily_cap", "Enough jobs for today"),
]
