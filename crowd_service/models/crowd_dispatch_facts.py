from odoo import api, fields, models

#: Moments that figures are taken at.
EVENTS = {"offered_at", "assigned_at", "arrived_at", "closed_at"}
#: What became of dispatches from before the figures were kept.
FILL = """
    WITH accepted AS (
        SELECT DISTINCT ON (o.dispatch_id) o.dispatch_id, o.id, o.answered_at,
               o.worker_type, o.wave
          FROM crowd_offer AS o
          JOIN crowd_dispatch AS d ON d.id = o.dispatch_id
         WHERE d.first_accepted_at IS NULL
           AND o.answered_at IS NOT NULL
           AND o.state NOT IN ('declined', 'lost')
         ORDER BY o.dispatch_id, o.answered_at, o.id
    ), arrived AS (
        SELECT e.dispatch_id, min(e.at) AS at
          FROM crowd_event AS e
          JOIN crowd_dispatch AS d ON d.id = e.dispatch_id
         WHERE d.first_arrived_at IS NULL
           AND e.kind = 'state' AND e.to_state = 'in_progress'
         GROUP BY e.dispatch_id
    ), fact AS (
        SELECT d.id, d.started_at, d.offered_at, accepted.answered_at AS accepted_at,
               accepted.worker_type, accepted.wave, accepted.id AS offer_id,
               arrived.at AS arrived_at, place.territory_id,
               CASE WHEN d.close_reason = 'solved' THEN d.closed_at END AS done_at
          FROM crowd_dispatch AS d
          JOIN helpdesk_ticket AS t ON t.id = d.ticket_id
          LEFT JOIN fsm_location AS place ON place.id = t.fsm_location_id
          LEFT JOIN accepted ON accepted.dispatch_id = d.id
          LEFT JOIN arrived ON arrived.dispatch_id = d.id
         WHERE d.day IS NULL
    )
    UPDATE crowd_dispatch AS d
       SET territory_id = fact.territory_id,
           first_accepted_at = fact.accepted_at,
           first_accepted_type = fact.worker_type,
           first_accepted_wave = fact.wave,
           first_accepted_offer_id = fact.offer_id,
           first_arrived_at = fact.arrived_at,
           minutes_to_offer =
               extract(epoch FROM fact.offered_at - fact.started_at) / 60,
           minutes_to_accept =
               CASE WHEN fact.accepted_at IS NOT NULL THEN
                   extract(epoch FROM greatest(fact.accepted_at, fact.offered_at)
                                      - fact.offered_at) / 60 END,
           minutes_to_arrive =
               extract(epoch FROM fact.arrived_at - fact.accepted_at) / 60,
           minutes_to_done = extract(epoch FROM fact.done_at - fact.started_at) / 60
      FROM fact
     WHERE fact.id = d.id
"""


def minutes_between(start, end):
    """Return the minutes from ``start`` to ``end`` (datetimes)."""
    return (end - start).total_seconds() / 60


def forget(record, names):
    """Let figures of ``record`` be written that are 0: the cache has 0 for none."""
    for name in names:
        record.env.cache.remove(record, record._fields[name])


class CrowdDispatch(models.Model):
    """What reports count of a dispatch, noted when it happens.

    What has not happened is NULL, so that means are of those that have. A worker who
    gives the job back changes nothing: the first acceptance and arrival stay.
    """

    _name = "crowd.dispatch"
    _inherit = ["crowd.dispatch", "crowd.day.mixin"]
    _day_moment = "started_at"

    territory_id = fields.Many2one(
        "res.territory",
        readonly=True,
        help="Where the work is, as the ticket said when the dispatch began.",
    )
    first_accepted_at = fields.Datetime(
        string="First accepted", readonly=True, help="Kept when the job is given back."
    )
    first_accepted_type = fields.Selection(
        selection=lambda self: self.env["fsm.person"]._fields["worker_type"].selection,
        string="First accepted by",
        readonly=True,
    )
    first_accepted_wave = fields.Integer(
        string="Accepted in wave", readonly=True, group_operator="avg"
    )
    first_accepted_offer_id = fields.Many2one(
        "crowd.offer", string="First accepted offer", readonly=True
    )
    first_arrived_at = fields.Datetime(
        string="First arrival",
        readonly=True,
        help="When work began for the first time.",
    )
    minutes_to_offer = fields.Float(
        string="Minutes to the first offer",
        readonly=True,
        group_operator="avg",
        help="From the beginning of the dispatch.",
    )
    minutes_to_accept = fields.Float(
        string="Minutes to accept",
        readonly=True,
        group_operator="avg",
        help="From the first offer to the first yes.",
    )
    minutes_to_arrive = fields.Float(
        string="Minutes to arrive",
        readonly=True,
        group_operator="avg",
        help="From the first yes to the first beginning of work.",
    )
    minutes_to_done = fields.Float(
        string="Minutes until solved",
        readonly=True,
        group_operator="avg",
        help="From the beginning of the dispatch; only what was solved.",
    )

    def init(self):
        res = super().init()
        self.pool.post_init(self._init_facts)  # it needs tables of other models
        return res

    def _init_facts(self):
        self.env.cr.execute(FILL)
        self._init_day()

    @api.model
    def _with_facts(self, vals):
        ticket = self.env["helpdesk.ticket"].browse(vals.get("ticket_id"))
        territory = ticket.fsm_location_id.territory_id
        return dict(super()._with_facts(vals), territory_id=territory.id)

    def write(self, vals):
        if not EVENTS & vals.keys():
            return super().write(vals)
        for dispatch in self:
            facts = dispatch._prepare_facts(vals)
            forget(dispatch, facts)
            super(CrowdDispatch, dispatch).write(dict(vals, **facts))
        return True

    def _prepare_facts(self, vals):
        """Return the figures of the moments in ``vals``, as far as they are the first."""
        moments = {
            name: fields.Datetime.to_datetime(vals[name])
            for name in EVENTS & vals.keys()
            if vals[name]
        }
        facts = {}
        for name, moment in moments.items():
            facts.update(getattr(self, "_facts_" + name)(moment))
        return facts

    def _facts_offered_at(self, moment):
        if self.offered_at or not self.started_at:
            return {}
        facts = {"minutes_to_offer": minutes_between(self.started_at, moment)}
        if self.first_accepted_at:  # the desk was faster than the first wave
            facts["minutes_to_accept"] = 0.0
        return facts

    def _facts_assigned_at(self, moment):
        if self.first_accepted_at:
            return {}
        offer = self.accepted_offer_id
        facts = {
            "first_accepted_at": moment,
            "first_accepted_type": offer.worker_type,
            "first_accepted_wave": offer.wave,
            "first_accepted_offer_id": offer.id,
        }
        if self.offered_at:
            facts["minutes_to_accept"] = minutes_between(self.offered_at, moment)
        return facts

    def _facts_arrived_at(self, moment):
        if self.first_arrived_at:
            return {}
        facts = {"first_arrived_at": moment}
        if self.first_accepted_at:
            facts["minutes_to_arrive"] = minutes_between(self.first_accepted_at, moment)
        return facts

    def _facts_closed_at(self, moment):
        if self.close_reason != "solved" or not self.started_at:
            return {}
        return {"minutes_to_done": minutes_between(self.started_at, moment)}


class CrowdOffer(models.Model):
    _name = "crowd.offer"
    _inherit = ["crowd.offer", "crowd.day.mixin"]
    _day_moment = "sent_at"

    def init(self):
        res = super().init()
        self._init_day()
        return res


class CrowdEscalation(models.Model):
    _name = "crowd.escalation"
    _inherit = ["crowd.escalation", "crowd.day.mixin"]
    _day_moment = "opened_at"

    minutes_to_acknowledge = fields.Float(
        string="Minutes to acknowledge",
        readonly=True,
        group_operator="avg",
        help="From the escalation until somebody said that he is responsible.",
    )

    def init(self):
        res = super().init()
        self._init_day()
        self.env.cr.execute(
            "UPDATE crowd_escalation SET minutes_to_acknowledge ="
            " extract(epoch FROM acknowledged_at - opened_at) / 60"
            " WHERE minutes_to_acknowledge IS NULL AND acknowledged_at > opened_at"
        )
        return res

    def write(self, vals):
        moment = fields.Datetime.to_datetime(vals.get("acknowledged_at"))
        if not moment:
            return super().write(vals)
        for escalation in self:
            minutes = minutes_between(escalation.opened_at or moment, moment)
            forget(escalation, ["minutes_to_acknowledge"])
            super(CrowdEscalation, escalation).write(
                dict(vals, minutes_to_acknowledge=minutes)
            )
        return True


class CrowdDelivery(models.Model):
    _name = "crowd.delivery"
    _inherit = ["crowd.delivery", "crowd.day.mixin"]
    _day_moment = "queued_at"

    queued_at = fields.Datetime(
        string="Queued", readonly=True, help="When it was decided to send it."
    )

    def init(self):
        res = super().init()
        self.env.cr.execute(
            "UPDATE crowd_delivery SET queued_at = create_date WHERE queued_at IS NULL"
        )
        self._init_day()
        return res

    @api.model
    def _with_facts(self, vals):
        queued_at = vals.get("queued_at") or vals.get("next_try")
        queued_at = queued_at or self.env["crowd.clock"].now()
        return super()._with_facts(dict(vals, queued_at=queued_at))
