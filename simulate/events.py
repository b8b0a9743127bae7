"""What happens next: the queue of a simulation. Plain Python, no Odoo."""

import heapq
from collections import namedtuple

#: ``act`` is called with ``args`` at ``at``; ``key`` is the identity of a job, or None.
Event = namedtuple("Event", "at number key act args")


class Queue:
    """Events in the order of their instants, those of one instant as they came."""

    def __init__(self):
        self._heap, self._keys, self._count = [], set(), 0

    def __len__(self):
        return len(self._heap)

    def push(self, at, act, *args, key=None):
        """Add an event; one with the ``key`` of an event that waits is left out."""
        if key and key in self._keys:
            return
        if key:
            self._keys.add(key)
        self._count += 1
        heapq.heappush(self._heap, Event(at, self._count, key, act, args))

    def pop(self):
        """Return the next event."""
        event = heapq.heappop(self._heap)
        self._keys.discard(event.key)
        return event
