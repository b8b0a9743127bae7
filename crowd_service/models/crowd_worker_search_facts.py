"""What the search table depends on, and how it hears of changes.

Whatever the ORM changes passes through ``modified``. Changes are collected and the
rows brought up to date once per transaction: just before it is committed, or when the
matcher looks at them. Whoever changes a fact by SQL calls ``_touch``.
"""

from odoo import api, models

from .. import compat

PENDING = "crowd_service.search"

MEMBERS = """
SELECT m.id, m.worker_id
  FROM crowd_membership m
 WHERE m.id = ANY(%(membership)s)
    OR m.community_id = ANY(%(community)s)
    OR m.company_id = ANY(%(company)s)
    OR m.worker_id = ANY(%(worker)s)
    OR m.worker_id IN (SELECT id FROM fsm_person WHERE partner_id = ANY(%(partner)s))
    OR m.worker_id IN (SELECT person_id FROM fsm_person_skill
                        WHERE skill_level_id = ANY(%(level)s))
"""
# Two transactions that change facts of the same worker must not both work on what the
# other has not seen: changing his row makes the second one fail and try again.
REVISE = """
UPDATE fsm_person SET crowd_search_revision = COALESCE(crowd_search_revision, 0) + 1
 WHERE id = ANY(%(workers)s)
"""


class CrowdWorkerSearch(models.Model):
    """How the search table hears of changes."""

    _inherit = "crowd.worker.search"

    @api.model
    def _touch(self, kind, ids):
        """Remember that facts of these records changed.

        :param kind: "membership", "community", "company", "worker", "partner" or
            "level" (``hr.skill.level``)
        """
        if not ids:
            return
        precommit = self.env.cr.precommit
        if PENDING not in precommit.data:
            precommit.data[PENDING] = {}
            precommit.add(self._sync_pending)
        precommit.data[PENDING].setdefault(kind, set()).update(ids)

    @api.model
    def _sync_pending(self):
        """Bring the rows up to date with the changes of this transaction."""
        if PENDING not in self.env.cr.precommit.data:
            return
        compat.flush(self.env)  # may touch more
        pending = self.env.cr.precommit.data.pop(PENDING)
        try:
            self._sync_touched(pending)
        except Exception:
            # an import goes on after it has taken back what failed
            for kind, ids in pending.items():
                self._touch(kind, ids)
            raise

    @api.model
    def _sync_touched(self, pending):
        workers_by_member = self._read_touched(pending)
        if workers_by_member:
            workers = sorted(set(workers_by_member.values()))
            # a rival's change is no error: the transaction is tried again
            self.env.cr.execute(REVISE, {"workers": workers}, log_exceptions=False)
            self._sync(sorted(workers_by_member))

    @api.model
    def _read_touched(self, pending):
        """Return ``{membership id: worker id}`` of all that changed.

        What a savepoint takes back is forgotten with it: Odoo's savepoints run
        ``precommit`` before they begin.
        """
        kinds = ("membership", "community", "company", "worker", "partner", "level")
        ids = {kind: sorted(pending.get(kind, ())) for kind in kinds}
        self.env.cr.execute(MEMBERS, ids)
        return dict(self.env.cr.fetchall())


class CrowdSearchFact(models.AbstractModel):
    """A model with facts that the search table depends on."""

    _name = "crowd.search.fact"
    _description = "Facts of the search table"
    _search_kind = ""
    _search_facts = frozenset()

    def modified(self, fnames, *args, **kwargs):
        if not self._search_facts.isdisjoint(fnames):
            ids = self._search_touched_ids()
            self.env["crowd.worker.search"]._touch(self._search_kind, ids)
        return super().modified(fnames, *args, **kwargs)

    def _search_touched_ids(self):
        return [record_id for record_id in self.ids if record_id]


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model
    def load(self, *args, **kwargs):
        # one that fails takes back all that was brought up to date within it
        self.env["crowd.worker.search"]._sync_pending()
        return super().load(*args, **kwargs)


class CrowdMembership(models.Model):
    _name = "crowd.membership"
    _inherit = ["crowd.membership", "crowd.search.fact"]
    _search_kind = "membership"
    _search_facts = frozenset(
        (
            "worker_id",
            "community_id",
            "company_id",
            "state",
            "quality",
            "quality_count",
            "job_count",
            "solved_count",
            "capacity",
        )
    )


class CrowdCommunity(models.Model):
    _name = "crowd.community"
    _inherit = ["crowd.community", "crowd.search.fact"]
    _search_kind = "community"
    _search_facts = frozenset(("active", "company_id"))


class FSMPerson(models.Model):
    _name = "fsm.person"
    _inherit = ["fsm.person", "crowd.search.fact"]
    _search_kind = "worker"
    _search_facts = frozenset(
        (
            "active",
            "partner_id",
            "is_located",
            "crowd_radius_km",
            "crowd_language_ids",
        )
    )


class FSMPersonSkill(models.Model):
    _name = "fsm.person.skill"
    _inherit = ["fsm.person.skill", "crowd.search.fact"]
    _search_kind = "worker"
    _search_facts = frozenset(
        ("person_id", "skill_id", "skill_level_id", "level_progress", "valid_until")
    )

    def _search_touched_ids(self):
        return self.sudo().person_id.ids  # also workers out of the user's sight


class HRSkillLevel(models.Model):
    _name = "hr.skill.level"
    _inherit = ["hr.skill.level", "crowd.search.fact"]
    _search_kind = "level"
    _search_facts = frozenset(("level_progress",))


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "crowd.search.fact"]
    _search_kind = "partner"
    _search_facts = frozenset(("partner_latitude", "partner_longitude"))


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "crowd.search.fact"]
    _search_kind = "company"
    _search_facts = frozenset(
        ("crowd_mean_stars", "crowd_mean_success", "crowd_mean_response")
    )


class ResLang(models.Model):
    _inherit = "res.lang"

    def unlink(self):
        workers = self.env["fsm.person"].sudo()  # of all companies
        workers = workers.with_context(active_test=False).search(
            [("crowd_language_ids", "in", self.ids)]
        )
        res = super().unlink()  # the database takes it from them
        self.env["crowd.worker.search"]._touch("worker", workers.ids)
        return res
