from itertools import groupby

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.crowd_candidate import TOP_STORED

TABLE = Markup(
    '<table class="table table-sm"><thead>%s</thead><tbody>%s</tbody></table>'
)
ROW = Markup("<tr>%s</tr>")
HEAD, CELL = Markup("<th>%s</th>"), Markup("<td>%s</td>")
HEAD_NUMBER = Markup('<th class="text-right">%s</th>')
NUMBER = Markup('<td class="text-right">%s</td>')


class CrowdWhyNot(models.TransientModel):
    """The full verdict on any worker: today's, and those of earlier rounds."""

    _name = "crowd.why.not"
    _description = "Why not this worker?"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        required=True,
        readonly=True,
        auto_join=True,  # the rule follows it, without listing all of them
    )
    match_id = fields.Many2one("crowd.match", readonly=True, ondelete="cascade")
    worker_id = fields.Many2one("fsm.person", string="Worker")
    verdict = fields.Char(string="Now", compute="_compute_verdict")
    is_askable = fields.Boolean(compute="_compute_verdict")
    details = fields.Html(string="In detail", compute="_compute_verdict")
    history = fields.Html(string="In earlier rounds", compute="_compute_verdict")

    @api.depends_context("lang", "tz")
    @api.depends("ticket_id", "worker_id")
    def _compute_verdict(self):
        for wizard in self:
            wizard.update(
                {
                    "verdict": False,
                    "is_askable": False,
                    "details": False,
                    "history": False,
                }
            )
            if wizard.worker_id and wizard.ticket_id:
                wizard._check_may_ask()
                wizard.update(wizard._judge_now())
                wizard.history = wizard._tell_history()

    @api.model
    def _open(self, ticket, match=None):
        """Return the action that asks about a worker of ``ticket``.

        :param match: the Match screen to come back to
        """
        wizard = self.create(
            {"ticket_id": ticket.id, "match_id": match.id if match else False}
        )
        return {
            "type": "ir.actions.act_window",
            "name": _("Why not this worker?"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_back(self):
        """Go back to the list of candidates."""
        self.ensure_one()
        return self.match_id._action()

    def _check_may_ask(self):
        self.ticket_id._check_may_match()
        self.worker_id.check_access_rights("read")
        self.worker_id.check_access_rule("read")

    # ------------------------------------------------------------------
    # now
    # ------------------------------------------------------------------

    def _judge_now(self):
        """Return the values that tell today's verdict."""
        matcher = self.env["crowd.matcher"]
        try:
            matcher._check_matchable(self.ticket_id)
        except UserError as error:  # earlier rounds can be told all the same
            return {"verdict": error.args[0]}
        verdict = matcher._give_verdict(self.ticket_id, self.worker_id)
        found = verdict.found
        return {
            "verdict": matcher._word_verdict(verdict),
            "is_askable": not found.excluded_reason,
            "details": self._tell_rules(found)
            if found.excluded_reason
            else self._tell_parts(verdict),
        }

    def _tell_rules(self, found):
        """Return a table of every rule that the worker fails."""
        matcher = self.env["crowd.matcher"]
        rows = [
            (CELL % matcher._word_reason(code), CELL % matcher._word_remark(code, data))
            for code, data in found.reasons
        ]
        titles = (HEAD % _("Why not"), HEAD % _("By how much"))
        return self._make_table(titles, rows)

    def _tell_parts(self, verdict):
        """Return a table of the parts of the score."""
        rows = [
            (CELL % part, NUMBER % points, NUMBER % most, CELL % words)
            for part, points, most, words in self.env["crowd.matcher"]._word_parts(
                verdict
            )
        ]
        titles = (
            HEAD % _("Part"),
            HEAD_NUMBER % _("Points"),
            HEAD_NUMBER % _("At most"),
            HEAD % _("Why"),
        )
        return self._make_table(titles, rows)

    def _make_table(self, titles, rows):
        body = Markup().join(ROW % Markup().join(row) for row in rows)
        return TABLE % (ROW % Markup().join(titles), body)

    # ------------------------------------------------------------------
    # earlier rounds
    # ------------------------------------------------------------------

    def _tell_history(self):
        """Return a list with what every stored round found about the worker."""
        lines = [self._tell_round(*found) for found in self._read_rounds()]
        if not lines:
            return False
        return Markup("<ul>%s</ul>") % Markup().join(
            Markup("<li>%s</li>") % line for line in lines
        )

    def _read_rounds(self):
        """Return ``(candidate, candidates)`` per stored round, oldest first: of the
        worker, perhaps empty, and of everybody."""
        kept = self.env["crowd.candidate"].search(
            [("dispatch_id.ticket_id", "=", self.ticket_id.id)],
            order="dispatch_id, round, rank, id",
        )
        rounds = []
        for _key, some in groupby(kept, lambda c: (c.dispatch_id.id, c.round)):
            group = kept.browse([candidate.id for candidate in some])
            mine = group.filtered(lambda c: c.worker_id.id == self.worker_id.id)
            rounds.append((mine, group))
        return rounds

    def _tell_round(self, mine, group):
        """Return what a round found about the worker, in a sentence."""
        first = group[0]
        when = self.env["crowd.matcher"]._word_moment(
            first.judged_at or first.create_date
        )
        return _("%(dispatch)s, round %(round)s, %(when)s: %(found)s") % {
            "dispatch": first.dispatch_id.name,
            "round": first.round,
            "when": when,
            "found": self._tell_candidate(mine, group)
            if mine
            else _("was neither among the best nor a near miss then."),
        }

    def _tell_candidate(self, mine, group):
        if mine.excluded_reason:
            reason = self.env["crowd.matcher"]._word_reason(mine.excluded_reason)
            detail = mine.excluded_detail
            words = f"{reason} ({detail})" if detail else reason
            return _("near miss: %s.") % words
        ranked = len(group.filtered(lambda c: not c.excluded_reason))
        words = {
            "rank": mine.rank,
            "ranked": min(ranked, TOP_STORED),
            "points": self.env["crowd.matcher"]._word_number(mine.score),
            "why": mine.reasons,
        }
        if mine.rank > TOP_STORED:
            return (
                _("asked, but not among the best: %(points)s points, %(why)s.") % words
            )
        return _("rank %(rank)s of %(ranked)s, %(points)s points, %(why)s.") % words
