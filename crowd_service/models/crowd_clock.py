import logging
import threading
from contextlib import contextmanager

from odoo import api, models

_logger = logging.getLogger(__name__)
_simulated = threading.local()

# the same for every worker process and machine; it moves on within a transaction
MOMENT = "date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC')"
NOW = f"SELECT {MOMENT}"


@contextmanager
def simulated_clock(moment):
    """Let ``crowd.clock`` tell ``moment`` (naive UTC datetime) in this thread.

    For tests, demo data and the simulator; never reachable from a request.
    """
    before = getattr(_simulated, "moment", None)
    _simulated.moment = moment
    try:
        yield
    finally:
        _simulated.moment = before


def is_simulated():
    """Tell whether this thread lives in a time of its own: nobody looks on."""
    return getattr(_simulated, "moment", None) is not None


class CrowdClock(models.AbstractModel):
    """The one place that tells the time."""

    _name = "crowd.clock"
    _description = "Crowd Clock"

    @api.model
    def now(self):
        """Return the database's present instant, a naive UTC datetime in seconds."""
        if is_simulated():
            return self._as_told(None)
        self.env.cr.execute(NOW)
        return self._as_told(self.env.cr.fetchone()[0])

    @api.model
    def _as_told(self, moment):
        """Return the present instant: what a statement told as :data:`MOMENT`, unless
        time is simulated."""
        simulated = getattr(_simulated, "moment", None)
        return simulated.replace(microsecond=0) if simulated else moment

    @api.model
    def _log_failure(self, model, record_id):
        """Say in the log which record could not be handled, with the traceback."""
        _logger.exception("%s,%s could not be handled; going on", model, record_id)
