"""The ladder: when which step of a policy is due. Plain arithmetic on instants.

All instants are naive UTC. Steps stand in the order in which they are climbed: offers
first, hand-overs to people inside after them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Callable, NamedTuple, Optional

#: An offer that stands for less than this cannot be answered: it is not sent.
LEAST_STAND = timedelta(minutes=1)

#: Why a rung is not where its step says, as codes.
TOO_LATE = "too_late"
PULLED = "pulled"


@dataclass(frozen=True)
class Step:
    """What a policy says: after so many minutes of a clock, offer or escalate.

    ``clock`` is "crowd" (always runs) or "desk" (the team's working hours). Offers go
    to ``quantity`` people, ``per_wave`` of them at a time (0: all at once) with
    ``pause_minutes`` between, and stand for ``offer_minutes``. ``keeps_offers`` is of
    escalations. ``key`` is the caller's.
    """

    kind: str
    after_minutes: int = 0
    clock: str = "crowd"
    quantity: int = 1
    per_wave: int = 0
    pause_minutes: int = 0
    offer_minutes: int = 30
    keeps_offers: bool = False
    key: Any = None


class Wave(NamedTuple):
    """So many people are asked at ``at``; they may answer up to ``until``."""

    at: datetime
    quantity: int
    until: datetime


@dataclass(frozen=True)
class Rung:
    """A step with its instant: ``due_at``, where the step alone said ``planned_at``.

    ``why`` is "" or the code of what came between, ``waves`` are those of an offer.
    """

    step: Step
    planned_at: datetime
    due_at: datetime
    why: str = ""
    waves: tuple[Wave, ...] = ()

    @property
    def is_skipped(self):
        """Tell whether nothing will be done."""
        return self.why == TOO_LATE


def plan(steps, start, point=None, desk: Optional[Callable] = None):
    """Return a :class:`Rung` for each of ``steps``.

    Nobody outside is asked once the ``point`` of no return has come: such steps are
    skipped, offers end at it at the latest, and the first hand-over is pulled forward
    to it, the later ones by as much. No step is due before the one above it.

    :param point: the point of no return, None: there is none
    :param desk: ``(start, minutes)`` to the instant by the desk's clock

    >>> start = datetime(2026, 3, 2, 14)
    >>> steps = [Step("offer", 0), Step("offer", 15), Step("escalate", 45)]
    >>> for rung in plan(steps, start, datetime(2026, 3, 2, 14, 10)):
    ...     print(rung.step.kind, rung.due_at.time(), rung.why or "-")
    offer 14:00:00 -
    offer 14:15:00 too_late
    escalate 14:10:00 pulled
    """
    planned = _planned(steps, start, desk)
    end = max(point, start) if point else None
    first = next((i for i, s in enumerate(steps) if s.kind == "escalate"), None)
    pulled = _pull(planned[first], end) if first is not None else timedelta(0)
    ends = [end] if end else []
    if first is not None and not steps[first].keeps_offers:
        ends.append(planned[first] - pulled)
    return [
        _offer(step, at, end, ends)
        if step.kind == "offer"
        else Rung(step, at, at - pulled, PULLED if pulled else "")
        for step, at in zip(steps, planned)
    ]


def _planned(steps, start, desk):
    """Return when each step is due by its own minutes, never before the one above."""
    instants, latest = [], start
    for step in steps:
        if step.clock == "desk" and desk:
            at = desk(start, step.after_minutes)
        else:
            at = start + timedelta(minutes=step.after_minutes)
        latest = max(latest, at)
        instants.append(latest)
    return instants


def _pull(at, end):
    """Return by how much something due ``at`` is brought forward to ``end``."""
    return max(at - end, timedelta(0)) if end else timedelta(0)


def _offer(step, at, end, ends):
    if end and end - at < LEAST_STAND:
        return Rung(step, at, at, TOO_LATE)
    return Rung(step, at, at, "", waves(step, at, ends))


def waves(step, at, ends=()):
    """Return the :class:`Wave` s of an offer step that begins at ``at``.

    :param ends: instants at which it is over whatever the step says

    >>> step = Step("offer", quantity=5, per_wave=2, pause_minutes=10)
    >>> [w.quantity for w in waves(step, datetime(2026, 3, 2, 14))]
    [2, 2, 1]
    """
    size = step.per_wave or step.quantity
    found, left = [], step.quantity
    while left > 0:
        until = min([at + timedelta(minutes=step.offer_minutes), *ends])
        if found and until - at < LEAST_STAND:
            break
        found.append(Wave(at, min(size, left), until))
        left -= size
        at += timedelta(minutes=step.pause_minutes)
    return tuple(found)
