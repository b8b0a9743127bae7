"""People without rights of this addon still work with tickets, orders, products."""

import json

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tests.common import Form

from .common import CrowdCase

# helpdesk_mgmt_fieldservice shows orders on tickets to everybody
ORDERS = ",fieldservice.group_fsm_user_own"
HELPDESK = ("helpdesk.ticket",)
FIELD = ("fsm.person", "fsm.order", "fsm.location")
WHO_OPENS_WHAT = {
    "base.group_user": ("product.template",),
    "base.group_user" + ORDERS: HELPDESK,
    "helpdesk_mgmt.group_helpdesk_user_own" + ORDERS: HELPDESK,
    "helpdesk_mgmt.group_helpdesk_manager" + ORDERS: HELPDESK,
    "fieldservice.group_fsm_user_own": FIELD,
    "fieldservice.group_fsm_manager": FIELD,
    "crowd_service.group_crowd_technician": FIELD + ("product.template",),
    "crowd_service.group_crowd_agent": FIELD + HELPDESK,
    "crowd_service.group_crowd_manager": FIELD + HELPDESK + ("product.template",),
}


@tagged("post_install", "-at_install")
class TestFieldGroups(CrowdCase):
    def _records(self, user):
        ticket = self._create_ticket(partner_id=user.partner_id.id, user_id=user.id)
        order = self.env["fsm.order"].create(
            {"location_id": self.location.id, "company_id": self.company_a.id}
        )
        worker = self._create_worker("Worker of %s" % user.login)
        return {
            record._name: record.with_user(user)
            for record in (ticket, order, worker, self.location, self.service)
        }

    def test_records_can_be_opened(self):
        for number, (group, names) in enumerate(WHO_OPENS_WHAT.items()):
            user = self._create_user("opener %s" % number, group)
            records = self._records(user)
            for name in names:
                self.env["base"].flush()
                self.env.cache.invalidate()
                with self.subTest(group=group, model=name):
                    self.assertTrue(records[name].read([]))
                    Form(records[name])

    def test_screens_need_no_field_they_lack(self):
        """A condition in a view on a field that was taken out breaks the client."""
        for number, (group, names) in enumerate(WHO_OPENS_WHAT.items()):
            user = self._create_user("looker %s" % number, group)
            for name in names:
                for kind in ("form", "tree", "kanban"):
                    model = self.env[name].with_user(user)
                    view = model.fields_view_get(view_type=kind)
                    missing = self._missing(etree.fromstring(view["arch"]))
                    with self.subTest(group=group, model=name, kind=kind):
                        self.assertEqual(missing, set())

    def _missing(self, arch):
        """Return the fields that modifiers use and the view does not have."""
        present = set(arch.xpath("//field[not(ancestor::field)]/@name"))
        used = set()
        for node in arch.xpath("//*[@modifiers][not(ancestor::field)]"):
            for condition in json.loads(node.get("modifiers")).values():
                if isinstance(condition, list):
                    used |= {leaf[0] for leaf in condition if isinstance(leaf, list)}
        return used - present

    def test_portal_customer_reads_his_ticket(self):
        ticket = self._create_ticket(partner_id=self.portal_user.partner_id.id)
        self.env.cache.invalidate()
        ticket = ticket.with_user(self.portal_user)
        names = [name for name in ticket.fields_get() if name.startswith("crowd_")]
        self.assertTrue(ticket.read(names))
        for name in ("crowd_offer_ids", "crowd_event_ids", "crowd_dispatch_ids"):
            with self.assertRaises(AccessError):
                ticket.read([name])

    def test_administrator_of_odoo_opens_the_settings(self):
        user = self._create_user("admin", "base.group_user,base.group_system")
        Form(self.env["res.config.settings"].with_user(user))
