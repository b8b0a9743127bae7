"""The cells that are measured: what there is to do, where, for whom."""

from dataclasses import dataclass
from datetime import datetime

#: "Now" in every crowd, so that a kept database does not age. A Wednesday, 11:00 in Berlin.
NOW = datetime(2026, 3, 4, 10, 0)
RADIUS_KM = 30
#: Share of the workers who have a skill.
SKILLS = {
    "common": 0.4,
    "television": 0.3,
    "computers": 0.25,
    "phones": 0.2,
    "medium": 0.05,
    "rare": 0.001,
    "unique": 0.0001,
}
LEVELS = (25, 50, 75, 100)
LANGUAGES = {"de_DE": 0.97, "fr_FR": 0.08}
#: ``{service: ({skill: least level}, place, who does it)}``
SERVICES = {
    "common": ({"common": 50}, "on_site", "all"),
    "anything": ({}, "on_site", "all"),
    "rare": ({"rare": 0}, "on_site", "all"),
    "unique": ({"unique": 0}, "on_site", "all"),
    "two": ({"common": 50, "medium": 25}, "on_site", "all"),
    "special": ({"common": 50}, "on_site", "specialists"),
    "remote": ({"common": 50}, "remote", "all"),
    "remote rare": ({"rare": 0}, "remote", "all"),
}
COMMUNITIES = ("Technicians", "Specialists", "Professionals", "Neighbours")
CUSTOMERS_PER_COMPANY = 20
TITLES = (
    "No internet in the living room",
    "Television shows a black picture",
    "Printer does not print any more",
    "Move the router to another room",
    "Laptop is slow after an update",
    "Telephone without a dial tone",
    "Set up a new tablet",
    "Wireless signal weak upstairs",
    "Streaming stops every evening",
    "Data from the old computer to the new one",
)


@dataclass(frozen=True)
class Cell:
    """A kind of ticket. ``place`` is berlin, village, fiji (across the antimeridian), pole or "" (remote).

    What is not ``timed`` is for the comparison with brute force only.
    """

    name: str
    service: str
    place: str
    company: int = 0
    language: str = ""
    timed: bool = True


CELLS = (
    Cell("Berlin, common skill", "common", "berlin"),
    Cell("Berlin, rare skill", "rare", "berlin"),
    Cell("Berlin, one in 10,000", "unique", "berlin"),
    Cell("Berlin, no skill needed", "anything", "berlin"),
    Cell("Berlin, two skills", "two", "berlin"),
    Cell("Berlin, community of 5 %", "special", "berlin"),
    Cell("Berlin, second company", "common", "berlin", company=1),
    Cell("Berlin, language of 8 %", "common", "berlin", language="fr_FR"),
    Cell("village, common skill", "common", "village"),
    Cell("village, rare skill", "rare", "village"),
    Cell("village, one in 10,000", "unique", "village"),
    Cell("remote, common skill", "remote", ""),
    Cell("remote, rare skill", "remote rare", ""),
    Cell("across 180 degrees", "common", "fiji", timed=False),
    Cell("around the pole", "anything", "pole", timed=False),
)
TICKETS_PER_CELL = 20


def tickets(env, cell):
    """Return the tickets of a cell."""
    return env["helpdesk.ticket"].search(
        [("number", "=like", f"BENCH-{CELLS.index(cell):02}-%")], order="number"
    )
