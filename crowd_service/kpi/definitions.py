"""The key figures of docs/kpi.md, as data: one line each.

A figure is counted from the rows of one *fact*. ``population`` and ``odd`` are domains
over the model that shows these rows: what the figure is counted from, and which of
them one would look at first, because they are what should not be: of a share whose
direction is up those that miss it, of the others those that hit it.
"""

from collections import namedtuple

#: Where the rows of a fact are shown. ``day``, ``team``, ``service``, ``territory``:
#: fields (or paths) by which the dashboard cuts; "" where there is no such thing.
Fact = namedtuple("Fact", "model day team service territory")
#: ``how``: share, median, mean, sum, count, ratio or gini; ``field``: of which field of
#: the rows; "" of a share that ``odd`` tells
Kpi = namedtuple(
    "Kpi",
    "code area fact how unit direction target field population odd is_cost",
    defaults=(None, "", (), (), False),
)

UP, DOWN = "up", "down"
AREAS = "silence speed outcome voice jobs offers crowd cost gateways".split()
PLACES = ("team_id", "service_id", "territory_id")
FACTS = {
    "dispatch": Fact("crowd.report.dispatch", "day", *PLACES),
    "escalation": Fact("crowd.report.escalation", "day", *PLACES),
    "outcome": Fact("crowd.report.outcome", "day", *PLACES),
    "job": Fact("crowd.report.job", "day", *PLACES),
    "offer": Fact("crowd.report.offer", "day", *PLACES),
    "review": Fact(
        "crowd.review", "day", "team_id", "service_id", "dispatch_id.territory_id"
    ),
    "cost": Fact("crowd.report.cost", "day", *PLACES),
    "member": Fact("crowd.worker.month", "month", "", "", ""),
    "delivery": Fact("crowd.report.delivery", "day", *PLACES),
    "now": Fact("crowd.dispatch", "", *PLACES),
}

CURVE = ("within_1", "within_10", "within_60", "within_180")
CURVE_MINUTES = (1, 10, 60, 180)
CURVE_TARGETS = (40.0, 70.0, 90.0, 98.0)
ENDED = ("solved", "unsolved", "backed_out", "no_show", "out_of_scope")
CLOSED = (("outcome", "in", ("solved", "not_solved", "abandoned")),)
JOBS = (("result", "in", ENDED),)
CROWD_JOBS = JOBS + (("worker_type", "!=", "technician"),)
CLOSED_OFFERS = (("state", "not in", ("draft", "sent")),)
MEMBERS = (("worker_type", "!=", "technician"),)
PRESENT = MEMBERS + (("status", "!=", "churned"),)
CROWD_COST = (("lane", "=", "crowd"),)
COMPARED = CROWD_COST + (("is_compared", "=", True),)


def _known(field):
    return ((field, "!=", False),)


def _within(minutes, target):
    code = "within_%d" % minutes
    return Kpi(
        code,
        "speed",
        "dispatch",
        "share",
        "%",
        UP,
        target,
        code,
        _known(code),
        ((code, "=", 0),),
    )


def _minutes(code):
    return Kpi(
        code, "speed", "dispatch", "median", "min", DOWN, None, code, _known(code)
    )


def _outcome(code, direction, *odd):
    return Kpi(
        code,
        "outcome",
        "outcome",
        "share",
        "%",
        direction,
        None,
        "",
        CLOSED,
        (("outcome", "in", odd or (code,)),),
    )


def _job(code, result):
    return Kpi(
        code,
        "jobs",
        "job",
        "share",
        "%",
        DOWN,
        None,
        "",
        JOBS,
        (("result", "=", result),),
    )


def _offer(code, state):
    return Kpi(
        code,
        "offers",
        "offer",
        "share",
        "%",
        DOWN,
        None,
        "",
        CLOSED_OFFERS,
        (("state", "=", state),),
    )


def _member(code, direction, population, odd):
    return Kpi(
        code, "crowd", "member", "share", "%", direction, None, "", population, odd
    )


KPIS = (
    Kpi(
        "never_answered",
        "silence",
        "outcome",
        "count",
        "",
        DOWN,
        0.0,
        "",
        (("never_answered", "=", True),),
    ),
    Kpi(
        "at_risk",
        "silence",
        "now",
        "count",
        "",
        DOWN,
        0.0,
        "",
        (("is_at_risk", "=", True),),
    ),
    Kpi(
        "escalated",
        "silence",
        "dispatch",
        "share",
        "%",
        DOWN,
        None,
        "is_escalated",
        (),
        (("is_escalated", ">", 0),),
    ),
    Kpi(
        "acknowledged_in_time",
        "silence",
        "escalation",
        "share",
        "%",
        UP,
        None,
        "acknowledged_in_time",
        _known("acknowledged_in_time"),
        (("acknowledged_in_time", "=", 0),),
    ),
    *map(_within, CURVE_MINUTES, CURVE_TARGETS),
    *map(
        _minutes,
        "minutes_to_offer minutes_to_accept minutes_to_arrive minutes_to_done".split(),
    ),
    _outcome("solved", UP, "not_solved", "abandoned"),
    _outcome("not_solved", DOWN),
    _outcome("abandoned", DOWN),
    Kpi(
        "reopened",
        "outcome",
        "outcome",
        "share",
        "%",
        DOWN,
        None,
        "is_reopened",
        CLOSED,
        (("is_reopened", ">", 0),),
    ),
    Kpi(
        "stars",
        "voice",
        "review",
        "mean",
        "stars",
        UP,
        4.8,
        "stars_worker",
        (("stars_worker", ">", 0),),
    ),
    Kpi(
        "would_book_again",
        "voice",
        "review",
        "share",
        "%",
        UP,
        92.0,
        "",
        (("would_book_again", "in", ("yes", "no")),),
        (("would_book_again", "=", "no"),),
    ),
    Kpi(
        "first_time_fix",
        "jobs",
        "job",
        "share",
        "%",
        UP,
        None,
        "is_first_time_fix",
        JOBS,
        (("is_first_time_fix", "=", 0),),
    ),
    _job("backed_out", "backed_out"),
    _job("no_show", "no_show"),
    _job("out_of_scope", "out_of_scope"),
    Kpi(
        "distance_km",
        "jobs",
        "job",
        "mean",
        "km",
        DOWN,
        None,
        "distance_km",
        JOBS + _known("distance_km"),
    ),
    Kpi("evening_share", "jobs", "job", "share", "%", UP, None, "", CROWD_JOBS),
    Kpi("complement_share", "jobs", "job", "share", "%", UP, None, "", CROWD_JOBS),
    Kpi(
        "offers_per_accept",
        "offers",
        "offer",
        "ratio",
        "offers",
        DOWN,
        None,
        "is_accepted",
        CLOSED_OFFERS,
    ),
    _offer("declined", "declined"),
    _offer("ignored", "expired"),
    Kpi(
        "answer_minutes",
        "offers",
        "offer",
        "median",
        "min",
        DOWN,
        None,
        "minutes_to_answer",
        _known("minutes_to_answer"),
    ),
    _member("active", UP, PRESENT, (("is_active", "=", 0),)),
    _member("inactive", DOWN, PRESENT, (("status", "=", "inactive"),)),
    _member("churned", DOWN, MEMBERS, (("status", "=", "churned"),)),
    Kpi(
        "gini",
        "crowd",
        "member",
        "gini",
        "",
        DOWN,
        None,
        "job_count",
        MEMBERS + (("offer_count", ">", 0),),
    ),
    Kpi(
        "crowd_cost",
        "cost",
        "cost",
        "sum",
        "money",
        DOWN,
        None,
        "amount",
        CROWD_COST + _known("amount"),
        is_cost=True,
    ),
    Kpi(
        "own_cost",
        "cost",
        "cost",
        "sum",
        "money",
        DOWN,
        None,
        "own_amount",
        COMPARED,
        is_cost=True,
    ),
    Kpi(
        "saving",
        "cost",
        "cost",
        "sum",
        "money",
        UP,
        None,
        "saving",
        COMPARED,
        is_cost=True,
    ),
    Kpi(
        "reached",
        "gateways",
        "delivery",
        "share",
        "%",
        UP,
        None,
        "is_reached",
        (("state", "in", ("sent", "delivered", "read", "dead")),),
        (("state", "=", "dead"),),
    ),
    Kpi(
        "receipted",
        "gateways",
        "delivery",
        "share",
        "%",
        UP,
        None,
        "is_receipted",
        (("state", "in", ("sent", "delivered", "read")),),
    ),
)
BY_CODE = {kpi.code: kpi for kpi in KPIS}


def of_fact(codes):
    """Return ``{fact: [codes]}`` of these figures: each fact is read once."""
    facts = {}
    for code in codes:
        facts.setdefault(BY_CODE[code].fact, []).append(code)
    return facts
