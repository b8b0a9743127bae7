"""The ways out to people: one adapter per kind of ``crowd.gateway``."""

from . import activity, mail
from .backoff import retry_seconds
from .base import Adapter, GatewayError, PermanentError, TemporaryError, get_adapter

__all__ = [
    "Adapter",
    "GatewayError",
    "PermanentError",
    "TemporaryError",
    "activity",
    "get_adapter",
    "mail",
    "retry_seconds",
]
