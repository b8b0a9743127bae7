from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.tools import html2plaintext, ormcache

from .. import compat, race
from ..matching.scoring import LAST_TICKETS

#: Full text configuration of PostgreSQL by language; "simple" for all others.
CONFIGS = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
}
SIMPLE = "simple"
BATCH = 1000  # tickets read at once
SIMILAR_SHARE = 0.3
SIMILAR_TERMS = 2
MOST_TERMS = 40  # of title and summary that count
LONGEST_TERM = 40  # bytes; what is longer is no word
#: What each term of an OR query that a stripped document has adds to its ``ts_rank``,
#: times the number of terms of the query: 6 / pi^2.
RANK_OF_A_TERM = 0.607927

#: The terms of a ticket's title and summary (``text``) as a query, and the rank of a
#: document with ``enough`` of them; half a term less, for rounding. No line when there
#: are no terms.
ASKED = """
    SELECT string_agg(quote_literal(term), ' | ')::tsquery AS query,
           ((least(count(*), greatest(%(similar_terms)s,
                                     ceil(%(similar_share)s * count(*)))) - 0.5)
               / count(*) * %(rank_of_a_term)s)::real AS enough
      FROM (SELECT term FROM unnest(tsvector_to_array(
                       to_tsvector(%(language)s::regconfig, %(text)s))) AS term
             WHERE octet_length(term) <= %(longest_term)s
             ORDER BY term LIMIT %(most_terms)s) AS terms
    HAVING count(*) > 0
"""
IS_SIMILAR = """
    done.language = %(language)s
    AND done.ticket_id <> %(ticket_id)s
    AND done.terms @@ asked.query
    AND (done.service_id = %(service_id)s
         OR ts_rank(ARRAY[1, 1, 1, 1], done.terms, asked.query) >= asked.enough)
"""
#: How many of a worker's last solved tickets are similar to what is ``asked``. Reads
#: one index only, whatever the number of solved tickets.
NUMBER_SIMILAR = (
    """
    (SELECT count(*)
       FROM asked
      CROSS JOIN (
            SELECT ticket_id, language, service_id, terms FROM crowd_experience
             WHERE company_id = %(company_id)s AND worker_id = {worker}
             ORDER BY solved_at DESC, ticket_id DESC LIMIT %(last_tickets)s) AS done
      WHERE """
    + IS_SIMILAR
    + ")"
)
#: ``(worker_id, number)`` of each of ``worker_ids``.
SIMILAR = (
    "WITH asked AS MATERIALIZED ("
    + ASKED
    + ") SELECT worker.id AS worker_id, "
    + NUMBER_SIMILAR.format(worker="worker.id")
    + " FROM unnest(%(worker_ids)s) AS worker (id)"
)
#: The solved tickets of the company that are most like a ticket, best first.
FIND = (
    "WITH asked AS MATERIALIZED ("
    + ASKED
    + """)
    SELECT done.id FROM asked, crowd_experience AS done
     WHERE done.company_id = %(company_id)s AND done.document @@ asked.query AND """
    + IS_SIMILAR
    + """
     ORDER BY ts_rank(ARRAY[1, 1, 1, 1], done.terms, asked.query) DESC,
              ts_rank(done.document, asked.query) DESC, done.solved_at DESC, done.id
     LIMIT %(limit)s"""
)
LEARN = """
    INSERT INTO crowd_experience AS known (
        ticket_id, dispatch_id, worker_id, company_id, service_id, language, solved_at,
        terms, document, ticket_written_at, create_uid, create_date)
    SELECT t.id, d.id, d.worker_id, d.company_id, d.service_id, ticket.language,
           d.closed_at,
           array_to_tsvector(ARRAY(
               SELECT term FROM unnest(tsvector_to_array(
                          to_tsvector(ticket.language::regconfig, ticket.title)))
                   AS term
                WHERE octet_length(term) <= %(longest_term)s
                ORDER BY term LIMIT %(most_terms)s)),
           to_tsvector(ticket.language::regconfig, ticket.title || ' ' || ticket.body),
           t.write_date, %(uid)s, %(now)s
      FROM unnest(%(ids)s, %(languages)s, %(titles)s, %(bodies)s)
           AS ticket (id, language, title, body)
      JOIN helpdesk_ticket AS t ON t.id = ticket.id
      JOIN crowd_dispatch AS d ON d.id = t.crowd_dispatch_id
     WHERE d.state = 'done' AND d.worker_id IS NOT NULL
        ON CONFLICT (ticket_id) DO UPDATE
       SET dispatch_id = excluded.dispatch_id, worker_id = excluded.worker_id,
           company_id = excluded.company_id, service_id = excluded.service_id,
           language = excluded.language, solved_at = excluded.solved_at,
           terms = excluded.terms, document = excluded.document,
           ticket_written_at = excluded.ticket_written_at
     WHERE (known.dispatch_id, known.worker_id, known.company_id, known.service_id,
            known.language, known.solved_at, known.terms, known.document,
            known.ticket_written_at)
           IS DISTINCT FROM
           (excluded.dispatch_id, excluded.worker_id, excluded.company_id,
            excluded.service_id, excluded.language, excluded.solved_at,
            excluded.terms, excluded.document, excluded.ticket_written_at)
    RETURNING worker_id
"""
UNSOLVED = """
    DELETE FROM crowd_experience AS known
     USING helpdesk_ticket AS t
      LEFT JOIN crowd_dispatch AS d ON d.id = t.crowd_dispatch_id
     WHERE t.id = known.ticket_id AND (d.state = 'done') IS NOT TRUE
    RETURNING known.worker_id
"""
#: Solved tickets that are not known yet, or were changed since.
UNKNOWN = """
    SELECT t.id FROM crowd_dispatch AS d
      JOIN helpdesk_ticket AS t ON t.crowd_dispatch_id = d.id
      LEFT JOIN crowd_experience AS known ON known.ticket_id = t.id
     WHERE d.state = 'done' AND d.worker_id IS NOT NULL
       AND (known.id IS NULL OR known.dispatch_id <> d.id
            OR known.ticket_written_at IS DISTINCT FROM t.write_date)
     ORDER BY t.id
"""


class CrowdExperience(models.Model):
    """A ticket that a worker solved, in words that can be searched.

    A solved ticket is *similar* to another when title and summary of both, read in the
    same language without stop words, have

    * at least one term in common if the service is the same,
    * else at least 30 % of the other's terms, and two of them (all, if it has less).

    A ticket that is given to the crowd again is forgotten until it is solved again: it
    was not solved for good. Only the engine writes here.
    """

    _name = "crowd.experience"
    _description = "Solved Ticket"
    _rec_name = "ticket_id"
    _order = "solved_at desc, id desc"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", required=True, readonly=True, ondelete="cascade"
    )
    dispatch_id = fields.Many2one(
        "crowd.dispatch", required=True, readonly=True, index=True, ondelete="cascade"
    )
    worker_id = fields.Many2one(
        "fsm.person", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    service_id = fields.Many2one("product.template", readonly=True)
    language = fields.Char(
        required=True,
        readonly=True,
        help="Words are compared in the language of the customer.",
    )
    solved_at = fields.Datetime(readonly=True)
    ticket_written_at = fields.Datetime(
        readonly=True, help="As of then the words of the ticket are known."
    )
    partner_id = fields.Many2one(related="ticket_id.partner_id")
    summary = fields.Text(related="ticket_id.crowd_summary")
    resolution = fields.Text(
        compute="_compute_resolution", help="What the worker wrote at the end."
    )

    _sql_constraints = [
        ("ticket_uniq", "unique(ticket_id)", "A ticket is solved once."),
    ]

    def init(self):
        """Add what the ORM has no fields for: the words, and the two ways to them."""
        for statement in (
            "ALTER TABLE crowd_experience ADD COLUMN IF NOT EXISTS terms tsvector",
            "ALTER TABLE crowd_experience ADD COLUMN IF NOT EXISTS document tsvector",
            "CREATE INDEX IF NOT EXISTS crowd_experience_document"
            " ON crowd_experience USING gin (document)",
            "CREATE INDEX IF NOT EXISTS crowd_experience_similar"
            " ON crowd_experience (company_id, worker_id, solved_at DESC,"
            " ticket_id DESC) INCLUDE (language, service_id, terms)",
        ):
            self.env.cr.execute(statement)

    @api.depends("dispatch_id.order_id.resolution")
    def _compute_resolution(self):
        for experience in self:
            note = experience.dispatch_id.order_id.resolution
            experience.resolution = html2plaintext(note or "")

    # ------------------------------------------------------------------
    # learn
    # ------------------------------------------------------------------

    def unlink(self):
        self.env["crowd.worker.search"]._touch("worker", self.worker_id.ids)
        return super().unlink()

    @api.model
    def _learn(self, ticket_ids):
        """Note those of the tickets that were solved; return how many rows changed."""
        compat.flush(self.env)
        changed = 0
        for start in range(0, len(ticket_ids), BATCH):
            ids = ticket_ids[start : start + BATCH]
            tickets = self.env["helpdesk.ticket"].browse(ids).exists()
            if tickets:
                self.env.cr.execute(LEARN, self._prepare_learn(tickets))
                changed += self._touch_workers()
            compat.invalidate(self.env, compat.cached(self.env, race.SETTLED))
        return changed

    @api.model
    def _prepare_learn(self, tickets):
        return {
            "ids": tickets.ids,
            "languages": [self._get_language(ticket) for ticket in tickets],
            "titles": [self._get_title(ticket) for ticket in tickets],
            "bodies": [self._get_body(ticket) for ticket in tickets],
            "longest_term": LONGEST_TERM,
            "most_terms": MOST_TERMS,
            "uid": SUPERUSER_ID,
            "now": self.env["crowd.clock"].now(),
        }

    @api.model
    def _forget(self, tickets):
        """These tickets are not solved any more."""
        self.search([("ticket_id", "in", tickets.ids)]).unlink()

    @api.model
    def _repair(self):
        """Learn and forget what was missed; fills the table the first time."""
        compat.flush(self.env)
        self.env.cr.execute(UNSOLVED)
        changed = self._touch_workers()
        self.env.cr.execute(UNKNOWN)
        return changed + self._learn([row[0] for row in self.env.cr.fetchall()])

    @api.model
    def _touch_workers(self):
        """Tell the search table whose rows a statement returned; return how many."""
        workers = [row[0] for row in self.env.cr.fetchall()]
        self.env["crowd.worker.search"]._touch("worker", workers)
        return len(workers)

    @api.model
    def _job_repair(self):
        """Learn and forget what was missed."""
        self._repair()

    @api.model
    def _job_learn(self, ticket_ids):
        """Note the tickets, now that they are committed."""
        self._learn(ticket_ids)

    # ------------------------------------------------------------------
    # words
    # ------------------------------------------------------------------

    @api.model
    @ormcache()
    def _get_configs(self):
        """Return the full text configurations that this database has."""
        self.env.cr.execute(
            "SELECT cfgname FROM pg_ts_config WHERE cfgname = ANY(%s)",
            (list(CONFIGS.values()),),
        )
        return frozenset(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _get_language(self, ticket):
        """Return the full text configuration that a ticket is read in."""
        lang = ticket.partner_id.lang or ticket.company_id.partner_id.lang
        return self._get_config(lang)

    @api.model
    def _get_config(self, lang):
        """Return the full text configuration of a language such as ``de_CH``."""
        config = CONFIGS.get((lang or "")[:2].lower(), SIMPLE)
        return config if config in self._get_configs() else SIMPLE

    @api.model
    def _get_title(self, ticket):
        """Return the words that tickets are compared by."""
        return self._join_title(ticket.name, ticket.crowd_summary)

    @api.model
    def _join_title(self, *texts):
        return " ".join(filter(None, texts))

    @api.model
    def _get_body(self, ticket):
        """Return the words that people may search for besides."""
        service = ticket.crowd_service_id.with_context(lang=ticket.partner_id.lang)
        text = html2plaintext(ticket.description or "")
        return " ".join(filter(None, (text, service.name)))

    # ------------------------------------------------------------------
    # similar
    # ------------------------------------------------------------------

    @api.model
    def _prepare_similar(self, ticket):
        """Return the parameters of ``SIMILAR`` and ``FIND``, without their own."""
        return self._prepare_similar_values(
            ticket_id=ticket.id,
            company_id=ticket.company_id.id,
            service_id=ticket.crowd_service_id.id or 0,
            language=self._get_language(ticket),
            text=self._get_title(ticket),
        )

    @api.model
    def _prepare_similar_values(self, **values):
        return {
            **values,
            "rank_of_a_term": RANK_OF_A_TERM,
            "similar_terms": SIMILAR_TERMS,
            "similar_share": SIMILAR_SHARE,
            "longest_term": LONGEST_TERM,
            "most_terms": MOST_TERMS,
            "last_tickets": LAST_TICKETS,
        }

    @api.model
    def _count_similar(self, ticket, worker_ids):
        """Return ``{worker id: number}`` of similar tickets; none: not in it."""
        self.flush()
        return self._run_similar(self._prepare_similar(ticket), worker_ids)

    @api.model
    def _run_similar(self, params, worker_ids):
        """As :meth:`_count_similar`, with parameters that were prepared before."""
        if not worker_ids:
            return {}
        self.env.cr.execute(SIMILAR, dict(params, worker_ids=list(worker_ids)))
        return {worker: number for worker, number in self.env.cr.fetchall() if number}

    @api.model
    def _find_similar(self, ticket, limit=20):
        """Return the solved tickets of the company most like ``ticket``, best first."""
        self.flush()
        self.env.cr.execute(FIND, dict(self._prepare_similar(ticket), limit=limit))
        return self.browse(row[0] for row in self.env.cr.fetchall())


class CrowdDispatch(models.Model):
    _inherit = "crowd.dispatch"

    @api.model_create_multi
    def create(self, vals_list):
        dispatches = super().create(vals_list)
        # the engine's records; only it creates dispatches
        self.env["crowd.experience"].sudo()._forget(dispatches.ticket_id)
        return dispatches

    def _after_move(self, source, target):
        res = super()._after_move(source, target)
        if target == "done":
            self._enqueue_learn()
        return res

    def _enqueue_learn(self):
        """Note what was solved after the transaction: nobody waits for it."""
        experience = self.env["crowd.experience"].with_user(SUPERUSER_ID)
        for ticket in self.ticket_id:
            experience.with_delay(
                identity_key="crowd.experience-learn-%d" % ticket.id,
                description=_("Experience from %s") % ticket.number,
            )._job_learn(ticket.ids)


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def action_crowd_similar(self):
        """Open the solved tickets that are most like this one."""
        self.ensure_one()
        self.check_access_rule("read")
        self.env["crowd.experience"].check_access_rights("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crowd_service.crowd_experience_action_similar"
        )
        found = self.env["crowd.experience"]._find_similar(self)
        action["domain"] = [("id", "in", found.ids)]
        return action
