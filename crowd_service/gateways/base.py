"""What every way out has in common."""

from .backoff import LONGEST_SECONDS

_adapters = {}


class GatewayError(Exception):
    """A message was not handed over."""


class TemporaryError(GatewayError):
    """It may work later: try again.

    :param retry_after: seconds to wait at least, if the other side named any
    """

    def __init__(self, text, retry_after=0):
        super().__init__(text)
        self.retry_after = retry_after


class AmbiguousError(TemporaryError):
    """Nobody knows whether it was handed over: try again with the same key."""


class PermanentError(GatewayError):
    """It will never work: tell the desk."""


class Adapter:
    """One way out. Adapters keep nothing between two messages.

    A message is handed over in two steps, because what was written before a failure
    of the outside world must stay (the link in a mail that may have arrived), and what
    was written before a failure of the database must go.
    """

    kind = None
    purposes = None  # of messages that it carries; None: all
    not_for = ()  # purposes that it does not carry
    longest_wait = LONGEST_SECONDS  # between two attempts

    def prepare(self, delivery):
        """Return what :meth:`transmit` hands over; here the database may be used.

        :param delivery: a ``crowd.delivery``, as superuser, locked
        """
        raise NotImplementedError

    def transmit(self, delivery, message):
        """Hand over what :meth:`prepare` returned; nothing is written here.

        :return: what the other side calls it, for ``provider_ref``
        :raise GatewayError: when it was not handed over, or nobody knows
        """
        raise NotImplementedError


def register(adapter_class):
    """Class decorator: use this adapter for gateways of its kind."""
    _adapters[adapter_class.kind] = adapter_class
    return adapter_class


def get_adapter(kind):
    """Return an adapter for gateways of a ``kind``.

    :raise PermanentError: when nobody knows that kind
    """
    if kind not in _adapters:
        raise PermanentError("no adapter for gateways of kind “%s”" % kind)
    return _adapters[kind]()


def carries(kind, purpose):
    """Tell whether gateways of a ``kind`` carry messages of a ``purpose``."""
    adapter = _adapters.get(kind)
    if not adapter or purpose in adapter.not_for:
        return False
    return adapter.purposes is None or purpose in adapter.purposes
