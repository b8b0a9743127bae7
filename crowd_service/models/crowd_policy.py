from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class CrowdPolicy(models.Model):
    """A ladder, and the tickets it is meant for."""

    _name = "crowd.policy"
    _description = "Crowd Policy"
    _inherit = ["crowd.company.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        default=10, help="Of several policies that fit, the first one counts."
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
        help="Empty: for all companies.",
    )
    description = fields.Text(translate=True, help="What it is good for.")
    is_automatic = fields.Boolean(
        string="Starts by itself",
        help="As soon as a ticket that it fits has a service. Otherwise an agent "
        "starts it.",
    )
    step_ids = fields.One2many("crowd.policy.step", "policy_id", copy=True)

    service_ids = fields.Many2many(
        "product.template",
        string="Services",
        domain="[('is_crowd_service', '=', True)]",
        help="Empty: all.",
    )
    team_ids = fields.Many2many(
        "helpdesk.ticket.team", string="Teams", help="Empty: all."
    )
    territory_ids = fields.Many2many(
        "res.territory", string="Territories", help="Of the location. Empty: all."
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="Customers",
        help="A company stands for everybody who belongs to it. Empty: all.",
    )
    least_priority = fields.Selection(
        [("0", "Any"), ("1", "Medium"), ("2", "High"), ("3", "Very high")],
        string="Priority at least",
        required=True,
        default="0",
    )
    place = fields.Selection(
        [("any", "Any"), ("on_site", "On site"), ("remote", "Remote")],
        string="Place of work",
        required=True,
        default="any",
    )
    hours = fields.Selection(
        [
            ("any", "Any time"),
            ("inside", "In desk hours"),
            ("outside", "Outside desk hours"),
        ],
        string="When it starts",
        required=True,
        default="any",
        help="Desk hours are those of the ticket's team.",
    )

    @api.constrains("step_ids", "name")  # a name is given to each new one
    def _check_steps(self):
        for policy in self:
            kinds = policy.step_ids.sorted().mapped("kind")
            if not kinds or kinds[-1] != "escalate":
                raise ValidationError(
                    _(
                        "The last step of “%s” must escalate: somebody inside the "
                        "company has to answer for the ticket."
                    )
                    % policy.name
                )
            if "offer" in kinds[kinds.index("escalate") :]:
                raise ValidationError(
                    _(
                        "“%s”: an offer cannot stand below an escalation. Once "
                        "somebody inside is asked, he decides."
                    )
                    % policy.name
                )

    def copy_data(self, default=None):
        copies = super().copy_data(default)
        if "name" not in (default or {}):
            for policy, values in zip(self, copies):
                values["name"] = _("%s (copy)") % policy.name
        return copies

    def action_use(self):
        """Copy a policy that is shipped for the user's company, and switch it on."""
        self.ensure_one()
        company = self.env.company
        own = self.copy({"name": self.name, "company_id": company.id, "active": True})
        return own.get_formview_action()

    # ------------------------------------------------------------------
    # choice
    # ------------------------------------------------------------------

    @api.model
    def _choose(self, ticket):
        """Return ``(policy, why)``: the one for ``ticket``, and a sentence.

        The agent's own choice, else the first that fits; no policy and "" when none.
        """
        ticket = ticket.sudo()  # conditions look at customers and places
        if ticket.crowd_policy_id:
            return ticket.crowd_policy_id, _("Chosen on the ticket.")
        found = self.sudo().search(
            [("company_id", "in", (ticket.company_id.id, False))]
        )
        facts = self._read_facts(ticket)
        for policy in found:
            if policy._fits(facts):
                return policy, policy._word_why()
        return self.browse(), ""

    @api.model
    def _read_facts(self, ticket):
        """Return what the conditions of policies are about."""
        customer = ticket.partner_id
        return {
            "service_ids": ticket.crowd_service_id,
            "team_ids": ticket.team_id,
            "territory_ids": ticket.fsm_location_id.territory_id,
            "partner_ids": customer | customer.commercial_partner_id,
            "priority": ticket.priority or "0",
            "place": ticket.crowd_service_id.crowd_place or "on_site",
            "is_inside": ticket.team_id._crowd_is_desk_time(
                self.env["crowd.clock"].now()
            ),
        }

    def _fits(self, facts):
        """Tell whether a ticket with these ``facts`` is meant."""
        is_named = all(
            not self[name] or self[name] & facts[name]
            for name in self._many_conditions()
        )
        return (
            is_named
            and facts["priority"] >= self.least_priority
            and self.place in ("any", facts["place"])
            and self.hours in ("any", "inside" if facts["is_inside"] else "outside")
        )

    @api.model
    def _many_conditions(self):
        return ("service_ids", "team_ids", "territory_ids", "partner_ids")

    def _word_why(self):
        """Return in a sentence which conditions made it the first that fits."""
        conditions = [
            self._fields[name]._description_string(self.env)
            for name in self._many_conditions()
            if self[name]
        ]
        for name, nothing in (
            ("least_priority", "0"),
            ("place", "any"),
            ("hours", "any"),
        ):
            if self[name] != nothing:
                labels = dict(self._fields[name]._description_selection(self.env))
                string = self._fields[name]._description_string(self.env)
                conditions.append("%s: %s" % (string, labels[self[name]]))
        if not conditions:
            return _("The first policy in order; it has no conditions.")
        return _("The first policy in order that fits (%s).") % ", ".join(conditions)
