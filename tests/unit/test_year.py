"""The demo's year: the same every time, legal histories, and stories that can be seen."""

import doctest
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from importlib import import_module
from itertools import groupby
from statistics import mean

import pytest

from crowd_service.workflow import DISPATCH, ESCALATION
from crowd_service.year import (
    TABLES,
    Cast,
    Firm,
    Member,
    Numbers,
    Place,
    Props,
    Service,
    User,
    Year,
    enrol,
    plan,
)
from crowd_service.year.calendar import is_desk_open, to_local, to_utc
from crowd_service.year.lots import draw

TODAY = date(2026, 4, 15)
ZONES = {1: "Europe/Zurich", 2: "America/New_York"}
SERVICES = (
    ("wlan", 60, 79.0, False, "both", 6),
    ("tv_box", 60, 69.0, False, "crowd", 4),
    ("remote", 30, 39.0, True, "both", 4),
    ("line", 90, 0.0, False, "experts", 1),
)
ENDED = ("completed", "backed_out", "no_show", "out_of_scope", "withdrawn")


def people(count=300):
    lots = draw("people")
    for number in range(1, count + 1):
        yield Member(
            membership_id=number,
            worker_id=1000 + number,
            partner_id=2000 + number,
            community_id=1,
            company_id=1 + number % 2,
            worker_type="technician" if number % 25 < 2 else "friend",
            state="active" if lots.random() < 0.9 else "left",
            lat=47 + lots.random() / 2,
            lon=8 + lots.random() / 2,
        )


def cast(year):
    users = [User(number, 3000 + number) for number in range(1, 6)]
    firms = {
        i: Firm(i, zone, i, i, tuple(users[:2]), users[2], users[3], (users[4],), {})
        for i, zone in ZONES.items()
    }
    services = {
        10 * company + n: Service(
            10 * company + n,
            company,
            family,
            family,
            minutes,
            price,
            48,
            is_remote,
            audience,
            weight,
            "",
            ((family,) * 3,),
        )
        for company in ZONES
        for n, (family, minutes, price, is_remote, audience, weight) in enumerate(
            SERVICES
        )
    }
    places = [
        Place(
            location_id=n,
            company_id=1 + n % 2,
            customer_id=4000 + n,
            name="Customer",
            email="customer@example.com",
            lat=47 + n / 80,
            lon=8 + n / 80,
            is_hard=n % 10 == 0,
            weight=3.0 if n % 10 == 0 else 1.0,
        )
        for n in range(40)
    ]
    members = enrol(list(people()), year, 1)
    skilled = {i: {m.membership_id for m in members} for i in services}
    return Cast(firms, services, places, members, skilled, {})


PROPS = Props(
    gateways={"mail": 1, "activity": 2, "push": 3},
    stages=dict.fromkeys(
        ("new", "done", "cancelled", "order_new", "order_done", "order_cancelled"), 1
    ),
    channels=dict.fromkeys(("web", "phone", "email"), 1),
)


def told(today=TODAY, count=2000):
    year = Year(today)
    return list(plan(cast(year), PROPS, Numbers(), year, count))


@pytest.fixture(scope="module")
def tales():
    return told()


def rows(tales, table):
    return [row for tale in tales for row in tale.rows[table]]


@pytest.mark.parametrize("name", ["calendar", "lots", "voice"])
def test_examples_in_the_documentation(name):
    module = import_module("crowd_service.year." + name)
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


def test_the_same_day_gives_the_same_year(tales):
    again = told()
    for table in TABLES:
        assert rows(again, table) == rows(tales, table)


def test_rows_of_a_table_have_the_same_columns(tales):
    for table in TABLES:
        columns = {tuple(sorted(row)) for row in rows(tales, table)}
        assert len(columns) == 1, table


def test_histories_are_legal_and_end_as_the_dispatch_says(tales):
    events = [e for e in rows(tales, "crowd_event") if e["kind"] == "state"]
    states = {d["id"]: d["state"] for d in rows(tales, "crowd_dispatch")}
    for dispatch_id, moves in groupby(events, lambda event: event["dispatch_id"]):
        path = [move["to_state"] for move in moves]
        assert DISPATCH.is_path(path) and path[-1] == states.pop(dispatch_id)
    assert not states


def test_everything_is_over_and_in_the_past(tales):
    midnight = datetime.combine(TODAY, datetime.min.time())
    for dispatch in rows(tales, "crowd_dispatch"):
        assert dispatch["state"] in DISPATCH.final and dispatch["closed_at"] < midnight
    for escalation in rows(tales, "crowd_escalation"):
        assert escalation["state"] in ESCALATION.final
    for offer in rows(tales, "crowd_offer"):
        assert offer["state"] not in ("draft", "sent", "accepted")
    for ticket in rows(tales, "helpdesk_ticket"):
        assert ticket["create_date"] <= ticket["closed_date"] < midnight
        assert ticket["crowd_outcome"] and ticket["crowd_closed_day"] < TODAY


def test_history_goes_forward(tales):
    for tale in tales:
        moments = [e["at"] for e in tale.rows["crowd_event"] if e["kind"] != "review"]
        assert moments == sorted(moments)


def test_one_winner_and_nobody_asked_twice(tales):
    winners, asked = Counter(), Counter()
    for offer in rows(tales, "crowd_offer"):
        winners[offer["dispatch_id"]] += offer["state"] == "completed"
        asked[offer["dispatch_id"], offer["worker_id"], offer["round"]] += 1
    assert max(winners.values()) == max(asked.values()) == 1


def test_only_members_of_that_day_and_company_are_asked(tales):
    members = {m.membership_id: m for m in enrol(list(people()), Year(TODAY), 1)}
    for offer in rows(tales, "crowd_offer"):
        member = members[offer["membership_id"]]
        assert member.company_id == offer["company_id"]
        if offer["origin"] == "match":
            assert member.is_with_us(offer["day"])


def test_days_are_local(tales):
    for table in ("crowd_offer", "crowd_escalation", "crowd_delivery"):
        moments = {"crowd_offer": "sent_at", "crowd_escalation": "opened_at"}
        name = moments.get(table, "queued_at")
        for row in rows(tales, table):
            zone = ZONES[row["company_id"]]
            assert row["day"] == to_local(row[name], zone).date()


def test_answers_are_consistent(tales):
    ratings = {rating["id"]: rating for rating in rows(tales, "rating_rating")}
    for review in rows(tales, "crowd_review"):
        is_answered = review["state"] == "answered"
        assert is_answered == bool(review["answered_at"]) == bool(review["day"])
        if is_answered:
            rating = ratings.pop(review["rating_id"])
            assert rating["rating"] == review["stars_worker"]
            assert rating["crowd_offer_id"] == review["offer_id"]
    assert not ratings


# ----------------------------------------------------------------------
# what a manager can see
# ----------------------------------------------------------------------


def minutes(tales, keep=lambda tale: True):
    """Return the minutes from first offer to first yes; never: many."""
    found = []
    for tale in filter(keep, tales):
        accepted = {}
        for offer in tale.rows["crowd_offer"]:
            if offer["answered_at"] and offer["state"] in ENDED:
                first = accepted.setdefault(offer["dispatch_id"], offer["answered_at"])
                accepted[offer["dispatch_id"]] = min(first, offer["answered_at"])
        for dispatch in tale.rows["crowd_dispatch"]:
            if dispatch["offered_at"] and dispatch["state"] != "cancelled":
                yes = accepted.get(dispatch["id"], datetime.max)
                found.append((yes - dispatch["offered_at"]).total_seconds() / 60)
    return found


def share_within(limit, found):
    return 100 * mean(waited <= limit for waited in found)


def test_most_find_somebody_at_once(tales):
    found = minutes(tales, lambda tale: not tale.place.is_hard)
    assert 35 < share_within(1, found) < 55
    assert 60 < share_within(10, found) < 85
    assert 85 < share_within(180, found) <= 100


def test_a_territory_does_not_work(tales):
    hard = minutes(tales, lambda t: t.place.is_hard and not t.service.is_remote)
    easy = minutes(tales, lambda t: not t.place.is_hard)
    assert share_within(60, hard) < share_within(60, easy) - 20


def test_a_campaign_brings_more_tickets(tales):
    year = Year(TODAY)
    first, last = year.campaign
    per_day = Counter(
        tale.rows["helpdesk_ticket"][0]["create_date"].date() for tale in tales
    )
    campaign = [n for day, n in per_day.items() if first <= day <= last]
    others = [n for day, n in per_day.items() if not first <= day <= last]
    assert mean(campaign) > 1.4 * mean(others)


def test_evenings_and_weekends_are_busy(tales):
    starts = [to_local(t.ticket["create_date"], t.firm.zone) for t in tales]
    assert 40 < 100 * mean(not is_desk_open(start) for start in starts) < 75


def test_on_the_bad_day_mails_do_not_get_out(tales):
    bad = Year(TODAY).bad_day
    dead = defaultdict(int)
    for delivery in rows(tales, "crowd_delivery"):
        dead[delivery["day"]] += delivery["state"] == "dead"
    assert max(dead, key=dead.get) == bad


def test_people_join_all_year_most_with_the_campaign():
    year = Year(TODAY)
    members = [m for m in enrol(list(people()), year, 1) if m.is_external]
    joined = [m.joined for m in members if m.joined >= year.first]
    assert len(joined) > len(members) / 3
    campaign = [day for day in joined if year.is_campaign(day)]
    assert len(campaign) > 2 * len(joined) * 30 / year.days
    for member in members:
        assert (member.left is not None) == (member.state == "left")
        assert member.left is None or member.joined < member.left <= TODAY


@pytest.mark.parametrize("zone", sorted(ZONES.values()))
def test_nights_of_the_change_of_clocks(zone):
    start = datetime(2026, 1, 1)
    for hours in range(0, 24 * 365, 7):
        local = start + timedelta(hours=hours)
        back = to_local(to_utc(local, zone), zone)
        assert back in (local, local + timedelta(hours=1))
