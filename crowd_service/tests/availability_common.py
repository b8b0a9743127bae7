"""What the tests of availability share."""

from datetime import timedelta

from .matcher_common import NOON, MatcherCase

HOUR = timedelta(hours=1)
WEEKDAYS, EVERY_DAY = range(5), range(7)
OFFICE = [(8, 12), (13, 17)]


class AvailabilityCase(MatcherCase):
    """Wednesday noon (13:00 in Zurich), a friend and a technician."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.office = cls._create_calendar("Office", WEEKDAYS, OFFICE)
        cls.spare_time = cls._create_calendar("Spare time", EVERY_DAY, [(18, 22)])
        cls.friend = cls._create_worker("Anna")
        cls.own_technician = cls._create_worker(
            "Toni", "technician", groups="crowd_service.group_crowd_technician"
        )

    @classmethod
    def _create_calendar(cls, name, days, hours, **values):
        lines = [
            {"name": name, "dayofweek": str(day), "hour_from": start, "hour_to": end}
            for day in days
            for start, end in hours
        ]
        values = dict({"tz": "Europe/Zurich", "company_id": False}, **values)
        return cls.env["resource.calendar"].create(
            dict(values, name=name, attendance_ids=[(0, 0, line) for line in lines])
        )

    @classmethod
    def _create_absence(cls, worker, start, end):
        return cls.env["crowd.absence"].create(
            {"worker_id": worker.id, "date_from": start, "date_to": end}
        )

    def setUp(self):
        super().setUp()
        clock = self.at(NOON)
        clock.__enter__()  # pylint: disable=unnecessary-dunder-call
        self.addCleanup(clock.__exit__, None, None, None)

    def _wish(self, start, end, **values):
        """Return a ticket for which a time is wished."""
        return self._create_ticket(
            crowd_when="window", crowd_wished_from=start, crowd_wished_to=end, **values
        )

    def _codes(self, worker, moment=NOON, ticket=None):
        with self.at(moment):
            return self._reasons(worker, ticket)

    def _read_schedules(self, workers):
        """Return the :class:`matching.Schedule` of each worker."""
        ask = self.matcher._read_ask(self.ticket)
        verdicts = self.matcher._weigh_workers(ask, workers.ids)
        return [verdict.worker.schedule for verdict in verdicts]

    def assertFits(self, worker, ticket=None):
        self.assertEqual(self._reasons(worker, ticket), [])
        self.assertIn(worker.id, self._ranked(ticket))

    def assertObstacle(self, worker, code, words="", ticket=None):
        self.assertReason(worker, code, ticket)
        sentence = self.matcher._why_not(ticket or self.ticket, worker)
        self.assertIn(words, sentence.replace("\u202f", " "))
