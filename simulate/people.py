"""What people do when a message reaches them, or when they look at their lists."""

from datetime import timedelta

import pytz

from odoo.exceptions import UserError

from . import behaviour

#: The channel over which somebody answers whom a gateway of that kind reached.
CHANNELS = {"mail": "mail", "sms": "sms", "push": "push", "phone": "phone"}
OVERDUE_LISTS = ("follow_up", "dead_delivery")
LOOK_MINUTES = 30  # the desk looks at its lists
#: What somebody sees who reads an offer, and how many jobs he has.
ASKED = """
SELECT o.id, o.state, l.kind, p.tz, o.worker_type, COALESCE(o.distance_km, 0),
       COALESCE(o.price, 0) + COALESCE(o.bonus, 0),
       (SELECT count(*) FROM crowd_offer j
         WHERE j.worker_id = o.worker_id AND j.state = 'accepted')
  FROM crowd_delivery l
  JOIN crowd_offer o ON o.id = l.offer_id
  JOIN res_partner p ON p.id = l.partner_id
 WHERE l.id = %s
"""


class People:
    """Workers, technicians, and the desk."""

    def __init__(self, simulation):
        self.simulation, self.habits = simulation, simulation.habits
        simulation.on_told = self.told

    def _lot(self, *name):
        return self.simulation.lot(*name)

    def told(self, delivery):
        """A message is out: its reader notices it after a while."""
        minutes = self._notice(delivery)
        if minutes is not None:
            act = getattr(self, "read_" + delivery.purpose, None)
            if act:
                delivery.env.cr.postcommit.add(
                    lambda: self.simulation.after(minutes, act, delivery.id)
                )

    def _notice(self, delivery):
        worker = delivery.offer_id.worker_type or ""
        return behaviour.notice_minutes(
            self.habits,
            self._lot("notice", delivery.id),
            delivery.kind,
            worker,
            self._hour(delivery.partner_id.tz),
        )

    def _hour(self, zone):
        zone = pytz.timezone(zone or "Europe/Zurich")
        return pytz.utc.localize(self.simulation.now).astimezone(zone).hour

    # ------------------------------------------------------------------
    # workers
    # ------------------------------------------------------------------

    def read_offer(self, delivery_id):
        with self.simulation.transaction() as env:
            env.cr.execute(ASKED, [delivery_id])
            offer_id, state, kind, zone, *facts = env.cr.fetchone()
        if state != "sent":
            return
        chance = self._lot("offer", offer_id)
        asked = behaviour.Asked(*facts, hour=self._hour(zone))
        answer = behaviour.answer(self.habits, chance, asked)
        channel = CHANNELS.get(kind, "portal")
        if answer == "accept":
            self.accept(offer_id, channel)
        elif answer == "decline":
            reason = chance.choice(behaviour.DECLINE_REASONS)
            with self.simulation.transaction() as env:
                offer = env["crowd.offer"].browse(offer_id)
                offer._crowd_public_act("decline", channel, reason)

    def accept(self, offer_id, channel):
        """He presses the button; again when too many do."""
        with self.simulation.transaction() as env:
            offer = env["crowd.offer"].browse(offer_id)
            answer = offer._crowd_public_act("accept", channel)
        if answer["result"] == "busy":
            self.simulation.after(1, self.accept, offer_id, channel)

    def read_won(self, delivery_id):
        """The job is his: decide how it ends, and when."""
        with self.simulation.transaction() as env:
            offer = env["crowd.delivery"].browse(delivery_id).offer_id
            if offer.state != "accepted":
                return
            chance = self._lot("job", offer.id)
            is_external = offer.worker_type in behaviour.EXTERNALS
            end = behaviour.outcome(self.habits, chance, is_external)
            start = offer.dispatch_id.order_id.scheduled_date_start
            wait = (start - self.simulation.now).total_seconds() / 60
            wait = max(wait, 5) + chance.uniform(0, 30)
            minutes = offer.service_id.crowd_minutes or 60
        after = self.simulation.after
        if end == "stays_away":
            return
        if end == "back_out":
            after(wait * chance.random(), self.act, offer.id, "back_out")
            return
        if chance.random() < self.habits.says_coming:
            after(wait * 0.6, self.act, offer.id, "on_my_way")
        after(wait + 20, self.act, offer.id, "start")
        work = minutes * chance.uniform(0.5, 1.6)
        end = {"solved": "done"}.get(end, end)
        after(wait + 20 + work, self.act, offer.id, end)

    def act(self, offer_id, action):
        """The worker presses a button of his page."""
        chance = self._lot(action, offer_id)
        reasons = {
            "back_out": behaviour.BACK_OUT_REASONS,
            "scope": behaviour.SCOPE_REASONS,
        }
        reason = chance.choice(reasons[action]) if action in reasons else ""
        with self.simulation.transaction() as env:
            offer = env["crowd.offer"].browse(offer_id)
            minutes = "20" if action == "on_my_way" else ""
            answer = offer._crowd_public_act(action, "portal", reason, minutes=minutes)
        if answer["result"] == "busy":
            self.simulation.after(1, self.act, offer_id, action)

    def read_still_coming(self, delivery_id):
        with self.simulation.transaction() as env:
            offer = env["crowd.delivery"].browse(delivery_id).offer_id
            chance = self._lot("coming", delivery_id)
            if chance.random() < self.habits.answers_still_coming:
                offer._crowd_public_act("on_my_way", "mail", minutes="30")

    # ------------------------------------------------------------------
    # people inside
    # ------------------------------------------------------------------

    def read_escalation(self, delivery_id):
        """Whoever is asked acknowledges, takes the job, or sleeps."""
        with self.simulation.transaction() as env:
            escalation = env["crowd.delivery"].browse(delivery_id).escalation_id
            if escalation.state != "open":
                return
            user = escalation.user_id
            reaction = behaviour.reaction(
                self.habits,
                self._lot("escalation", escalation.id),
                self._is_worker(user),
                user == escalation.company_id.crowd_fallback_user_id,
            )
            if reaction:
                self._react(escalation.with_user(user), reaction)

    def _is_worker(self, user):
        workers = user.env["fsm.person"]
        return bool(workers.search_count([("partner_id", "=", user.partner_id.id)]))

    def _react(self, escalation, reaction):
        if reaction == "take":
            try:
                with escalation.env.cr.savepoint():
                    escalation.action_take_job()
                return
            except UserError:  # he has enough to do: then he sees that somebody does it
                escalation.invalidate_cache()
        escalation.action_acknowledge()
        self._deal_with(escalation)

    def _deal_with(self, escalation):
        """Whoever is responsible does something about it, in a while."""
        chance = self._lot("deal", escalation.id)
        at = escalation.team_id._crowd_desk_time(
            self.simulation.now, chance.uniform(5, 60)
        )
        minutes = (at - self.simulation.now).total_seconds() / 60
        key = "deal-%d" % escalation.id
        escalation.env.cr.postcommit.add(
            lambda: self.simulation.after(minutes, self.deal, escalation.id, key=key)
        )

    def deal(self, escalation_id):
        """Deal with an acknowledged escalation: the crowd, a technician, or by phone."""
        with self.simulation.transaction() as env:
            escalation = env["crowd.escalation"].browse(escalation_id)
            if escalation.state != "acknowledged":
                return
            tries = escalation.dispatch_id.round
            chance = self._lot("remedy", escalation_id, tries)
            remedy = behaviour.remedy(self.habits, chance)
            if tries > 4:
                remedy = "phone"
            getattr(self, "_by_" + remedy)(escalation, chance)

    def _by_crowd(self, escalation, chance):
        ticket = escalation.ticket_id.with_user(self._agent(escalation))
        try:
            with escalation.env.cr.savepoint():
                ticket.crowd_dispatch()
        except UserError:  # e.g. nobody knows what is to be done
            escalation.invalidate_cache()
            self._by_phone(escalation, chance)

    def _by_technician(self, escalation, chance):
        dispatch = escalation.dispatch_id
        domain = [
            ("company_id", "=", dispatch.company_id.id),
            ("worker_type", "=", "technician"),
            ("state", "=", "active"),
        ]
        members = escalation.env["crowd.membership"].search(domain)
        for member in chance.sample(list(members), min(3, len(members))):
            try:
                with escalation.env.cr.savepoint():
                    dispatch._assign_worker(member.worker_id)
                return
            except UserError:  # he has enough to do
                dispatch.invalidate_cache()
        self._by_phone(escalation, chance)

    def _by_phone(self, escalation, chance):
        ticket = escalation.ticket_id
        done = ticket.env["helpdesk.ticket.stage"].search(
            [("closed", "=", True)], order="sequence, id", limit=1
        )
        ticket.with_user(self._agent(escalation)).write({"stage_id": done.id})

    def _agent(self, record):
        """Return an agent of the company."""
        team = record.team_id
        group = "crowd_service.group_crowd_agent"
        agents = team.user_ids.filtered(lambda user: user.has_group(group))
        return (agents or record.company_id.crowd_fallback_user_id)[:1]

    # ------------------------------------------------------------------
    # the desk's lists
    # ------------------------------------------------------------------

    def look_at_lists(self, until):
        """The desk goes through its activities, when it is open."""
        with self.simulation.transaction() as env:
            types = env["mail.activity.type"].browse(
                env.ref("crowd_service.mail_activity_" + name).id
                for name in OVERDUE_LISTS
            )
            found = env["mail.activity"].search(
                [
                    ("res_model", "=", "crowd.dispatch"),
                    ("activity_type_id", "in", types.ids),
                ]
            )
            dispatches = env["crowd.dispatch"].browse(found.mapped("res_id"))
            now = self.simulation.now
            is_open = {t.id: t._crowd_is_desk_time(now) for t in dispatches.team_id}
            ids = [
                (activity.id, dispatch.id)
                for activity, dispatch in zip(found, dispatches)
                if is_open.get(dispatch.team_id.id, True)
            ]
        for activity_id, dispatch_id in ids:
            with self.simulation.transaction() as env:
                env["mail.activity"].browse(activity_id).exists().unlink()
            with self.simulation.transaction() as env:
                self._look(env["crowd.dispatch"].browse(dispatch_id))
        if self.simulation.now < until:
            self.simulation.after(LOOK_MINUTES, self.look_at_lists, until)

    def _look(self, dispatch):
        escalation = dispatch.escalation_ids.filtered(
            lambda e: e.state in ("open", "acknowledged")
        )[:1]
        if escalation.state == "open":
            self._react(escalation.with_user(escalation.user_id), "acknowledge")
        elif escalation:
            self._deal_with(escalation)
        elif dispatch.state in ("assigned", "in_progress"):
            self._call_worker(dispatch)

    def _call_worker(self, dispatch):
        """Ask whoever has the job: who stays away is replaced, the others go on."""
        offer = dispatch.accepted_offer_id
        chance = self._lot("job", offer.id)
        is_external = offer.worker_type in behaviour.EXTERNALS
        end = behaviour.outcome(self.habits, chance, is_external)
        late = self.simulation.now - offer.answered_at > timedelta(hours=8)
        agent = offer.with_user(self._agent(dispatch))
        if end == "stays_away":
            agent._answer_no_show("other", "Nobody came.")
        elif late:  # his own word got lost: the desk writes it down
            if dispatch.state == "assigned":
                agent.action_start()
            agent.action_done()
