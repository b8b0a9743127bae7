import math

from odoo import _, api, models
from odoo.exceptions import UserError, ValidationError

from .crowd_position_mixin import POSITION, tells_place

LIMITS = {"partner_latitude": 90, "partner_longitude": 180}
TOLERANCE = 1e-6  # degrees: fields of 5 digits turn 90 into 90.00000000000001


class ResPartner(models.Model):
    _inherit = "res.partner"

    _sql_constraints = [
        (
            "crowd_latitude_check",
            "CHECK (partner_latitude IS NULL OR partner_latitude BETWEEN -90 AND 90)",
            "A latitude lies between -90 and 90 degrees.",
        ),
        (
            "crowd_longitude_check",
            "CHECK (partner_longitude IS NULL"
            " OR partner_longitude BETWEEN -180 AND 180)",
            "A longitude lies between -180 and 180 degrees.",
        ),
    ]

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_coordinates(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_coordinates(vals)
        res = super().write(vals)
        if any(name in vals for name in POSITION):
            told = self.env.context.get("crowd_is_located", tells_place(vals))
            self._mark_located(told)
        return res

    @api.model
    def _check_coordinates(self, vals):
        """Refuse coordinates that are no place, before numeric columns round them.

        :raise ValidationError: naming the field and the value
        """
        for name in POSITION:
            try:
                value = float(vals.get(name) or 0.0)
            except (TypeError, ValueError):
                value = math.nan
            # nan compares false as well
            if not abs(value) <= LIMITS[name] + TOLERANCE:
                raise ValidationError(
                    _(
                        "%(field)s: “%(value)s” is no coordinate. It must be a number "
                        "between -%(limit)s and %(limit)s degrees."
                    )
                    % {
                        "field": self._fields[name]._description_string(self.env),
                        "value": vals[name],
                        "limit": LIMITS[name],
                    }
                )

    def _mark_located(self, is_located):
        """Coordinates came to the partner directly: his worker and place know it."""
        for model in ("fsm.person", "fsm.location"):
            records = (
                self.env[model]
                .sudo()  # a partner's editor need not have rights on workers
                .with_context(active_test=False)
                .search(
                    [
                        ("partner_id", "in", self.ids),
                        ("is_located", "=", not is_located),
                    ]
                )
            )
            records.write({"is_located": is_located})

    def unlink(self):
        workers = self.env["fsm.person"].sudo().with_context(active_test=False)
        worker = workers.search([("partner_id", "in", self.ids)], limit=1)
        if worker:
            raise UserError(
                _("%s is a worker: archive the worker instead of deleting the contact.")
                % worker.name
            )
        return super().unlink()
