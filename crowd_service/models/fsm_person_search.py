from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.osv import expression


def _leaves_as_tuples(domain):
    """Return ``domain`` in a form that field service does not answer by itself.

    It takes a leaf on ``location_ids`` that came as a list (from a client) for its own
    SQL, and gives workers of every company. As tuples such leaves go the ordinary way,
    on the location that is meant: by id, or by a part of its name.
    """
    if not isinstance(domain, list):
        return domain
    return [
        _leaf(*part) if isinstance(part, (list, tuple)) and len(part) == 3 else part
        for part in domain
    ]


def _leaf(name, operator, value):
    if name != "location_ids":
        return (name, operator, value)
    if isinstance(value, str):
        return ("location_ids.location_id.complete_name", operator, value)
    return ("location_ids.location_id", operator, value)


class FSMPerson(models.Model):
    """How workers are looked for."""

    _inherit = "fsm.person"

    crowd_missing_skill_ids = fields.Many2many(
        "hr.skill",
        string="Skills he lacks",
        compute="_compute_crowd_missing_skill_ids",
        search="_search_crowd_missing_skill_ids",
        help="For domains: 'not in' a list of skills finds who has them all, and "
        "everybody if the list is empty.",
    )

    @api.depends("skill_ids.skill_id")
    def _compute_crowd_missing_skill_ids(self):
        skills = self.env["hr.skill"].search([])
        for worker in self:
            worker.crowd_missing_skill_ids = skills - worker.skill_ids.skill_id

    @api.model
    def _search_crowd_missing_skill_ids(self, operator, value):
        """Find who has all skills of the list, or (``in``) who lacks one of them."""
        if operator not in ("in", "not in"):
            raise UserError(_("Look for missing skills with a list of them."))
        has_all = expression.AND(
            [[("skill_ids.skill_id", "=", skill_id)] for skill_id in value]
        )
        return has_all if operator == "not in" else ["!"] + has_all

    @api.model
    def search(self, *args, **kwargs):
        return super().search(
            *map(_leaves_as_tuples, args),
            **{name: _leaves_as_tuples(value) for name, value in kwargs.items()},
        )

    @api.model
    def name_search(self, *args, **kwargs):
        return super().name_search(
            *map(_leaves_as_tuples, args),
            **{name: _leaves_as_tuples(value) for name, value in kwargs.items()},
        )
