"""Two workers who turn out to be one person. All of this runs as superuser."""

from psycopg2 import sql

from odoo import _, models
from odoo.exceptions import UserError

from .. import compat

# of two states the first one stays; a sanction is not undone by a merge
MEMBERSHIP_STATES = ("suspended", "active", "paused", "verified", "applied", "left")
OFFER_STATES = (
    "accepted",
    "completed",
    "no_show",
    "backed_out",
    "out_of_scope",
    "declined",
    "sent",
    "draft",
    "lost",
    "expired",
    "withdrawn",
)
# models that link a worker once to something: model, worker, something
LINKS = (
    ("fsm.location.person", "person_id", "location_id"),
    ("fsm.person.calendar.filter", "fsm_person_id", "user_id"),
)


def _first(states, records):
    return min(records.mapped("state"), key=states.index)


class FSMPerson(models.Model):
    _inherit = "fsm.person"

    def _absorb(self, others):
        """Take over all that ``others`` have, who are the same person; they vanish.

        :raise UserError: when an employee and an external were to become one
        """
        self._check_same_kind(others)
        for other in others:
            self._absorb_memberships(other)
            self._absorb_offers(other)
            self._absorb_skills(other)
            self._absorb_candidates(other)
            self.env["crowd.preference"]._drop_doubles("worker_id", self, other)
            for model, field, key in LINKS:
                self._drop_double_links(other, model, field, key)
            self._absorb_messages(other)
            self._absorb_references(other)
            self.write(self._prepare_absorb(other))
            other.unlink()
        self.env["crowd.worker.search"]._touch("worker", self.ids)
        self.crowd_membership_ids._measure()
        self.env["crowd.response"]._refresh(self.crowd_membership_ids.ids)

    def _check_same_kind(self, others):
        for other in others:
            if other.is_external != self.is_external:
                raise UserError(
                    _(
                        "%(one)s and %(two)s cannot become one worker: one is a "
                        "technician, the other is not. Change the type of one of them "
                        "first."
                    )
                    % {"one": self.name, "two": other.name}
                )

    def _prepare_absorb(self, other):
        """Return what this worker learns from the ``other``."""
        vals = {}
        if other.active and not self.active:
            vals["active"] = True
        if other.is_located and not self.is_located:
            names = ("is_located", "position_source", "position_date")
            vals.update({name: other[name] for name in names})
        for name in ("mobile", "crowd_radius_km"):
            if other[name] and not self[name]:
                vals[name] = other[name]
        if other.calendar_id and not self.calendar_id:
            vals["calendar_id"] = other.calendar_id.id
        return vals

    def _absorb_memberships(self, other):
        mine = {m.community_id: m for m in self.crowd_membership_ids}
        for membership in other.crowd_membership_ids:
            if membership.community_id in mine:
                mine[membership.community_id]._absorb(membership)
            else:
                membership.worker_id = self

    def _absorb_offers(self, other):
        mine = {(o.dispatch_id, o.round): o for o in self.crowd_offer_ids}
        for offer in other.crowd_offer_ids:
            double = mine.get((offer.dispatch_id, offer.round))
            if double:
                double._absorb(offer)

    def _absorb_skills(self, other):
        mine = {skill.skill_id: skill for skill in self.skill_ids}
        for skill in other.skill_ids:
            double = mine.get(skill.skill_id)
            if double:
                if skill.level_progress > double.level_progress:
                    double.skill_level_id = skill.skill_level_id
                skill.unlink()

    def _absorb_candidates(self, other):
        candidates = self.env["crowd.candidate"]
        mine = {
            (c.dispatch_id, c.round)
            for c in candidates.search([("worker_id", "=", self.id)])
        }
        theirs = candidates.search([("worker_id", "=", other.id)])
        double = theirs.filtered(lambda c: (c.dispatch_id, c.round) in mine)
        double.unlink()
        (theirs - double).write({"worker_id": self.id})

    def _drop_double_links(self, other, model, field, key):
        """Delete the ``other``'s records of ``model`` that this worker has as well."""
        records = self.env[model].with_context(active_test=False)
        mine = records.search([(field, "=", self.id)]).mapped(key)
        records.search([(field, "=", other.id), (key, "in", mine.ids)]).unlink()

    def _absorb_messages(self, other):
        self.env["mail.message"].search(
            [("model", "=", other._name), ("res_id", "=", other.id)]
        ).write({"res_id": self.id})
        self.env["ir.attachment"].search(
            [("res_model", "=", other._name), ("res_id", "=", other.id)]
        ).write({"res_id": self.id})

    def _absorb_references(self, other):
        """Point all that still points to ``other`` at this worker.

        In SQL: an order that changes its worker would otherwise be dispatched anew.
        """
        compat.flush(self.env)
        tables = {model._table for model in self.env.values() if model._auto}
        wizard = self.env["base.partner.merge.automatic.wizard"]
        for table, column in wizard._get_fk_on(self._table):
            if table in tables:
                self._move_column(table, column, other)
            else:
                self._copy_relation(table, column, other)
        compat.invalidate(self.env)

    def _move_column(self, table, column, other):
        query = sql.SQL("UPDATE {table} SET {column} = %s WHERE {column} = %s").format(
            table=sql.Identifier(table), column=sql.Identifier(column)
        )
        self.env.cr.execute(query, (self.id, other.id))

    def _copy_relation(self, table, column, other):
        """Add the ``other``'s lines of a relation; his own go when he is deleted."""
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema AND table_name = %s"
            " AND column_name <> %s",
            (table, column),
        )
        query = sql.SQL(
            "INSERT INTO {table} ({column}, {rest}) SELECT %s, {rest} FROM {table}"
            " WHERE {column} = %s ON CONFLICT DO NOTHING"
        ).format(
            table=sql.Identifier(table),
            column=sql.Identifier(column),
            rest=sql.Identifier(self.env.cr.fetchone()[0]),
        )
        self.env.cr.execute(query, (self.id, other.id))


class CrowdMembership(models.Model):
    _inherit = "crowd.membership"

    def _absorb(self, other):
        """Become the one membership of a person who had two in the same community."""
        both = self | other
        ratings = sum(both.mapped("start_quality_count"))
        stars = sum(m.start_quality * m.start_quality_count for m in both)
        self.env["crowd.offer"].search([("membership_id", "=", other.id)]).write(
            {"membership_id": self.id}
        )
        self.write(
            {
                "state": _first(MEMBERSHIP_STATES, both),
                "start_quality": stars / ratings if ratings else 0.0,
                "start_quality_count": ratings,
                "start_job_count": sum(both.mapped("start_job_count")),
                "start_solved_count": sum(both.mapped("start_solved_count")),
                "joined_at": min(filter(None, both.mapped("joined_at")), default=False),
                "terms_accepted_at": min(
                    filter(None, both.mapped("terms_accepted_at")), default=False
                ),
            }
        )
        other.unlink()


class CrowdOffer(models.Model):
    _inherit = "crowd.offer"

    def _absorb(self, other):
        """One offer is left of two to one person in one round: what came of it."""
        kept = (self | other).sorted(lambda o: (OFFER_STATES.index(o.state), o.id))[0]
        double = (self | other) - kept
        for model in ("crowd.delivery", "crowd.event", "crowd.token"):
            records = self.env[model].search([("offer_id", "=", double.id)])
            records.write({"offer_id": kept.id})
        self.env["rating.rating"].search([("crowd_offer_id", "=", double.id)]).write(
            {"crowd_offer_id": kept.id}
        )
        double.unlink()
