"""How people behave. Plain numbers and lots, no Odoo.

Whoever decides draws from a :func:`lot` of his own: the same seed gives the same answer,
whatever else happens before.
"""

import random
from dataclasses import dataclass, fields
from math import exp

EXTERNALS = ("friend", "professional", "partner_staff")
DECLINE_REASONS = ("no_time", "no_time", "too_far", "skill", "price", "other")
BACK_OUT_REASONS = ("sick", "no_time", "transport", "other")
SCOPE_REASONS = ("special", "tools", "rights", "bigger")


@dataclass(frozen=True)
class Habits:
    """The parameters. Times are medians in minutes, shares are of 1."""

    notice_push: float = 1.5
    notice_sms: float = 2.5
    notice_mail: float = 12.0
    notice_activity: float = 8.0
    notice_phone: float = 10.0
    notice_spread: float = 1.3  # sigma of the logarithm
    slower_technician: float = 1.5  # times, out of his hours
    slower_night: float = 12.0  # times, between 23 and 7
    faster_evening: float = 0.6  # times, externals between 17 and 22
    never_reads: float = 0.12  # of the messages
    wants: float = 0.42  # of the offers, one with nothing against it
    wants_technician: float = 0.75
    half_km: float = 18.0  # at this distance half as many want it
    price_effect: float = 0.25  # more want it, of twice the usual price
    usual_price: float = 80.0
    load_effect: float = 0.55  # times, for each job that he has
    evening_effect: float = 1.25  # times, externals between 17 and 22
    declines: float = 0.5  # of those who do not want it; the others say nothing
    backs_out: float = 0.03  # of the jobs
    stays_away: float = 0.015
    beyond_scope: float = 0.03
    unsolved: float = 0.04
    says_coming: float = 0.9  # of those who come
    answers_still_coming: float = 0.8
    sleeps: float = 0.2  # technicians who do not react to an escalation
    sleeps_leader: float = 0.1
    takes_job: float = 0.7  # of the technicians who react
    back_to_crowd: float = 0.25  # of what the desk deals with
    names_technician: float = 0.3
    gateway_fails: float = 0.03  # of the attempts, for a while
    gateway_refuses: float = 0.005  # of the attempts, for good
    job_lost: float = (
        0.005  # of the queue's jobs: only a sweep finds what they were for
    )

    def lines(self):
        """Return ``[(name, value)]``, to be printed."""
        return [(f.name.replace("_", " "), getattr(self, f.name)) for f in fields(self)]


def lot(seed, *name):
    """Return a source of chance of its own for whatever has this ``name``.

    >>> lot(1, "offer", 7).random() == lot(1, "offer", 7).random()
    True
    """
    return random.Random("/".join(map(str, (seed, *name))))


def is_evening(hour):
    return 17 <= hour < 22


def notice_minutes(habits, chance, gateway, worker_type, hour):
    """Return after how many minutes somebody reads a message, or None: never.

    :param gateway: kind of ``crowd.gateway``
    :param worker_type: "" of people who are no workers
    :param hour: of his day, 0-23
    """
    if chance.random() < habits.never_reads and worker_type in EXTERNALS:
        return None
    median = getattr(habits, "notice_" + gateway, habits.notice_mail)
    if hour >= 23 or hour < 7:
        median *= habits.slower_night
    elif worker_type not in EXTERNALS and not 8 <= hour < 18:
        median *= habits.slower_technician
    elif worker_type in EXTERNALS and is_evening(hour):
        median *= habits.faster_evening
    return median * exp(chance.gauss(0, habits.notice_spread))


@dataclass(frozen=True)
class Asked:
    """What somebody looks at before he answers an offer."""

    worker_type: str
    distance_km: float = 0.0
    price: float = 0.0
    jobs: int = 0
    hour: int = 12


def likes(habits, asked):
    """Return how likely somebody wants the job, 0 to 1."""
    is_external = asked.worker_type in EXTERNALS
    share = habits.wants if is_external else habits.wants_technician
    share *= 0.5 ** (asked.distance_km / habits.half_km)
    share *= habits.load_effect**asked.jobs
    if is_external:
        more = (asked.price - habits.usual_price) / habits.usual_price
        share *= max(0.2, 1 + habits.price_effect * more)
        if is_evening(asked.hour):
            share *= habits.evening_effect
    return min(share, 1.0)


def answer(habits, chance, asked):
    """Return "accept", "decline" or "" (nothing is said)."""
    if chance.random() < likes(habits, asked):
        return "accept"
    return "decline" if chance.random() < habits.declines else ""


def outcome(habits, chance, is_external):
    """Return how a job ends.

    "solved", "unsolved", "back_out", "scope", or "stays_away". Technicians keep their
    jobs.
    """
    draw = chance.random()
    for name, share in (
        ("unsolved", habits.unsolved),
        ("back_out", habits.backs_out if is_external else 0),
        ("stays_away", habits.stays_away if is_external else 0),
        ("scope", habits.beyond_scope if is_external else 0),
    ):
        if draw < share:
            return name
        draw -= share
    return "solved"


def reaction(habits, chance, is_worker, is_last):
    """Return how somebody inside reacts to an escalation.

    "take" (the job), "acknowledge", or "" (he sleeps).

    :param is_last: nobody comes after him
    """
    sleeps = habits.sleeps if is_worker else habits.sleeps_leader
    if not is_last and chance.random() < sleeps:
        return ""
    if is_worker and chance.random() < habits.takes_job:
        return "take"
    return "acknowledge"


def remedy(habits, chance):
    """Return what the desk does about a ticket: "crowd", "technician", or "phone"."""
    draw = chance.random()
    if draw < habits.back_to_crowd:
        return "crowd"
    if draw < habits.back_to_crowd + habits.names_technician:
        return "technician"
    return "phone"
