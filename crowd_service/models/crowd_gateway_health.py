from odoo import _, api, fields, models

FLAGGED_AFTER = 3  # failures in a row


class CrowdGateway(models.Model):
    """Whether a gateway works, read from its messages; whether it is of this database.

    Sending writes nothing here: many messages go out at once.
    """

    _inherit = "crowd.gateway"

    last_success_at = fields.Datetime(compute="_compute_health")
    last_failure_at = fields.Datetime(compute="_compute_health")
    failures_in_row = fields.Integer(
        string="Failures since then",
        compute="_compute_health",
        help="Messages that failed since the last one that went out; 99 at most.",
    )
    is_flagged = fields.Boolean(
        string="Does not work",
        compute="_compute_health",
        help="The last three messages failed.",
    )
    database_uuid = fields.Char(
        readonly=True, copy=False, groups="base.group_system", string="Enabled for"
    )
    is_foreign = fields.Boolean(
        string="Enabled elsewhere",
        compute="_compute_is_foreign",
        compute_sudo=True,
        help="This database is a copy: the gateway sends nothing until it is enabled.",
    )

    def init(self):
        res = super().init()
        self.env.cr.execute(
            "UPDATE crowd_gateway SET database_uuid = p.value"
            " FROM ir_config_parameter p"
            " WHERE p.key = 'database.uuid' AND database_uuid IS NULL"
        )
        return res

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["database_uuid"] = self._database_uuid()
        return super().create(vals_list)

    @api.model
    def _database_uuid(self):
        parameters = self.env["ir.config_parameter"].sudo()  # no secret
        return parameters.get_param("database.uuid")

    def _compute_health(self):
        self.env["crowd.delivery"].flush()
        self.env.cr.execute(
            """
            SELECT g.id, h.success, h.failure, (
                   SELECT count(*) FROM (
                   SELECT FROM crowd_delivery d
                    WHERE d.gateway_id = g.id AND d.failed_at IS NOT NULL
                      AND d.failed_at > COALESCE(h.success, '-infinity')
                    LIMIT 99) AS f)
              FROM crowd_gateway g
             CROSS JOIN LATERAL (
                   SELECT (SELECT max(sent_at) FROM crowd_delivery d
                            WHERE d.gateway_id = g.id) AS success,
                          (SELECT max(failed_at) FROM crowd_delivery d
                            WHERE d.gateway_id = g.id
                              AND d.failed_at IS NOT NULL) AS failure
                   ) AS h
             WHERE g.id IN %s
            """,
            (tuple(self.ids) or (0,),),
        )
        facts = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        for gateway in self:
            success, failure, count = facts.get(gateway.id, (False, False, 0))
            gateway.last_success_at = success
            gateway.last_failure_at = failure
            gateway.failures_in_row = count
            gateway.is_flagged = count >= FLAGGED_AFTER

    def _compute_is_foreign(self):
        for gateway in self:
            gateway.is_foreign = gateway._is_foreign()

    def _is_foreign(self):
        """Tell whether it was enabled for the database that this one is a copy of."""
        if self.kind == "activity":
            return False  # it leads to nobody outside
        return self.sudo().database_uuid != self._database_uuid()

    def action_enable(self):
        """Let the gateway send from this database."""
        self.check_access_rights("write")
        self.check_access_rule("write")
        uuid = self._database_uuid()
        self.sudo().write({"database_uuid": uuid})  # hidden from those who may do it
        return True

    def action_view_deliveries(self):
        """Open its messages."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crowd_service.crowd_delivery_action"
        )
        action["domain"] = [("gateway_id", "=", self.id)]
        action["context"] = {}
        action["display_name"] = _("Messages over %s") % self.name
        return action
