"""Transition tables and clocks. Nothing in this package knows Odoo."""

from .dispatch import DISPATCH
from .escalation import ESCALATION
from .membership import MEMBERSHIP
from .offer import OFFER
from .transition import IllegalMove, TransitionTable

__all__ = [
    "DISPATCH",
    "ESCALATION",
    "MEMBERSHIP",
    "OFFER",
    "IllegalMove",
    "TransitionTable",
]
