from odoo import _, api, fields, models
from odoo.exceptions import UserError

POSITION = ("partner_latitude", "partner_longitude")


def tells_place(vals):
    """Tell whether ``vals`` bring coordinates, zero included, and not "none"."""
    given = [vals[name] for name in POSITION if name in vals]
    return bool(given) and not any(v is None or v is False for v in given)


class CrowdPositionMixin(models.AbstractModel):
    """A record whose partner has a position on the map.

    The coordinates are the partner's; a partner's ``0, 0`` cannot say whether it is
    a place in the Gulf of Guinea or nothing at all, ``is_located`` does.
    """

    _name = "crowd.position.mixin"
    _description = "Position on the map"

    is_located = fields.Boolean(
        string="Located",
        copy=False,
        help="The position is known. Without it no distance can be told.",
    )
    position_source = fields.Selection(
        [
            ("manual", "By hand"),
            ("geocoded", "From the address"),
            ("imported", "Imported"),
            ("device", "From the person's device"),
        ],
        copy=False,
        readonly=True,
    )
    position_date = fields.Datetime(string="Position of", copy=False, readonly=True)

    @api.onchange(*POSITION)
    def _onchange_position(self):
        if any(self[name] for name in POSITION):
            self.is_located = True

    def _with_position(self, vals):
        """Return ``vals``, saying "located" when they bring coordinates.

        :raise ValidationError: when the coordinates are no place
        """
        self.env["res.partner"]._check_coordinates(vals)
        if any(name in vals for name in POSITION):
            vals.setdefault("is_located", tells_place(vals))
        if vals.get("is_located"):
            source = "imported" if self.env.context.get("import_file") else "manual"
            vals.setdefault("position_source", source)
            vals.setdefault("position_date", self.env["crowd.clock"].now())
        elif "is_located" in vals:
            vals.update(position_source=False, position_date=False)
        return vals

    def _telling_located(self, vals):
        """Return ``self``, letting the partner know what ``vals`` say.

        What reaches the partner are numbers: "no position" has become ``0, 0``.
        """
        if "is_located" not in vals:
            return self
        return self.with_context(crowd_is_located=bool(vals["is_located"]))

    def action_geocode(self):
        """Look the address up now; of several records, one job each."""
        self.check_access_rights("write")
        self.check_access_rule("write")  # before anybody outside is asked
        if len(self) > 1:
            for record in self:
                record.with_delay(
                    description=_("Position of %s") % record.display_name
                )._job_geocode()
            return True
        if not self._geocode():
            raise UserError(
                _("No position was found for the address of %s.") % self.display_name
            )
        return True

    def _job_geocode(self):
        """Look one address up in the background; tell whether it was found."""
        return self._geocode()

    def _geocode(self):
        self.ensure_one()
        found = self.env["crowd.geocoder"]._locate(self.partner_id)
        if found:
            self.write(
                {
                    "partner_latitude": found[0],
                    "partner_longitude": found[1],
                    "is_located": True,
                    "position_source": "geocoded",
                }
            )
        return bool(found)
