"""Who could do a job, and how well: pure Python, nothing here knows Odoo."""

from .reasons import REASONS

__all__ = ["REASONS"]
