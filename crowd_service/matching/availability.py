"""When somebody has time: working hours, absences, jobs, and the switch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """What is known of somebody's time; nothing known: always available."""


def obstacle(request, worker):
    """Return the ``(code, data)`` of what keeps ``worker`` from the work, or None."""
    return None
