from odoo import api, fields, models

LATEST = 200  # ratings and wishes of a customer that are looked at
LIKED_STARS = 4

#: What a customer said about workers: ``(worker_id, kind)``, and ``(0, "rated")`` if he
#: ever rated one.
WISHES = """
    SELECT 0 AS worker_id, 'rated' AS kind
     WHERE EXISTS (SELECT FROM rating_rating
                    WHERE partner_id = ANY(%(partner_ids)s)
                      AND crowd_offer_id IS NOT NULL AND consumed)
     UNION ALL
    (SELECT worker_id, kind FROM crowd_preference
     WHERE partner_id = ANY(%(partner_ids)s) AND company_id = %(company_id)s AND active
     ORDER BY kind = 'blocked' DESC, id DESC LIMIT %(latest)s)
"""
#: Workers whose last rating by the customer, for a job that they solved, was good.
LIKED = """
    SELECT worker_id FROM (
        SELECT DISTINCT ON (o.worker_id) o.worker_id, r.rating
          FROM (SELECT id, crowd_offer_id, rating FROM rating_rating
                 WHERE partner_id = ANY(%(partner_ids)s)
                   AND crowd_offer_id IS NOT NULL AND consumed AND rating >= 1
                 ORDER BY id DESC LIMIT %(latest)s) AS r
          JOIN crowd_offer AS o ON o.id = r.crowd_offer_id
          JOIN crowd_dispatch AS d ON d.id = o.dispatch_id
         WHERE o.company_id = %(company_id)s AND d.state = 'done'
         ORDER BY o.worker_id, r.id DESC
    ) AS last
     WHERE rating >= %(liked_stars)s
"""


class CrowdPreference(models.Model):
    """A customer wants a certain worker, or does not want him."""

    _name = "crowd.preference"
    _description = "Customer's Preference"
    _inherit = ["crowd.company.mixin"]
    _rec_name = "worker_id"
    _order = "partner_id, kind desc, worker_id, id"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        help="A wish of a company holds for its contacts as well.",
    )
    worker_id = fields.Many2one(
        "fsm.person",
        string="Worker",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    kind = fields.Selection(
        [("preferred", "Asked for"), ("blocked", "Not wanted")],
        string="Wish",
        required=True,
        default="preferred",
        help="Asked for: he gets more points. Not wanted: he is not asked.",
    )
    note = fields.Text(help="Why. Workers do not read it.")
    active = fields.Boolean(default=True)

    _sql_constraints = [
        (
            "customer_worker_uniq",
            "unique(partner_id, worker_id, company_id)",
            "This customer's wish about this worker is known already (perhaps archived).",
        ),
    ]

    @api.model
    def _read_preferences(self, company_id, customer_partner_ids):
        """Return ``({worker id: "asked_for" | "liked"}, {ids of blocked workers})``.

        :param customer_partner_ids: the customer, and whom he belongs to
        """
        ids = list(customer_partner_ids)
        if not ids:
            return {}, set()
        self.flush()
        params = {
            "partner_ids": ids,
            "company_id": company_id,
            "latest": LATEST,
            "liked_stars": LIKED_STARS,
        }
        self.env.cr.execute(WISHES, params)
        wishes = self.env.cr.fetchall()
        preferred = {}
        if (0, "rated") in wishes:
            self.env.cr.execute(LIKED, params)
            preferred = {row[0]: "liked" for row in self.env.cr.fetchall()}
        blocked = {worker for worker, kind in wishes if kind == "blocked"}
        preferred.update(
            (worker, "asked_for") for worker, kind in wishes if kind == "preferred"
        )
        return {w: k for w, k in preferred.items() if w not in blocked}, blocked

    @api.model
    def _drop_doubles(self, name, kept, merged):
        """Keep one of the wishes that are the same when ``merged`` become ``kept``.

        What holds wins over what was archived, "not wanted" over "asked for".

        :param name: ``worker_id`` or ``partner_id``, the field they are in
        """
        other = {"worker_id": "partner_id", "partner_id": "worker_id"}[name]
        wishes = self.with_context(active_test=False).search(
            [(name, "in", (kept | merged).ids)]
        )
        first = {}
        for wish in wishes.sorted(
            lambda w: (not w.active, w.kind != "blocked", w[name] != kept, w.id)
        ):
            first.setdefault((wish[other], wish.company_id), wish)
        (wishes - self.union(*first.values())).unlink()


class ResPartner(models.Model):
    _inherit = "res.partner"

    crowd_preference_ids = fields.One2many(
        "crowd.preference",
        "partner_id",
        string="Wishes about workers",
        groups="crowd_service.group_crowd_agent",
    )


class FSMPerson(models.Model):
    _inherit = "fsm.person"

    crowd_preference_ids = fields.One2many(
        "crowd.preference",
        "worker_id",
        string="Customers' wishes",
        groups="crowd_service.group_crowd_agent",
    )
