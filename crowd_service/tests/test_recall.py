"""The search finds exactly whom judging everybody finds (goal P4).

Hundreds of random tickets, thousands with ``CROWD_LONG=1``. A failure names the crowd
and the number of the ticket: ``CROWD_TICKETS=<crowd>:<number>`` repeats that one.
"""

import logging
import os
import random
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .. import matching
from ..matching import filters
from ..models import crowd_matcher_field, crowd_matcher_search
from .matcher_common import NOON, MatcherCase
from .recall_crowd import PLACES, RandomCrowd, update

_logger = logging.getLogger(__name__)
LONG = bool(os.environ.get("CROWD_LONG"))
TICKETS = 1500 if LONG else 90  # of each crowd
EVERYBODY = 100000
ROUNDING = 1e-4  # of scores, which hold the preference as well
REPEAT = os.environ.get("CROWD_TICKETS", "")
#: Constants of the search, as they are and so small that it has to take many turns.
SIZES = (
    {},
    {"PROBED_ROWS": 1},
    {"MOST_ROWS": 5, "WIDE_ROWS": 5, "PROBED_CELLS": 8, "FIRST_PAGE": 2, "PAGE": 2},
    {"MOST_ROWS": 20, "PROBED_ROWS": 1, "FIRST_PAGE": 5, "PAGE": 3},
    {
        "MOST_CELLS": 3,
        "MOST_ROWS": 10,
        "WIDE_ROWS": 10,
        "PROBED_CELLS": 2,
        "FIRST_PAGE": 3,
    },
    {"COUNT_UP_TO": 2, "FIRST_STEP": 0.5},
)


@tagged("post_install", "-at_install")
class TestRecall(MatcherCase):
    """What the search leaves out is never among the best."""

    def test_crowd_1(self):
        self._check_crowd(1)

    def test_crowd_2(self):
        self._check_crowd(2)

    def test_crowd_3(self):
        self._check_crowd(3)

    def _check_crowd(self, number):
        crowd = RandomCrowd(self, number, 600 if LONG else 300)
        seen = Counter()
        for ticket in range(TICKETS):
            if REPEAT in ("", "%d:%d" % (number, ticket)):
                with self.subTest(crowd=number, ticket=ticket):
                    self._check(crowd, number, ticket, seen)
        if not REPEAT:
            _logger.info("crowd %d, %d tickets: %s", number, TICKETS, dict(seen))
            self.assertLess(0.3 * TICKETS, seen["ranked"], "most find somebody")
            self.assertLess(0.1 * TICKETS, seen["near misses"])
            self.assertLess(0.05 * TICKETS, seen["more than the limit"])
            self.assertTrue(seen["ties"])

    def _check(self, crowd, number, ticket_number, seen):
        chance = random.Random("%d:%d" % (number, ticket_number))
        ticket, dispatch, asked = self._ask(crowd, chance)
        limit = chance.choice((1, 5, 50, 50))
        sizes = chance.choice(SIZES)
        with self.at(asked["now"]), ExitStack() as stack:
            narrow = self._narrow(ticket.company_id, chance)
            everybody = self.matcher._match_all(
                ticket, dispatch, limit=EVERYBODY, narrow=narrow
            )
            for name, value in sizes.items():
                module = (
                    crowd_matcher_search
                    if hasattr(crowd_matcher_search, name)
                    else crowd_matcher_field
                )
                stack.enter_context(patch.object(module, name, value))
            self._check_bounds(ticket, dispatch, narrow, everybody)
            found = self.matcher._match(ticket, dispatch, limit=limit, narrow=narrow)
            self.assertEqual(
                [(c.worker_id, c.score) for c in found.ranked],
                [(c.worker_id, c.score) for c in everybody.ranked[:limit]],
                (asked, sizes, limit),
            )
            self.assertEqual(found.ranked, everybody.ranked[:limit])
            self._check_near_misses(ticket, dispatch, narrow, found, everybody)
        scores = [c.score for c in everybody.ranked]
        seen["ranked"] += bool(found.ranked)
        seen["near misses"] += bool(found.near_misses)
        seen["more than the limit"] += len(everybody.ranked) > limit
        seen["ties"] += len(set(scores)) < len(scores)

    def _narrow(self, company, chance):
        """Return whom a step of a ladder asks; None: everybody."""
        if chance.random() < 0.6:
            return None
        kinds = [("friend",), ("professional", "partner_staff"), ("technician",), ()]
        communities = self.env["crowd.community"].search(
            [("company_id", "=", company.id)], order="id"
        )
        some = chance.sample(communities.ids, len(communities) // 2 + 1)
        return matching.Narrow(
            worker_types=chance.choice([*kinds, ("technician", "friend")]),
            community_ids=tuple(chance.choice(((), (), some))),
            radius_km=chance.choice((None, None, 5, 60)),
        )

    def _check_bounds(self, ticket, dispatch, narrow, everybody):
        """Everybody who can be asked is in reach, and no score exceeds its bound."""
        ask = self.matcher._read_ask(ticket, dispatch, narrow)
        if not ask.community_ids:
            return
        field = self.matcher._find_field(ask)
        query = field.wide(EVERYBODY) if field.is_wide else field.scan(EVERYBODY, -1.0)
        self.env.cr.execute(*query)
        bounds = {
            row[0]: row[2]
            for row in self.env.cr.fetchall()
            if row[0] and row[2] < crowd_matcher_field.PREFERRED_BOUND
        }
        for candidate in everybody.ranked:
            score = candidate.score - candidate.parts["preference"]
            bound = bounds.get(candidate.membership_id)
            self.assertIsNotNone(bound, candidate)
            self.assertLessEqual(score, bound + ROUNDING, candidate)

    def _check_near_misses(self, ticket, dispatch, narrow, found, everybody):
        """Each is kept out by one curable reason, and there are few of each."""
        fit = {candidate.worker_id for candidate in everybody.ranked}
        ask = self.matcher._read_ask(ticket, dispatch, narrow)
        ids = [candidate.worker_id for candidate in found.near_misses]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertFalse(fit.intersection(ids), "they can be asked")
        workers = self.env["fsm.person"].browse(ids)
        judged = self.matcher._judge(ticket, workers, dispatch, narrow)
        for candidate in found.near_misses:
            self.assertEqual(judged[candidate.worker_id], candidate)
            self.assertTrue(filters.is_near_miss(ask.request, candidate.reasons))
        reasons = Counter(c.excluded_reason for c in found.near_misses)
        self.assertLessEqual(max(reasons.values(), default=0), 10)

    def _ask(self, crowd, chance):
        """Make a ticket another one; return it, a dispatch or None, and its facts."""
        company = chance.choice(crowd.companies)
        ticket, location = crowd.tickets[company], crowd.locations[company]
        service = chance.choice(crowd.services)
        team = chance.choice(crowd.teams[company])
        is_window = chance.random() < 0.3
        start = NOON + timedelta(hours=chance.choice((-3, 2, 20, 24 * 5)))
        position = self._position(crowd, chance)
        asked = {
            "company": company.name,
            "position": position,
            "radius": chance.choice((0, 1, 3, 10, 30, 30, 30, 80, 300)),
            "place": chance.choice(("on_site",) * 5 + ("remote",)),
            "audience": chance.choice(("both", "both", "both", "crowd", "experts")),
            "minutes": chance.choice((0, 30, 60, 240)),
            "price": chance.choice((0, 0, 49, 49, 200)),
            "team": team.name,
            "skills": {
                skill.id: chance.choice((None, 0, 10, 50, 80))
                for skill in chance.sample(crowd.skills, chance.choice((0, 1, 1, 2, 3)))
            },
            "language": chance.choice([None, None, *crowd.languages.ids]),
            "territory": chance.choice([None, None, *crowd.territories.ids]),
            "customer": chance.choice(crowd.customers.ids),
            "window": (start, start + timedelta(hours=3)) if is_window else None,
            "now": NOON + timedelta(hours=chance.choice((0, 0, 3, 8, 80))),
            "dispatch": chance.choice([None, None, *crowd.dispatches[company].ids]),
        }
        self._write_service(service, asked)
        update(
            self.env,
            location.partner_id,
            partner_latitude=position[0],
            partner_longitude=position[1],
        )
        update(self.env, location, territory_id=asked["territory"])
        self._write_ticket(ticket, service, team, asked)
        dispatch = self.env["crowd.dispatch"].browse(asked["dispatch"] or [])
        return ticket, dispatch or None, asked

    def _position(self, crowd, chance):
        """Return a place where somebody lives, or one near by."""
        if chance.random() < 0.5:
            return chance.choice(crowd.positions)
        (lat, lon), _share, spread = chance.choice(PLACES)
        lat = max(-90.0, min(90.0, lat + chance.gauss(0, spread)))
        return round(lat, 5), round((lon + chance.gauss(0, 0.3) + 180) % 360 - 180, 5)

    def _write_service(self, service, asked):
        update(
            self.env,
            service,
            crowd_place=asked["place"],
            crowd_radius_km=asked["radius"],
            crowd_audience=asked["audience"],
            crowd_minutes=asked["minutes"],
            list_price=asked["price"],
        )
        execute = self.env.cr.execute
        execute("DELETE FROM crowd_service_skill WHERE service_id = %s", (service.id,))
        execute(
            "INSERT INTO crowd_service_skill (service_id, skill_id, level_progress)"
            " SELECT %s, * FROM unnest(%s::int[], %s::int[])",
            (service.id, list(asked["skills"]), list(asked["skills"].values())),
        )

    def _write_ticket(self, ticket, service, team, asked):
        window = asked["window"] or (None, None)
        update(
            self.env,
            ticket,
            crowd_service_id=service.id,
            team_id=team.id,
            crowd_language_id=asked["language"],
            partner_id=asked["customer"],
            crowd_when="window" if asked["window"] else "asap",
            crowd_wished_from=window[0],
            crowd_wished_to=window[1],
        )
        execute = self.env.cr.execute
        execute(
            "DELETE FROM helpdesk_ticket_crowd_skill_rel WHERE ticket_id = %s",
            (ticket.id,),
        )
        execute(
            "INSERT INTO helpdesk_ticket_crowd_skill_rel (ticket_id, skill_id)"
            " SELECT %s, unnest(%s::int[])",
            (ticket.id, list(asked["skills"])),
        )
        self.env["base"].invalidate_cache()
