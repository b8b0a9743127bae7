from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import CrowdCase

MODULE = "crowd_service."
#: Menus below which rows are counted.
MENUS = ("crowd_reporting_figures_menu", "crowd_reporting_why_menu")


@tagged("post_install", "-at_install")
class TestReportMenus(CrowdCase):
    """What a report opens with."""

    def _actions(self):
        """Return the actions below the menus of figures whose rows have a day."""
        roots = [self.env.ref(MODULE + name).id for name in MENUS]
        menus = self.env["ir.ui.menu"].search([("parent_id", "in", roots)])
        actions = [self.env.ref(MODULE + "crowd_report_curve_action")]
        actions += [self.env.ref(MODULE + "crowd_candidate_action")]
        actions += [menu.action for menu in menus]
        return [a for a in actions if "day" in self.env[a.res_model]._fields]

    def test_every_report_opens_with_the_last_30_days(self):
        """Nobody waits for all that ever happened, or compares two lengths of time."""
        actions = self._actions()
        self.assertGreater(len(actions), 9)
        for action in actions:
            with self.subTest(action.name, model=action.res_model):
                context = safe_eval(action.context)
                self.assertTrue(context.get("search_default_last_30"))
                arch = self.env[action.res_model].fields_view_get(view_type="search")
                node = etree.fromstring(arch["arch"]).find(".//filter[@name='last_30']")
                self.assertIn("'day', '>='", node.get("domain"))

    def test_near_misses_are_counted_in_one_place(self):
        """Reports say what to do; the list of candidates is a record of what was."""
        candidates = self.env.ref(MODULE + "crowd_candidate_menu")
        records = self.env.ref(MODULE + "crowd_reporting_records_menu")
        self.assertEqual(candidates.parent_id, records)
        self.assertEqual(candidates.action.view_mode.split(",")[0], "tree")
