from markupsafe import Markup

from odoo import _, fields, models
from odoo.exceptions import UserError

from .. import race
from .crowd_dispatch import HELD_STATES


class CrowdDispatch(models.Model):
    """Rounds and waves: whom a dispatch asks."""

    _inherit = "crowd.dispatch"

    def _offer_best(self):
        """Begin a new round with the best candidates; return how many were asked."""
        self.round += 1
        result = self.env["crowd.matcher"]._match(self.ticket_id, dispatch=self)
        best = result.ranked[: self.wave_size]
        self.env["crowd.candidate"]._store(self, result)
        return self._offer_to(best) if best else 0

    def _offer_to_workers(self, worker_ids, minutes):
        """Ask these workers in the present round; those already asked are left out.

        :raise UserError: when one of them cannot be asked, with the reason
        """
        self._check_can_ask()
        if not self.round:
            self.round = 1
        asked = self._asked_workers()
        wanted = [i for i in dict.fromkeys(worker_ids) if i not in asked.ids]
        if not wanted:
            return 0
        workers = self.env["fsm.person"].browse(wanted)
        judged = self.env["crowd.matcher"]._judge(self.ticket_id, workers, self)
        self._check_askable(workers, judged)
        result = self.env["crowd.matcher"]._match(self.ticket_id, dispatch=self)
        ranked = {candidate.worker_id: candidate for candidate in result.ranked}
        chosen = [ranked.get(i) or judged[i] for i in wanted]
        self.env["crowd.candidate"]._store(self, result, chosen)
        if self.state in ("draft", "escalated"):
            self._plan_by_hand(self._in_minutes(minutes or self.offer_minutes))
        return self._offer_to(chosen, minutes)

    def _check_can_ask(self):
        self.company_id._crowd_check_not_stopped()
        if self.state in HELD_STATES:
            raise UserError(
                _(
                    "%(worker)s has this job. Others can be asked after he gave it back "
                    "or the desk took it from him."
                )
                % {"worker": self.worker_id.name}
            )

    def _asked_workers(self):
        """Return the workers who already have an offer of this round."""
        return self.offer_ids.filtered(lambda o: o.round == self.round).worker_id

    def _check_askable(self, workers, judged):
        """Raise with a sentence for each worker who is no candidate."""
        words = self.env["crowd.matcher"]
        sentences = [
            words._word_why_not(judged.get(worker.id), worker)
            for worker in workers
            if worker.id not in judged or judged[worker.id].excluded_reason
        ]
        if sentences:
            raise UserError("\n".join(sentences))

    def _offer_to(self, candidates, minutes=0, step=None, ends=()):
        """Send one wave of offers to ``matching.Candidate`` s; return how many.

        :param minutes: how long the offers stand; 0: what the step or the dispatch says
        :param step: ``crowd.dispatch.step`` of the ladder that asks
        :param ends: instants at which the offers end at the latest
        """
        self.ensure_one()
        minutes = minutes or (step or self).offer_minutes
        expires_at = min([self._in_minutes(minutes), *ends])
        number = len(self.offer_ids)
        base = self._prepare_offer_base()
        if step:
            base.update(step_id=step.id, bonus=step.bonus)
        offers = self.env["crowd.offer"].create(
            [
                dict(
                    base,
                    **self._prepare_offer(candidate),
                    name="%s-%d" % (self.name, number + place),
                    expires_at=expires_at,
                )
                for place, candidate in enumerate(candidates, start=1)
            ]
        )
        self._after_wave(offers, expires_at, step)
        return len(offers)

    def _prepare_offer(self, candidate):
        """Return what an offer has from its ``matching.Candidate``."""
        return {
            "worker_id": candidate.worker_id,
            "worker_type": candidate.worker_type,
            "membership_id": candidate.membership_id,
            "community_id": candidate.community_id,
            "rank": candidate.rank,
            "score": candidate.score,
            "has_distance": candidate.distance_km is not None,
            "distance_km": candidate.distance_km or 0.0,
        }

    def _prepare_offer_base(self):
        """Return what every offer of this dispatch has in common now."""
        return {
            "dispatch_id": self.id,
            "ticket_id": self.ticket_id.id,
            "company_id": self.company_id.id,
            "service_id": self.service_id.id,
            "state": "sent",
            "round": self.round,
            "wave": max(self.offer_ids.mapped("wave") or [0]) + 1,
            "sent_at": self._now(),
            "price": self.service_id.list_price,
        }

    def _after_wave(self, offers, expires_at, step=None):
        if self.state != "offered":
            if self.state != "searching":
                self._move("searching")
            self._move("offered", offered_at=self.offered_at or self._now())
        self._record("wave", quantity=len(offers))
        self._close_escalations("closed")
        self.env["crowd.delivery"]._queue(
            "offer", offers=offers, **self._gateways_of(step)
        )
        self._set_deadline()
        self._in_desk_language()._note_wave(offers, expires_at)

    def _note_wave(self, offers, expires_at):
        """One note on the ticket per wave: people are many, readers are few."""
        until = fields.Datetime.context_timestamp(self, expires_at)
        text = _("%(quantity)s people asked, until %(until)s (%(zone)s).") % {
            "quantity": len(offers),
            "until": until.strftime("%H:%M"),
            "zone": until.tzname(),
        }
        self.ticket_id.message_post(
            body=Markup("<p>%s</p>") % text, subtype_xmlid="mail.mt_note"
        )

    # ------------------------------------------------------------------
    # the desk names somebody
    # ------------------------------------------------------------------

    def _assign_worker(self, worker, origin="desk", channel="desk"):
        """Give the job to ``worker`` without asking: the desk or he himself decided.

        The same transitions as for anybody: an offer, accepted on behalf.

        :raise UserError: when he may not take it
        """
        self.ensure_one()
        race.lock(self)
        self._take_from_worker()
        if self.state in ("draft", "paused"):
            self._move("searching")
        offer = self._offer_for(worker, origin)
        offer._count_accept()
        refusal = offer._refusal()
        if refusal:
            raise UserError(
                _("%(worker)s cannot take the job: %(why)s")
                % {"worker": worker.name, "why": refusal["message"]}
            )
        offer._win(channel, on_behalf=origin == "desk")
        return offer

    def _take_from_worker(self):
        """The desk takes the job from whoever holds it."""
        offer = self.accepted_offer_id
        if offer.state == "accepted":
            self._take_back(offer)
            self._release()

    def _offer_for(self, worker, origin):
        """Return an open offer of this round for ``worker``, made if need be."""
        known = self.offer_ids.filtered(
            lambda o: o.worker_id == worker and o.round == self.round
        )
        if known.state == "sent":
            return known
        if known:
            self.round += 1
        member = self._membership_of(worker)
        return self.env["crowd.offer"].create(
            dict(
                self._prepare_offer_base(),
                name="%s-%d" % (self.name, len(self.offer_ids) + 1),
                expires_at=self._in_minutes(self.offer_minutes),
                worker_id=worker.id,
                worker_type=worker.worker_type,
                membership_id=member.id,
                community_id=member.community_id.id,
                origin=origin,
            )
        )

    def _membership_of(self, worker):
        """Return the active membership of ``worker`` in the ticket's company."""
        member = self.env["crowd.membership"].search(
            [
                ("worker_id", "=", worker.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "active"),
            ],
            order="id",
            limit=1,
        )
        if not member:
            raise UserError(
                _(
                    "%(worker)s is no active member of a community of %(company)s. "
                    "Add the membership first."
                )
                % {"worker": worker.name, "company": self.company_id.name}
            )
        return member
