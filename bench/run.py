"""One run: every measurement, in the same process, one after the other."""

from dataclasses import dataclass, field
from typing import Optional

from . import desk, kpis, live, machine, measure, offers, peers, timers
from .cells import CELLS, RADIUS_KM, tickets

PEER_CELLS = ("Berlin, common skill", "village, common skill")
GEO_SIZE = 100_000
RECALL_MOST = 100_000  # judging a million takes minutes for each ticket
LOOP_SIZES = (10_000, 100_000)
#: In an order that mixes them: the time may not suffice for all.
MIXED = CELLS[0::4] + CELLS[1::4] + CELLS[2::4] + CELLS[3::4]
IN_RANGE = """
SELECT count(DISTINCT worker_id) FROM crowd_worker_search
 WHERE qualification = 0
   AND 6371.0088 * 2 * asin(sqrt(sin(radians(lat - %(lat)s) / 2) ^ 2
       + cos(radians(lat)) * cos(radians(%(lat)s))
         * sin(radians(lon - %(lon)s) / 2) ^ 2)) <= %(km)s
"""


@dataclass
class Peer:
    """What a peer took for the tickets of a cell; ``ms`` of each."""

    name: str
    cell: str
    count: int
    ms: list


@dataclass
class Results:
    """All that was measured; ``cells`` by number of workers, then by name."""

    cells: dict = field(default_factory=dict)
    peers: list = field(default_factory=list)
    recall: dict = field(default_factory=dict)
    offers: tuple = ()
    in_range: int = 0
    screens: dict = field(default_factory=dict)
    on_server: Optional[live.Live] = None
    timers: list = field(default_factory=list)
    figures: Optional[kpis.Measured] = None


#: What needs a server and no crowd.
LIVE = {"waves", "races"}
#: What needs only a small crowd.
TIMERS = {"timers"}
#: What needs a year of tickets.
KPIS = {"kpis"}


def run(options, results):
    """Measure what the options ask for; ``results`` are filled step by step."""
    if options.only - LIVE - TIMERS - KPIS:
        _run_crowds(options, results)
    if options.only & TIMERS:
        machine.say("Sweeping deadlines")
        results.timers = timers.measure(machine.database(desk.FEW))
    if options.only & KPIS:
        results.figures = kpis.measure(options.year)
    if options.only & LIVE:
        results.on_server = live.measure(options.only & LIVE, options.races)


def _run_crowds(options, results):
    names = {count: machine.database(count) for count in options.sizes}
    if "screens" in options.only:
        machine.database(desk.FEW)
    if "peers" in options.only:
        peers.geo_database(GEO_SIZE)  # built now: nothing is built while the clock runs
    cells = [cell for cell in CELLS if options.cells.lower() in cell.name.lower()]
    for count, name in names.items():
        machine.say(f"Measuring among {count:,} workers")
        results.cells[count] = measure.measure(
            name, cells, options.repeats, options.tickets
        )
        if "recall" in options.only and count <= RECALL_MOST:
            machine.say("Judging everybody")
            mixed = [cell for cell in MIXED if cell in cells]
            seconds = options.recall_seconds
            results.recall[count] = measure.recall(name, mixed, seconds)
        machine.forget(name)
    largest = names[max(names)]
    results.in_range = _count_in_range(largest)
    if "peers" in options.only:
        for peer in _measure_peers():
            results.peers.append(peer)
    if "offers" in options.only:
        machine.say("Creating offers")
        results.offers = offers.measure(largest)
    if "screens" in options.only:
        results.screens = desk.measure(max(names))


def _count_in_range(name):
    with machine.environment(name) as env:
        place = tickets(env, CELLS[0])[0].fsm_location_id
        params = {
            "lat": place.partner_latitude,
            "lon": place.partner_longitude,
            "km": RADIUS_KM,
        }
        env.cr.execute(IN_RANGE, params)
        return env.cr.fetchone()[0]


def _measure_peers():
    cells = {cell.name: cell for cell in CELLS}
    for name in PEER_CELLS:
        machine.say(f"Peers: {name}")
        geo = peers.geo_database(GEO_SIZE)
        if geo:
            ms = peers.geo_partner(geo, cells[name], 10)
            yield Peer("search_geo_partner", name, GEO_SIZE, ms)
        for count in LOOP_SIZES:
            database = machine.database(count)
            ms = peers.geodesic_loop(database, cells[name], 3)
            yield Peer("geodesic loop", name, count, ms)
            machine.forget(database)
