from odoo import api, models


class FSMLocation(models.Model):
    _name = "fsm.location"
    _inherit = ["fsm.location", "crowd.position.mixin"]

    @api.model_create_multi
    def create(self, vals_list):
        # fieldservice's create takes one record at a time
        locations = self.browse()
        for vals in vals_list:
            locations |= super(FSMLocation, self).create(
                self._with_position(dict(vals))
            )
        return locations

    def write(self, vals):
        vals = self._with_position(dict(vals))
        return super(FSMLocation, self._telling_located(vals)).write(vals)
