import random
import xmlrpc.client
from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .. import matching
from ..models.crowd_matcher import FACTS, MEMBERS
from .common import BERN, KM_PER_DEGREE, CrowdCase, CrowdHttpCase

NOON = datetime(2026, 3, 4, 12)
PLACES = {
    "Bern": BERN,
    "null island": (0.0, 0.0),
    "antimeridian": (-16.5, 179.98),
    "other side": (-16.5, -179.98),
    "north pole": (89.9, 45.0),
    "south pole": (-90.0, 0.0),
}


class MatcherCase(CrowdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.matcher = cls.env["crowd.matcher"]
        cls.ticket = cls._create_ticket()

    def _create_offer(self, worker, state="sent", at=NOON, dispatch=None, **values):
        dispatch = dispatch or self._create_ticket()._crowd_open_dispatch()
        number = self.env["crowd.offer"].search_count([])
        member = worker.crowd_membership_ids[:1]
        defaults = {
            "name": f"test-{number}",
            "dispatch_id": dispatch.id,
            "ticket_id": dispatch.ticket_id.id,
            "company_id": dispatch.company_id.id,
            "worker_id": worker.id,
            "membership_id": member.id,
            "state": state,
            "round": dispatch.round,
            "sent_at": at,
            "expires_at": at + timedelta(minutes=30),
            "answered_at": False if state == "sent" else at,
        }
        return self.env["crowd.offer"].create(dict(defaults, **values))

    def _ranked(self, ticket=None, **kwargs):
        result = self.matcher.match(ticket or self.ticket, **kwargs)
        return [candidate.worker_id for candidate in result.ranked]

    def _reasons(self, worker, ticket=None):
        found = self.matcher.explain(ticket or self.ticket, worker)
        return [code for code, _data in found.reasons] if found.excluded_reason else []

    def assertReason(self, worker, code, ticket=None):
        """``worker`` is kept out by ``code`` alone, and the sentence says so."""
        ticket = ticket or self.ticket
        self.assertEqual(self._reasons(worker, ticket), [code])
        self.assertNotIn(worker.id, self._ranked(ticket))
        sentence = self.matcher.why_not(ticket, worker)
        self.assertIn(self.matcher._word_reason(code), sentence)
        self.assertIn(worker.name, sentence)


@tagged("post_install", "-at_install")
class TestMatcher(MatcherCase):
    """Facts from the database, judged: one list for all kinds of workers."""

    def test_friends_and_technicians_in_one_list(self):
        near = self._create_worker("Near", km=1)
        technician = self._create_worker("Tech", "technician", km=3)
        professional = self._create_worker("Pro", "professional", km=8)
        self.assertEqual(
            self._ranked(), [near.id, technician.id, professional.id], "nearest first"
        )
        found = self.matcher.match(self.ticket).ranked[0]
        self.assertEqual(found.membership_id, near.crowd_membership_ids.id)
        self.assertEqual(found.community_id, self.community.id)
        self.assertAlmostEqual(found.distance_km, 1, delta=0.01)

    def test_facts_of_a_worker(self):
        worker = self._create_worker(
            "Facts",
            km=2,
            crowd_radius_km=25,
            skills={self.skill_wlan: 80, self.skill_tv: 10},
            membership={"capacity": 7, "daily_cap": 3},
            groups="base.group_portal",
        )
        worker.crowd_membership_ids.write({"quality": 4.5, "quality_count": 8})
        request = self.matcher._prepare_request(self.ticket)
        params = self.matcher._prepare_params(self.ticket, request)
        rows = self.matcher._fetch(request, params)
        request, (facts,) = self.matcher._read_facts(request, rows)
        self.assertEqual(request.mean_quality, 4.5)
        self.assertEqual(
            facts,
            matching.Worker(
                worker_id=worker.id,
                name="Facts",
                worker_type="friend",
                lat=round(worker.partner_latitude, 5),
                lon=round(worker.partner_longitude, 5),
                own_radius_km=25,
                partner_ids=frozenset(worker.partner_id.ids),
                membership_id=worker.crowd_membership_ids.id,
                community_id=self.community.id,
                membership_state="active",
                capacity=7,
                daily_cap=3,
                quality=4.5,
                quality_count=8,
                levels={self.skill_wlan.id: 80},
            ),
        )

    def test_mean_quality_is_the_companys(self):
        for name, stars, count in (("One", 5.0, 1), ("Two", 4.0, 3)):
            worker = self._create_worker(name)
            worker.crowd_membership_ids.write(
                {"quality": stars, "quality_count": count}
            )
        other = self._create_worker("Other", community=self.community_b)
        other.crowd_membership_ids.write({"quality": 1.0, "quality_count": 50})
        request = self.matcher._prepare_request(self.ticket)
        rows = self.matcher._fetch(
            request, self.matcher._prepare_params(self.ticket, request)
        )
        self.assertAlmostEqual(rows[0]["mean_quality"], 4.25)

    def test_limit(self):
        workers = [self._create_worker(f"W{n}", km=n) for n in range(1, 5)]
        result = self.matcher.match(self.ticket, limit=2)
        self.assertEqual(
            [c.worker_id for c in result.ranked], [w.id for w in workers[:2]]
        )
        self.assertEqual(result.ranked_count, 4)
        self.assertEqual(len(self._ranked(limit=None)), 4)

    def test_the_same_facts_give_the_same_list(self):
        for n in range(6):
            self._create_worker(f"Twin {n}", km=5)
        first = self.matcher.match(self.ticket)
        self.assertEqual(first, self.matcher.match(self.ticket))
        ids = [candidate.worker_id for candidate in first.ranked]
        self.assertEqual(ids, sorted(ids))

    def test_queries_do_not_grow_with_the_crowd(self):
        def cost():
            self.env["base"].flush()
            self.env["base"].invalidate_cache()
            before = self.cr.sql_log_count
            self.ticket.with_user(self.agent).crowd_match()
            return self.cr.sql_log_count - before

        def grow(quantity, prefix):
            for n in range(quantity):
                self._create_worker(f"{prefix} {n}", km=n % 25)
                self._create_worker(f"{prefix} unskilled {n}", skills={})
                self._create_worker(f"{prefix} far {n}", km=40)

        grow(1, "First")
        cost()
        few = cost()
        grow(12, "More")
        self.assertEqual(cost(), few)

    def test_unflushed_changes_count(self):
        worker = self._create_worker("Mover", km=2)
        self.assertEqual(self._ranked(), worker.ids)
        worker.partner_latitude = BERN[0] + 1
        self.assertFalse(self._ranked())

    def test_fairness_counts_the_offers_of_seven_days(self):
        worker = self._create_worker("Busy", membership={"capacity": 9})
        with self.at(NOON):
            calm = self.matcher.explain(self.ticket, worker)
            self._create_offer(worker, "declined", NOON - timedelta(days=8))
            self.assertEqual(calm, self.matcher.explain(self.ticket, worker))
            self._create_offer(worker, "declined", NOON - timedelta(days=6))
            found = self.matcher.explain(self.ticket, worker)
        self.assertLess(found.parts["fairness"], calm.parts["fairness"])
        self.assertEqual(dict(found.reasons)["offers"], {"count": 1})

    def test_skills_come_from_service_and_ticket(self):
        self.ticket.crowd_skill_ids |= self.skill_tv
        request = self.matcher._prepare_request(self.ticket)
        self.assertEqual(request.skills, {self.skill_wlan.id: 50, self.skill_tv.id: 0})
        self.ticket.crowd_skill_ids = self.skill_tv
        request = self.matcher._prepare_request(self.ticket)
        self.assertEqual(request.skills, {self.skill_tv.id: 0})

    def test_service_without_skills(self):
        self.ticket.crowd_service_id = self._create_service("Carry boxes")
        worker = self._create_worker("Strong", skills={})
        self.assertEqual(self._ranked(), worker.ids)

    def test_remote_needs_no_place(self):
        service = self._create_service("By phone", crowd_place="remote")
        ticket = self._create_ticket(crowd_service_id=service.id, fsm_location_id=False)
        worker = self._create_worker("Anywhere", position=False, skills={})
        found = self.matcher.match(ticket).ranked[0]
        self.assertEqual(found.worker_id, worker.id)
        self.assertIsNone(found.distance_km)


@tagged("post_install", "-at_install")
class TestMatcherReasons(MatcherCase):
    """Each hard rule, on real records."""

    def test_archived(self):
        worker = self._create_worker("Gone")
        worker.active = False
        self.assertReason(worker, "archived")

    def test_type(self):
        friend = self._create_worker("Friend")
        technician = self._create_worker("Tech", "technician")
        self.service.crowd_audience = "crowd"
        self.assertReason(technician, "type")
        self.assertEqual(self._ranked(), friend.ids)
        self.service.crowd_audience = "experts"
        self.assertReason(friend, "type")
        self.assertEqual(self._ranked(), technician.ids)

    def test_community(self):
        worker = self._create_worker("Friend")
        self.community.service_ids = self._create_service("Other service")
        self.assertReason(worker, "community")
        self.community.service_ids |= self.service
        self.assertEqual(self._ranked(), worker.ids)

    def test_best_of_several_memberships(self):
        worker = self._create_worker("Double", membership={"state": "paused"})
        doing = self._create_community("Doing", service_ids=[(6, 0, self.service.ids)])
        other = self._create_service("Other service")
        busy = self._create_community("Busy", service_ids=[(6, 0, other.ids)])
        self._create_membership(worker, busy)
        self.assertReason(worker, "membership")
        member = self._create_membership(worker, doing)
        found = self.matcher.match(self.ticket).ranked[0]
        self.assertEqual(found.membership_id, member.id)

    def test_membership(self):
        worker = self._create_worker("Applicant", membership={"state": "applied"})
        self.assertReason(worker, "membership")
        self.assertIn("Applied", self.matcher.why_not(self.ticket, worker))

    def test_no_membership(self):
        worker = self._create_worker("Stranger", community=False)
        self.assertReason(worker, "membership")
        self.assertFalse(self.matcher.match(self.ticket).near_misses)

    def test_archived_community(self):
        worker = self._create_worker("Friend")
        self.community.active = False
        self.assertReason(worker, "membership")

    def test_own_ticket(self):
        worker = self._create_worker("Customer")
        self.ticket.partner_id = worker.partner_id
        self.assertReason(worker, "own_ticket")

    def test_own_ticket_of_a_colleague(self):
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        worker = self._create_worker("Colleague", parent_id=firm.id)
        self.ticket.partner_id = self.env["res.partner"].create(
            {"name": "Customer", "parent_id": firm.id}
        )
        self.assertReason(worker, "own_ticket")

    def test_unreachable(self):
        worker = self._create_worker("Silent", email=False)
        self.assertReason(worker, "unreachable")
        user = self._create_user(
            "silent", "base.group_portal", partner_id=worker.partner_id.id
        )
        worker.email = False
        self.assertEqual(self._ranked(), worker.ids)
        user.active = False
        self.assertReason(worker, "unreachable")

    def test_asked_in_this_round(self):
        worker = self._create_worker("Asked")
        dispatch = self.ticket._crowd_open_dispatch()
        dispatch.round = 1
        self._create_offer(worker, "declined", dispatch=dispatch)
        self.assertReason(worker, "asked")
        dispatch.round = 2
        self.assertEqual(self._ranked(), worker.ids, "a new round asks again")

    def test_gave_this_job_back(self):
        worker = self._create_worker("Returner")
        dispatch = self.ticket._crowd_open_dispatch()
        self._create_offer(worker, "backed_out", dispatch=dispatch, round=1)
        dispatch.round = 2
        self.assertReason(worker, "gave_back")
        self.assertEqual(self._reasons(worker, self._create_ticket()), [])

    def test_a_closed_dispatch_is_history(self):
        worker = self._create_worker("Asked")
        dispatch = self.ticket._crowd_open_dispatch()
        self._create_offer(worker, "backed_out", dispatch=dispatch)
        dispatch.write({"state": "cancelled"})
        self.assertEqual(self._ranked(), worker.ids)

    def test_skill(self):
        worker = self._create_worker("Unskilled", skills={self.skill_tv: 100})
        self.assertReason(worker, "skill")
        self.assertIn("WLAN", self.matcher.why_not(self.ticket, worker))

    def test_level(self):
        worker = self._create_worker("Beginner", skills={self.skill_wlan: 10})
        self.assertReason(worker, "level")
        self.assertIn(
            "WLAN 10 % instead of 50 %", self.matcher.why_not(self.ticket, worker)
        )

    def test_unlocated(self):
        worker = self._create_worker("Somewhere", position=False)
        self.assertReason(worker, "unlocated")
        near = self.matcher.match(self.ticket).near_misses
        self.assertEqual([c.worker_id for c in near], worker.ids)

    def test_radius(self):
        worker = self._create_worker("Far", km=34.2)
        self.assertReason(worker, "radius")
        self.assertIn("4.2 km too far", self.matcher.why_not(self.ticket, worker))
        very_far = self._create_worker("Very far", km=500)
        self.assertReason(very_far, "radius")
        near = self.matcher.match(self.ticket).near_misses
        self.assertEqual([c.worker_id for c in near], worker.ids)

    def test_own_radius(self):
        worker = self._create_worker("Walker", km=5, crowd_radius_km=3)
        self.assertReason(worker, "own_radius")

    def test_capacity(self):
        worker = self._create_worker("Busy")
        self._create_offer(worker, "accepted")
        self.assertReason(worker, "capacity")
        worker.crowd_membership_ids.capacity = 2
        self.assertEqual(self._ranked(), worker.ids)

    def test_daily_cap_ends_at_the_workers_midnight(self):
        worker = self._create_worker(
            "Kiwi", membership={"capacity": 9, "daily_cap": 1}, tz="Pacific/Auckland"
        )
        midnight = datetime(2026, 3, 4, 11)  # of Auckland, in UTC
        self._create_offer(worker, "completed", midnight - timedelta(minutes=1))
        with self.at(midnight - timedelta(seconds=1)):
            self.assertReason(worker, "daily_cap")
        with self.at(midnight):
            self.assertEqual(self._ranked(), worker.ids)

    def test_daily_cap_on_the_long_day(self):
        worker = self._create_worker(
            "Zurich", membership={"capacity": 9, "daily_cap": 1}, tz="Europe/Zurich"
        )
        began = datetime(2026, 10, 24, 22)  # this day has 25 hours
        self._create_offer(worker, "completed", began)
        with self.at(began + timedelta(hours=25, seconds=-1)):
            self.assertReason(worker, "daily_cap")
        with self.at(began + timedelta(hours=25)):
            self.assertEqual(self._ranked(), worker.ids)

    def test_unknown_time_zone_counts_as_utc(self):
        worker = self._create_worker(
            "Nowhere", membership={"capacity": 9, "daily_cap": 1}
        )
        self.cr.execute(
            "UPDATE res_partner SET tz = 'Mars/Olympus' WHERE id = %s",
            (worker.partner_id.id,),
        )
        self._create_offer(worker, "completed", NOON)
        with self.at(NOON):
            self.assertReason(worker, "daily_cap")

    def test_no_such_worker(self):
        gone = self.env["fsm.person"].browse(2**31 - 1)
        with self.assertRaisesRegex(UserError, "no worker with the id"):
            self.matcher.why_not(self.ticket, gone)

    def test_somebody_who_can_be_asked(self):
        worker = self._create_worker("Fit")
        sentence = self.matcher.why_not(self.ticket, worker)
        self.assertEqual(sentence, "Fit can be asked.")

    def test_counts_name_the_first_reason(self):
        self._create_worker("Fit")
        self._create_worker("Unskilled", skills={})
        self._create_worker("Far", km=40)
        self._create_worker("Far and unskilled", km=40, skills={})
        result = self.matcher.match(self.ticket)
        self.assertEqual(result.excluded, {"skill": 2, "radius": 1})
        self.assertEqual(result.looked_at, 4)
        self.assertEqual(
            self.matcher._word_counts(result),
            "4 people looked at, 1 can be asked; A skill is missing: 2; "
            "Too far away: 1",
        )


@tagged("post_install", "-at_install")
class TestMatcherBoundaries(MatcherCase):
    """What the prefilter must not lose, and whom one company must not see."""

    def _all_facts(self, ticket):
        request = self.matcher._prepare_request(ticket)
        params = self.matcher._prepare_params(ticket, request)
        rows = self.matcher._query(FACTS + MEMBERS, params)
        return self.matcher._read_facts(request, rows)

    def test_the_box_loses_nobody(self):
        rng = random.Random(20260304)
        for name, (lat, lon) in PLACES.items():
            for n in range(12):
                reach = rng.choice((5, 29, 31, 44, 46, 90)) / KM_PER_DEGREE
                there = max(-90.0, min(90.0, lat + rng.uniform(-reach, reach)))
                width = reach if abs(lat) < 80 else 180
                east = (lon + rng.uniform(-width, width) + 180) % 360 - 180
                self._create_worker(f"{name} {n}", position=(there, east))
        for lon in (180.0, -180.0):
            self._create_worker(f"edge {lon}", position=(-16.5, lon))
        for name, place in PLACES.items():
            with self.subTest(place=name):
                location = self._create_location(name, place)
                ticket = self._create_ticket(fsm_location_id=location.id)
                found = self.matcher.match(ticket, limit=None)
                brute = matching.rank(*self._all_facts(ticket), limit=None)
                self.assertEqual(found.ranked, brute.ranked)
                self.assertEqual(found.near_misses, brute.near_misses)
                self.assertTrue(found.ranked)
                self.assertLess(found.looked_at, brute.looked_at)

    def test_twenty_two_kilometres_across_the_antimeridian(self):
        location = self._create_location("Date line", (0.0, 179.9))
        ticket = self._create_ticket(fsm_location_id=location.id)
        worker = self._create_worker("Yesterday", position=(0.0, -179.9))
        found = self.matcher.match(ticket).ranked[0]
        self.assertEqual(found.worker_id, worker.id)
        self.assertAlmostEqual(found.distance_km, 22.24, delta=0.22)

    def test_null_island_is_a_place(self):
        location = self._create_location("Null island", (0.0, 0.0))
        ticket = self._create_ticket(fsm_location_id=location.id)
        worker = self._create_worker("Islander", position=(0.0, 0.0))
        lost = self._create_worker("Lost", position=False)
        self.assertEqual(self._ranked(ticket), worker.ids)
        self.assertReason(lost, "unlocated", ticket)

    def test_radius_zero_finds_nobody_else(self):
        self.service.crowd_radius_km = 0
        self._create_worker("Neighbour", km=1)
        result = self.matcher.match(self.ticket)
        self.assertFalse(result.ranked + result.near_misses)

    def test_companies_do_not_mix(self):
        ours = self._create_worker("Ours")
        theirs = self._create_worker("Theirs", community=self.community_b)
        ticket_b = self._create_ticket(company=self.company_b)
        self.assertEqual(self._ranked(), ours.ids)
        self.assertEqual(self._ranked(ticket_b), theirs.ids)
        self.assertEqual(self._reasons(theirs), ["membership"])

    def test_a_shared_worker_has_two_loads(self):
        worker = self._create_worker("Shared")
        self._create_offer(worker, "accepted")
        ticket_b = self._create_ticket(company=self.company_b)
        member_b = self._create_membership(worker, self.community_b)
        self.assertReason(worker, "capacity")
        found = self.matcher.match(ticket_b).ranked[0]
        self.assertEqual(found.membership_id, member_b.id)

    def test_agents_of_another_company_cannot_match(self):
        with self.assertRaises(AccessError):
            self.ticket.with_user(self.agent_b).crowd_match()


@tagged("post_install", "-at_install")
class TestMatchInterface(MatcherCase):
    """``crowd_match``: what scripts get, and what they must not give."""

    def test_rows(self):
        self._create_worker("Fit", km=2)
        self._create_worker("Far", km=40)
        self._create_worker("Lost", position=False)
        rows = self.ticket.with_user(self.agent).crowd_match(limit=1)
        self.assertEqual([row["name"] for row in rows], ["Fit", "Far", "Lost"])
        self.assertEqual(
            [row["excluded_reason"] for row in rows], ["", "radius", "unlocated"]
        )
        self.assertEqual([row["distance_km"] for row in rows], [2.0, 40.0, False])
        self.assertEqual(
            set(rows[0]),
            {
                "worker_id",
                "name",
                "worker_type",
                "distance_km",
                "score",
                "parts",
                "excluded_reason",
            },
        )
        self.assertEqual(set(rows[0]["parts"]), set(matching.PARTS))
        self.assertAlmostEqual(
            sum(rows[0]["parts"].values()), rows[0]["score"], delta=0.21
        )
        xmlrpc.client.dumps((rows,), allow_none=False)

    def test_nobody(self):
        self.assertEqual(self.ticket.with_user(self.agent).crowd_match(), [])

    def test_agents_only(self):
        for user in (self.technician, self.employee, self.portal_user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.ticket.with_user(user).crowd_match()

    def test_limit_must_be_a_positive_number(self):
        ticket = self.ticket.with_user(self.agent)
        for limit in (0, -1, True, None, "5", 2.5, [1]):
            with self.subTest(limit=limit), self.assertRaises(UserError):
                ticket.crowd_match(limit=limit)

    def assertRefused(self, word):
        for method in ("crowd_match", "action_crowd_match"):
            with self.assertRaises(UserError) as error:
                getattr(self.ticket.with_user(self.agent), method)()
            self.assertIn(word, str(error.exception))

    def test_ticket_without_service(self):
        self.ticket.crowd_service_id = False
        self.assertRefused("has no service")

    def test_ticket_without_location(self):
        self.ticket.fsm_location_id = False
        self.assertRefused("has no location")

    def test_location_without_position(self):
        self.ticket.fsm_location_id = self._create_location("Nowhere", False)
        self.assertRefused("Nowhere")

    def test_closed_ticket(self):
        self.ticket.stage_id = self.env["helpdesk.ticket.stage"].search(
            [("closed", "=", True)], limit=1
        )
        self.assertRefused("is closed")

    def test_one_ticket_at_a_time(self):
        with self.assertRaises(ValueError):
            (self.ticket | self._create_ticket()).crowd_match()


@tagged("post_install", "-at_install")
class TestMatchRpc(CrowdHttpCase):
    def test_over_xml_rpc(self):
        worker = self._create_worker("Fit", km=2)
        self._create_worker("Lost", position=False)
        ticket = self._create_ticket()
        rows = self.xmlrpc_object.execute_kw(
            self.cr.dbname,
            self.agent.id,
            self.agent.login,
            "helpdesk.ticket",
            "crowd_match",
            [ticket.ids],
            {"limit": 5},
        )
        self.assertEqual(rows[0]["worker_id"], worker.id)
        self.assertIs(rows[1]["distance_km"], False)
