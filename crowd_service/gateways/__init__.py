"""The ways out to people: one adapter per kind of ``crowd.gateway``."""

from . import activity, mail, phone, push, sms, webhook
from .backoff import retry_seconds
from .base import (
    Adapter,
    AmbiguousError,
    GatewayError,
    PermanentError,
    TemporaryError,
    carries,
    get_adapter,
)

__all__ = [
    "Adapter",
    "AmbiguousError",
    "GatewayError",
    "PermanentError",
    "TemporaryError",
    "activity",
    "carries",
    "get_adapter",
    "mail",
    "phone",
    "push",
    "retry_seconds",
    "sms",
    "webhook",
]
