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
    "res.partner-workers",
    "fsm.person",
    "fsm.person.skill",
    "crowd.membership",
    "crowd.cost",
    "res.partner",
    "res.partner-places",
    "fsm.location",
    "crowd.preference",
    "res.users",
    "res.users-workers",
    "helpdesk.ticket.team",
    "crowd.reach",
    "crowd.reach.line",
)
POLICIES = ("crowd_policy_remote", "crowd_policy_together", "crowd_policy_crowd_first")


class CrowdDemo(models.AbstractModel):
    """Two telecoms, their people and what happened in the last year."""

    _name = "crowd.demo"
    _description = "Crowd Demo Data"

    @api.model
    def _load(self):
        """Create everything; called by the addon's demo data at installation only.

        One function instead of CSV files in the manifest: those would be read again
        with every update, and tracked, field by field, in everybody's chatter.
        """
        demo = self.with_context(tracking_disable=True, no_reset_password=True)
        _create_order_stages(self.env)
        self.env.ref("base.CHF").active = True
        for name in MODELS_BEFORE_PEOPLE:
            demo._load_csv(name)
        demo._name_technicians()
        demo._load_logos()
        for name in PEOPLE:
            demo._load_csv(name)
        demo._settle()
        demo._load_customers()
        demo._load_territories()
        year = demo._reserve_year()
        demo._load_history()
        demo._load_year(last=year)
        demo._load_targets()
        demo._load_availability()
        demo._load_policies()
        demo._load_rotas()
        demo._load_risk()

    @api.model
    def _load_policies(self):
        """Give both companies ladders that are shipped; agents start them."""
        for company in ("company_alpenfunk", "company_heidefunk"):
            for name in POLICIES:
                known = "%s_%s" % (name, company)
                if not self.env.ref("%s.%s" % (MODULE, known), False):
                    shipped = self.env.ref("crowd_service." + name)
                    own = {"name": shipped.name, "active": True}
                    own["company_id"] = self._ref(company).id
                    self._remember({known: shipped.copy(own)})

    @api.model
    def _load_csv(self, name):
        """Create the records of ``<model>[-<what>].csv``, and their external ids.

        The columns are those of Odoo's import, but all records of a file are created
        at once, which is several times faster. What an earlier installation left
        behind is used again.
        """
        with file_open("crowd_service/demo/%s.csv" % name) as file:
            rows = list(csv.DictReader(file))
        model = self.env[name.split("-")[0]]
        known = self._find_known(model)
        new = [row for row in rows if row["id"] not in known]
        for row in rows:
            if row["id"] in known:
                known[row["id"]].write(self._read_row(model, row))
        records = model.create([self._read_row(model, row) for row in new])
        self._remember({row["id"]: record for row, record in zip(new, records)})

    @api.model
    def _find_known(self, model):
        """Return ``{name: record}`` of ``model``'s demo records that exist."""
        known = self.env["ir.model.data"].search(
            [("module", "=", MODULE), ("model", "=", model._name)]
        )
        records = model.browse(known.mapped("res_id")).exists()
        return {
            data.name: model.browse(data.res_id)
            for data in known
            if data.res_id in records.ids
        }

    @api.model
    def _read_row(self, model, row):
        """Return the values of a row; empty cells are left to the defaults."""
        values = {}
        for column, text in row.items():
            name, _colon, is_ref = column.partition(":")
            if text and name != "id":
                field = model._fields[name]
                values[name] = self._read_cell(field, text, is_ref)
        return values

    @api.model
    def _read_cell(self, field, text, is_ref):
        if is_ref:
            ids = [self._id(name) for name in text.split(",")]
            return [(6, 0, ids)] if field.type == "many2many" else ids[0]
        if field.type in ("boolean", "integer"):
            return int(text)
        return text

    @api.model
    def _id(self, name):
        """Return the id of a record of the demo data, or of an addon's."""
        name = name if "." in name else "%s.%s" % (MODULE, name)
        return self.env["ir.model.data"].xmlid_to_res_id(name, raise_if_not_found=True)

    @api.model
    def _ref(self, name):
        """Return a record of the demo data."""
        return self.env.ref("%s.%s" % (MODULE, name))

    @api.model
    def _remember(self, records):
        """Give ``{name: record}`` their external ids."""
        self.env["ir.model.data"]._update_xmlids(
            [
                {
                    "xml_id": "%s.%s" % (MODULE, name),
                    "record": record,
                    "noupdate": True,
                }
                for name, record in records.items()
            ]
        )

    @api.model
    def _name_technicians(self):
        """Each company made a community of its technicians itself: give it an id."""
        for prefix in ("alpen", "heide"):
            company = self._ref("company_%sfunk" % prefix)
            company._crowd_setup()  # new companies have it, those found again do not
            community = self.env["crowd.community"].search(
                [("company_id", "=", company.id), ("is_internal", "=", True)]
            )
            self._remember({"community_%s_techs" % prefix: community})

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
    def _settle(self):
        """Say who answers for what, and let the administrator see both companies."""
        companies = self.env["res.company"]
        for prefix in ("alpen", "heide"):
            company = self._ref("company_%sfunk" % prefix)
            company.write(
                {
                    "crowd_fallback_user_id": self._id("user_manager"),
                    "crowd_fsm_team_id": self._id("fsm_team_%s" % prefix),
                }
            )
            companies |= company
        for name in ("base.user_admin", "base.user_root"):
            self.env.ref(name).company_ids |= companies
        self.env.ref("base.user_admin").company_id = companies[0]
