"""The plan of a year: which tickets come in, one after the other."""

from dataclasses import dataclass
from itertools import accumulate

from . import calendar
from .lots import draw
from .plot import Plot

#: What is sold in the campaign, and how much more it is asked for.
CAMPAIGN = {"wlan": 3.0, "mesh": 3.0, "tv_box": 2.0, "line": 2.0}


@dataclass(frozen=True)
class Props:
    """Ids of what is no person, by name."""

    gateways: dict
    stages: dict
    channels: dict


def plan(cast, props, numbers, year, count, seed=1, wave_size=5, words=None):
    """Yield ``count`` tickets of the year with all their rows, day by day.

    The same arguments give the same rows.

    :param words: ``{stars: [what customers say]}``
    """
    places = _Choice(cast.places, [place.weight for place in cast.places])
    services = {
        (company_id, is_campaign): _choose_services(cast, company_id, is_campaign)
        for company_id in cast.firms
        for is_campaign in (False, True)
    }
    for number, day in enumerate(year.spread(count)):
        lots = draw(seed, "ticket", number)
        place = places.draw(lots)
        key = place.company_id, year.is_campaign(day)
        firm = cast.firms[place.company_id]
        start = calendar.to_utc(calendar.draw_time(lots, day), firm.zone)
        told = Plot(
            numbers,
            props,
            firm,
            place,
            services[key].draw(lots),
            start,
            lots=lots,
            cast=cast,
            year=year,
            wave_size=wave_size,
            words=words or {},
        ).run()
        if told.now < year.end:
            yield told


def _choose_services(cast, company_id, is_campaign):
    mine = [s for s in cast.services.values() if s.company_id == company_id]
    more = CAMPAIGN if is_campaign else {}
    return _Choice(mine, [s.weight * more.get(s.family, 1.0) for s in mine])


class _Choice:
    """One of several, by weight."""

    def __init__(self, what, weights):
        self.what, self.sums = what, list(accumulate(weights))

    def draw(self, lots):
        return lots.choices(self.what, cum_weights=self.sums)[0]
