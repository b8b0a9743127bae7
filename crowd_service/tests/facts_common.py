"""Stories of dispatches at given moments, and the rows that reports make of them."""

from datetime import datetime, timedelta

from .common import CrowdCase

START = datetime(2026, 3, 4, 11)  # a Wednesday, 12:00 in Zurich

MOMENTS = (
    "minutes_to_offer",
    "minutes_to_accept",
    "minutes_to_arrive",
    "minutes_to_done",
)


class FactsCase(CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_a.resource_calendar_id.tz = "Europe/Zurich"
        cls.company_b.resource_calendar_id.tz = "America/New_York"
        capacity = {"capacity": 50}
        cls.anna = cls._create_worker("Anna", km=2, membership=capacity)
        cls.beat = cls._create_worker("Beat", km=4, membership=capacity)
        cls.tina = cls._create_worker("Tina", "technician", km=6, membership=capacity)
        cls.territory = cls.env["res.territory"].create({"name": "Facts"})
        cls.location.territory_id = cls.territory

    def _dispatch(self, start=START, workers=None, minutes=120):
        """Return a dispatch that began at ``start`` and asks ``workers`` at once.

        :param workers: by default Anna and Beat; an empty recordset: nobody is asked
        """
        workers = self.anna | self.beat if workers is None else workers
        with self.at(start):
            ticket = self._create_ticket()
            dispatch = ticket._crowd_open_dispatch()
            if workers:
                dispatch._offer_to_workers(workers.ids, minutes)
        return dispatch

    def _offer(self, dispatch, worker):
        return dispatch.offer_ids.filtered(lambda o: o.worker_id == worker)[:1]

    def _accept(self, dispatch, worker, minutes, start=START):
        """``worker`` accepts so many minutes after ``start``."""
        with self.at(start + timedelta(minutes=minutes)):
            answer = self._offer(dispatch, worker)._accept("mail")
        self.assertEqual(answer["result"], "accepted", answer)
        return self._offer(dispatch, worker)

    def _row(self, record, model=None):
        """Return the row of the report about ``record``, freshly read."""
        model = model or record._name.replace("crowd.", "crowd.report.")
        self.env["base"].flush()
        rows = self.env[model].browse(record.id)
        rows.invalidate_cache()
        return rows

    def _value(self, record, name):
        """Return a figure of ``record`` as reports count it: None, not 0, for none."""
        model = self.env[record._name.replace("crowd.", "crowd.report.")]
        group = model.read_group([("id", "=", record.id)], [name], [], lazy=False)
        return group[0][name]

    def _values(self, record, *names):
        return [self._value(record, name) for name in names]
