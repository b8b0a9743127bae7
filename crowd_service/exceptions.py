"""Errors that callers may want to tell apart."""

from odoo.exceptions import UserError


class IllegalTransition(UserError):
    """A record was asked to make a move that its transition table does not have."""


class NobodyResponsible(UserError):
    """No active internal user could be found to answer for a ticket."""
