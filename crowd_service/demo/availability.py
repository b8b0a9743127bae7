"""When the people of the demo data have time."""

from datetime import timedelta

from odoo import api, models

WEEKDAYS, WEEKEND = range(5), (5, 6)
#: Calendar: name and ``{days: hours}``; 23.99 is midnight.
CALENDARS = {
    "calendar_evenings": (
        "Evenings and weekends",
        ((WEEKDAYS, 17, 22), (WEEKEND, 9, 22)),
    ),
    "calendar_long_days": (
        "Monday to Saturday, long days",
        ((WEEKDAYS, 7, 19), ((5,), 8, 16)),
    ),
    "calendar_nights": (
        "Nights",
        ((range(7), 0, 6), (range(7), 22, 23.99)),
    ),
}
#: Calendar: who works by it. Whoever has a login is always there, for those who try.
WORK_BY = {
    "calendar_alpen": ["tech_%03d" % number for number in range(3, 10)],
    "calendar_heide": ["tech_%03d" % number for number in range(13, 20)],
    "calendar_evenings": ["friend_%03d" % number for number in range(4, 400, 10)],
    "calendar_long_days": ["pro_%03d" % number for number in range(3, 25, 3)],
    "calendar_nights": ["friend_033", "friend_133"],
}
#: Worker: position of the switch, and for how many hours from now.
SWITCHED = {
    "friend_012": ("available", 0),
    "friend_026": ("away", 20),
    "friend_030": ("away", 24 * 5),
    "friend_105": ("available", 10),
    "friend_106": ("away", 0),
}
#: Worker, first day from today, days, note.
ABSENCES = (
    ("friend_001", 20, 14, "Holidays"),
    ("friend_036", -2, 9, "Holidays"),
    ("friend_040", 3, 7, "Moving house"),
    ("friend_107", -1, 5, ""),
    ("pro_001", 10, 12, "Holidays"),
    ("tech_002", 12, 5, "Holidays"),
    ("tech_003", 0, 4, "Training: new set-top boxes"),
    ("tech_004", 14, 7, "Holidays"),
)


class CrowdDemo(models.AbstractModel):
    _inherit = "crowd.demo"

    @api.model
    def _load_availability(self):
        """Say who works when: after the history, in which everybody had time."""
        self._create_calendars()
        for calendar, names in WORK_BY.items():
            self._demo_workers(names).write({"calendar_id": self._id(calendar)})
        now = self.env["crowd.clock"].now()
        for name, (presence, hours) in SWITCHED.items():
            until = now + timedelta(hours=hours) if hours else False
            self._ref(name)._crowd_switch(presence, until)
        self._create_absences(now)

    @api.model
    def _demo_workers(self, names):
        ids = [self._id(name) for name in names]
        return self.env["fsm.person"].browse(ids)

    @api.model
    def _create_calendars(self):
        known = self._find_known(self.env["resource.calendar"])
        values = {
            name: {
                "name": label,
                "company_id": self._id("company_alpenfunk"),
                "tz": "Europe/Zurich",
                "attendance_ids": [
                    (0, 0, self._prepare_attendance(label, day, start, end))
                    for days, start, end in hours
                    for day in days
                ],
            }
            for name, (label, hours) in CALENDARS.items()
            if name not in known
        }
        records = self.env["resource.calendar"].create(list(values.values()))
        self._remember(dict(zip(values, records)))

    @api.model
    def _prepare_attendance(self, label, day, start, end):
        return {
            "name": label,
            "dayofweek": str(day),
            "hour_from": start,
            "hour_to": end,
        }

    @api.model
    def _create_absences(self, now):
        self.env["crowd.absence"].create(
            [
                {
                    "worker_id": self._id(name),
                    "date_from": self._read_start("%d 00:00" % -first, now),
                    "date_to": self._read_start("%d 00:00" % -(first + days), now),
                    "note": note,
                }
                for name, first, days, note in ABSENCES
            ]
        )
