from odoo import _, api, models
from odoo.exceptions import UserError

from .. import matching

MEMBERS = """
SELECT m.id FROM crowd_membership m
  JOIN crowd_community c ON c.id = m.community_id
 WHERE c.company_id = %s AND c.active
"""
# so few that PostgreSQL does not think of compiling the statement, which takes longer
MEMBERS_AT_ONCE = 500


class CrowdMatcher(models.AbstractModel):
    """Who could do a ticket, and how well.

    Finding, fetching the facts and judging them are apart: the rules are in
    ``matching``. The caller has made sure that the user may: facts about members are
    read by SQL, because agents may not read positions and loads themselves.
    """

    _name = "crowd.matcher"
    _description = "Crowd Matcher"

    @api.model
    def _match(self, ticket, dispatch=None, limit=50, near_misses=True, narrow=None):
        """Find the best workers for a ticket, and those whom little keeps out.

        :param dispatch: says who was asked already; by default the ticket's open one
        :param limit: how many ranked candidates to return at most
        :param narrow: :class:`matching.Narrow`; none: all whom the service is meant for
        :return: :class:`matching.MatchResult`
        :raise UserError: when the ticket cannot be matched, saying what to do
        """
        ask = self._read_ask(ticket, dispatch, narrow)
        if not ask.community_ids:
            return matching.MatchResult()
        field = self._find_field(ask)
        judged = self._search_best(ask, field, limit)
        near = self._search_near(ask, field, judged) if near_misses else []
        return matching.sort_out(ask.request, judged, near, limit)

    @api.model
    def _judge(self, ticket, workers, dispatch=None, narrow=None):
        """Judge some workers, however far away.

        :return: ``{worker id: matching.Candidate}``, unranked
        :raise UserError: as :meth:`_match`
        """
        ask = self._read_ask(ticket, dispatch, narrow)
        verdicts = matching.best_of_each(self._weigh_workers(ask, workers.ids))
        return {v.worker_id: matching.tell(ask.request, v) for v in verdicts}

    @api.model
    def _explain(self, ticket, worker, dispatch=None):
        """Judge one worker, however far away: why him, or why not.

        :return: :class:`matching.Candidate` without a rank
        :raise UserError: when there is no such worker, or as :meth:`_match`
        """
        found = self._judge(ticket, worker, dispatch)
        if worker.id not in found:
            raise UserError(_("There is no worker with the id %s.") % worker.id)
        return found[worker.id]

    @api.model
    def _match_all(self, ticket, dispatch=None, limit=50, narrow=None):
        """Judge every member of the company: what :meth:`_match` has to equal.

        For tests and counts; it takes as long as the crowd is large.
        """
        ask = self._read_ask(ticket, dispatch, narrow)
        return matching.rank(ask.request, list(self._read_everybody(ask)), limit)

    @api.model
    def _survey(self, ticket, dispatch=None):
        """Count every member of the company by the first rule that keeps him out.

        :return: :class:`matching.Survey`
        """
        ask = self._read_ask(ticket, dispatch)
        return matching.survey(ask.request, self._read_everybody(ask))

    @api.model
    def _read_everybody(self, ask):
        """Yield the facts of every member of the company's communities."""
        self.env.cr.execute(MEMBERS, (ask.company_id,))
        ids = [row[0] for row in self.env.cr.fetchall()]
        for start in range(0, len(ids), MEMBERS_AT_ONCE):
            some = ids[start : start + MEMBERS_AT_ONCE]
            yield from self._read_members(ask, some)

    @api.model
    def _check_matchable(self, ticket):
        """Raise a sentence that says what to do, if the ticket cannot be matched."""
        ticket.ensure_one()
        ticket = ticket.sudo()  # service and location may belong to others
        service, location = ticket.crowd_service_id, ticket.fsm_location_id
        sentence = False
        if ticket.stage_id.closed:
            sentence = _("%(ticket)s is closed: reopen it first.")
        elif not service:
            sentence = _("%(ticket)s has no service: choose what is to be done.")
        elif service.crowd_place == "on_site" and not location:
            sentence = _(
                "%(ticket)s has no location, but “%(service)s” is done on site: choose "
                "the location."
            )
        elif service.crowd_place == "on_site" and not location.is_located:
            sentence = _(
                "The position of “%(location)s” is unknown: open the location and find "
                "its position, or enter the coordinates."
            )
        if sentence:
            raise UserError(
                sentence
                % {
                    "ticket": ticket.number,
                    "service": service.name,
                    "location": location.name,
                }
            )
