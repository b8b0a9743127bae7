"""Loads the demo data: once, at installation."""

import base64
import csv

from odoo import api, models
from odoo.modules.module import get_module_resource
from odoo.tools import file_open

from ..hooks import _create_order_stages

#: External ids live under this name. It is no addon's, so that uninstalling the addon
#: leaves companies, people and tickets as they are.
MODULE = "crowd_demo"
MODELS_BEFORE_PEOPLE = (
    "res.partner-companies",
    "res.company",
    "resource.calendar",
    "resource.calendar.attendance",
    "hr.skill.type",
    "hr.skill.level",
    "hr.skill",
    "product.category",
    "product.template",
    "crowd.service.skill",
    "crowd.community",
    "fsm.team",
    "helpdesk.ticket.category",
)
PEOPLE = (
    "fsm.person",
    "fsm.person.skill",
    "crowd.membership",
    "res.partner",
    "fsm.location",
    "res.users",
    "res.users-workers",
    "helpdesk.ticket.team",
    "res.company-responsible",
)


class CrowdDemo(models.AbstractModel):
    """Two telecoms, their people and what happened in the last three weeks."""

    _name = "crowd.demo"
    _description = "Crowd Demo Data"

    @api.model
    def _load(self):
        """Create everything; called by the addon's demo data at installation only.

        One function instead of CSV files in the manifest: those would be read again
        with every update, and tracked, field by field, in everybody's chatter.
        """
        demo = self.with_context(
            tracking_disable=True, no_reset_password=True, module=MODULE, noupdate=True
        )
        _create_order_stages(self.env)
        for name in MODELS_BEFORE_PEOPLE:
            demo._load_csv(name)
        demo._name_technicians()
        demo._load_logos()
        for name in PEOPLE:
            demo._load_csv(name)
        demo._let_admin_in()

    @api.model
    def _ref(self, name):
        """Return a record of the demo data."""
        return self.env.ref("%s.%s" % (MODULE, name))

    @api.model
    def _load_csv(self, name):
        """Create the records of ``<model>[-<what>].csv``."""
        with file_open("crowd_service/demo/%s.csv" % name) as file:
            rows = list(csv.reader(file))
        result = self.env[name.split("-")[0]].load(rows[0], rows[1:])
        if not result["ids"]:
            raise ValueError("%s.csv: %s" % (name, result["messages"]))

    @api.model
    def _name_technicians(self):
        """Each company made a community of its technicians itself: give it an id."""
        for prefix in ("alpen", "heide"):
            company = self._ref("company_%sfunk" % prefix)
            community = self.env["crowd.community"].search(
                [("company_id", "=", company.id), ("is_internal", "=", True)]
            )
            self.env["ir.model.data"]._update_xmlids(
                [
                    {
                        "xml_id": "%s.community_%s_techs" % (MODULE, prefix),
                        "record": community,
                        "noupdate": True,
                    }
                ]
            )

    @api.model
    def _load_logos(self):
        for name in ("alpenfunk", "heidefunk"):
            path = get_module_resource("crowd_service", "demo", name + ".png")
            with open(path, "rb") as file:
                logo = base64.b64encode(file.read())
            self._ref("partner_" + name).image_1920 = logo
            self.env["crowd.community"].search(
                [("company_id", "=", self._ref("company_" + name).id)]
            ).write({"image_1920": logo})

    @api.model
    def _let_admin_in(self):
        companies = self._ref("company_alpenfunk") | self._ref("company_heidefunk")
        for name in ("base.user_admin", "base.user_root"):
            self.env.ref(name).company_ids |= companies
        self.env.ref("base.user_admin").company_id = companies[0]
