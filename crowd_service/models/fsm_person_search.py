from odoo import api, fields, models
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

    crowd_has_skill_ids = fields.Many2many(
        "hr.skill",
        string="Has the skills",
        compute="_compute_crowd_has_skill_ids",
        search="_search_crowd_has_skill_ids",
        help="Looked for with a list of skills: who has them all.",
    )

    @api.depends("skill_ids.skill_id")
    def _compute_crowd_has_skill_ids(self):
        for worker in self:
            worker.crowd_has_skill_ids = worker.skill_ids.skill_id

    @api.model
    def _search_crowd_has_skill_ids(self, operator, value):
        """Whoever has *all* skills of the list; everybody, if it is empty."""
        if operator not in ("in", "="):
            return [("skill_ids.skill_id", operator, value)]
        skills = value if isinstance(value, (list, tuple)) else [value]
        return expression.AND(
            [[("skill_ids.skill_id", "=", skill_id)] for skill_id in skills if skill_id]
        )

    @api.model
    def search(self, *args, **kwargs):
        return super().search(
            *map(_leaves_as_tuples, args),
            **{name: _leaves_as_tuples(value) for name, value in kwargs.items()}
        )

    @api.model
    def name_search(self, *args, **kwargs):
        return super().name_search(
            *map(_leaves_as_tuples, args),
            **{name: _leaves_as_tuples(value) for name, value in kwargs.items()}
        )
