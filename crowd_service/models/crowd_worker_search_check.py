import logging

from odoo import _, api, fields, models

from .. import race

_logger = logging.getLogger(__name__)
LAST_CHECK = "crowd_service.search_check"
NAMED = 20  # memberships that the log names


class CrowdWorkerSearch(models.Model):
    """The nightly check: whatever by-passed the ORM is found, mended and reported."""

    _inherit = "crowd.worker.search"

    @api.model
    def _cron_check(self):
        """Compare all rows with the facts, mend those that differ, and say so.

        Each batch has a transaction of its own: a large crowd takes longer than Odoo
        lets a transaction run.

        :return: ids of the memberships whose rows were mended
        """
        mended = []
        for members in self._in_batches(self._all_ids(None)):
            mended += race.decide(
                self.env,
                lambda env, some=members: env[self._name]._check_batch(some),
                busy=[],
            )
        self._report(mended)
        return mended

    @api.model
    def _check_batch(self, membership_ids):
        drifted = self._drifted(membership_ids)
        if drifted:
            self._sync(drifted)
        return drifted

    @api.model
    def _report(self, mended):
        """Log what was mended, and keep a sentence for the settings."""
        if mended:
            _logger.warning(
                "Search table: the rows of %d memberships had to be mended (%s ...)",
                len(mended),
                ", ".join(map(str, mended[:NAMED])),
            )
        now = fields.Datetime.to_string(self.env["crowd.clock"].now())
        self.env["ir.config_parameter"].sudo().set_param(  # nobody else writes it
            LAST_CHECK, "%s %d" % (now, len(mended))
        )

    @api.model
    def _last_check(self):
        """Return a sentence on the last check, in the user's words."""
        kept = self.env["ir.config_parameter"].sudo().get_param(LAST_CHECK)
        if not kept:
            return _("Not checked yet.")
        moment, mended = kept.rsplit(" ", 1)
        moment = fields.Datetime.to_datetime(moment)
        local = fields.Datetime.context_timestamp(self, moment)
        return _("%(at)s: %(mended)s members had to be mended.") % {
            "at": local.strftime("%Y-%m-%d %H:%M"),
            "mended": mended,
        }
