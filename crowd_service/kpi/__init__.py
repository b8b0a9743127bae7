"""Key figures: what they are, and the arithmetic about them. No Odoo in here."""

from .definitions import AREAS, BY_CODE, FACTS, KPIS, of_fact
from .verdict import judge, trend
from .periods import PERIODS, Period, before, current, last_whole_month, slices

__all__ = [
    "AREAS",
    "BY_CODE",
    "FACTS",
    "KPIS",
    "PERIODS",
    "Period",
    "before",
    "current",
    "judge",
    "last_whole_month",
    "of_fact",
    "slices",
    "trend",
]
