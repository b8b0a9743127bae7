import json

from odoo.tests import tagged

from ..models.bus_live import TOUCHED
from ..models.crowd_clock import simulated_clock
from .common import CrowdCase


@tagged("post_install", "-at_install")
class TestLive(CrowdCase):
    """One message per company and transaction, with ids, for the desk only."""

    def setUp(self):
        super().setUp()
        self.worker = self._create_worker("Friend")
        self.ticket = self._create_ticket()
        self.dispatch = self._dispatched()
        self._told()

    def _dispatched(self):
        ticket = self.ticket.with_user(self.agent)
        return self.env["crowd.dispatch"].browse(ticket.crowd_dispatch(self.worker.ids))

    def _told(self):
        """Return what is told at the end of a transaction: ``{channel: message}``."""
        last = self.env["bus.bus"].search([], order="id desc", limit=1).id
        self.env["bus.bus"].flush()
        self.env["crowd.live"]._tell()
        rows = self.env["bus.bus"].search([("id", ">", last)])
        found = {}
        for row in rows:
            channel = json.loads(row.channel)
            self.assertNotIn(str(channel), found, "one message per channel")
            found[str(channel)] = json.loads(row.message)
        return found

    def _channel(self, company):
        return str([self.env.cr.dbname, "crowd.dispatch", company.id])

    def test_an_accept_is_told_to_the_company(self):
        self.dispatch.offer_ids.with_user(self.agent).action_accept_on_behalf()
        self.dispatch._assign_worker(self.worker)
        told = self._told()
        self.assertEqual(list(told), [self._channel(self.company_a)])
        self.assertEqual(
            told[self._channel(self.company_a)],
            {
                "crowd.dispatch": self.dispatch.ids,
                "helpdesk.ticket": self.ticket.ids,
            },
            "ids and nothing else",
        )

    def test_nothing_changed_nothing_told(self):
        self.assertFalse(self._told())

    def test_undone_is_not_told_when_rolled_back(self):
        self.env["crowd.live"]._touch(self.dispatch)
        self.assertIn(TOUCHED, self.env.cr.precommit.data)
        self.assertTrue(self._told())
        self.assertFalse(self._told(), "told once")

    def test_a_simulated_time_has_no_screens(self):
        with simulated_clock(self.env["crowd.clock"].now()):
            self.env["crowd.live"]._touch(self.dispatch)
        self.assertFalse(self._told())

    def test_offers_and_escalations_are_told(self):
        self.dispatch.offer_ids._move("declined")
        self.assertTrue(self._told())
        self.ticket.with_user(self.agent).crowd_escalate("manual", "")
        self.assertTrue(self._told())

    def test_channels_by_company_and_group(self):
        def channels(user):
            return self.env["crowd.live"].with_user(user)._channels()

        ours = (self.env.cr.dbname, "crowd.dispatch", self.company_a.id)
        self.assertEqual(channels(self.agent), [ours])
        self.assertEqual(channels(self.technician), [ours])
        self.assertNotIn(ours, channels(self.agent_b))
        for user in (self.employee, self.portal_user, self.env.ref("base.public_user")):
            self.assertEqual(channels(user), [], user.name)

    def test_a_client_cannot_name_the_channel(self):
        """Clients send strings; a string that looks like it is another channel."""
        self.env["crowd.live"]._touch(self.dispatch)
        self.env["crowd.live"]._tell()
        ours = self.env["crowd.live"]._channel(self.company_a.id)
        bus = self.env["bus.bus"]
        self.assertTrue(bus.poll([ours]))
        self.assertFalse(bus.poll([json.dumps(ours), str(ours), "crowd.dispatch"]))
