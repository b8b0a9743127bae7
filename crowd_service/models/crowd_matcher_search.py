"""Finding the best candidates without looking at everybody.

Every row of the search table has a bound: the most points it can have. Those with the
highest bounds are judged with all facts, until the worst of the best ``limit`` has
more points than anybody left can have. So the result is exact for the full score. The
rarest of the needed qualifications drives, the others filter.
"""

import math
from heapq import nsmallest

from odoo import api, models

from .crowd_matcher_field import Field
from .crowd_worker_search import LANGUAGE, NO_SKILL

FIRST_PAGE = 16  # judged beyond the limit before asking whether that was enough
PAGE = 60
MOST_ROWS, WIDE_ROWS = 200, 400  # of a statement
FIRST_STEP = 8.0  # points to go down when too few can be asked
NOBODY = (-math.inf, 0)  # has a greater bound

NEXT_POTENTIAL = """
SELECT max(t.potential) FROM crowd_worker_search t
 WHERE t.company_id = %(company)s AND t.qualification = %(driver)s
   AND t.potential < %(potential)s
"""


class _Best:
    """The judged, and the best ``limit`` of them, one per worker."""

    def __init__(self, limit):
        self.limit = limit
        self.judged = {}
        self._scores = {}

    def add(self, verdicts):
        for verdict in verdicts:
            self.judged[verdict.membership_id] = verdict
            if not verdict.reasons:
                worker = verdict.worker_id
                score = max(verdict.score, self._scores.get(worker, 0.0))
                self._scores[worker] = score

    def worst(self):
        """Return points and id of the last of the best; None while they are too few."""
        if len(self._scores) < self.limit:
            return None
        best = nsmallest(self.limit, ((-n, w) for w, n in self._scores.items()))
        return -best[-1][0], best[-1][1]

    def until(self, rows, start):
        """Return the end of the page to be judged next of rows by falling bound: no
        later than where they begin not to matter."""
        worst = self.worst()
        if worst is None:
            end = start + self.limit - len(self._scores) + FIRST_PAGE
            # a few more are not worth a page of their own
            return end if end + FIRST_PAGE // 2 < len(rows) else len(rows)
        last = -worst[0], worst[1]
        some = rows[start : start + PAGE]
        return start + sum((-bound, worker) <= last for _member, worker, bound in some)

    def beat(self, bound, worker_id):
        """Tell whether nobody with that bound, or that one and a later id, can be
        among the best."""
        worst = self.worst()
        return worst is not None and (-worst[0], worst[1]) < (-bound, worker_id)


class CrowdMatcher(models.AbstractModel):
    """The search for the best candidates."""

    _inherit = "crowd.matcher"

    @api.model
    def _find_field(self, ask):
        """Return where to look for an :class:`Ask`."""
        field = Field(ask)
        request = ask.request
        levels = dict(request.skills)
        if request.language_id:
            levels[LANGUAGE - request.language_id] = 0
        levels = levels or {NO_SKILL: 0}
        field.drive(self._choose_driver(field, sorted(levels)), levels)
        return field

    @api.model
    def _choose_driver(self, field, qualifications):
        """Return the rarest qualification in reach."""
        if len(qualifications) == 1:
            return qualifications[0]
        self.env.cr.execute(*field.rarest(qualifications))
        return self.env.cr.fetchone()[0]

    @api.model
    def _search_best(self, ask, field, limit):
        """Judge members until nobody left can be among the best ``limit``.

        :return: the verdicts on them, one per membership
        """
        best = _Best(limit)
        if field.is_wide:
            self._search_wide(ask, field, best)
        else:
            self._search_cells(ask, field, best)
        return list(best.judged.values())

    @api.model
    def _search_cells(self, ask, field, best):
        """Lower the floor until everybody above it was judged, and that is enough."""
        wanted = best.limit * 9 // 5  # some of them will be busy
        most, step, floor = MOST_ROWS, FIRST_STEP, None
        while True:
            rows = self._run(*field.scan(most, floor, wanted))
            ceiling = self._ceiling_of(rows, most)
            if self._judge_rows(ask, best, rows, ceiling):
                return
            worst = best.worst()
            floor = max(0.0, worst[0] if worst else ceiling[0] - step)
            most, step = most * 4, step * 2

    @api.model
    def _ceiling_of(self, rows, most):
        """Take the last two from the rows of a scan; return what nobody comes before
        who is not among the others."""
        floor = rows.pop()[2]
        _member, _worker, least, looked_at, *_rest = rows.pop()
        if looked_at == most:
            return least, 0
        return (floor, math.inf) if floor > 0.0 else NOBODY

    @api.model
    def _search_wide(self, ask, field, best):
        """Go on by falling potential until nobody left can be among the best."""
        most, potential, least = WIDE_ROWS, math.inf, 0.0
        while True:
            rows = self._run(*field.wide(most, potential, least))
            _member, last_id, potential, found, *_rest = rows.pop()
            ceiling = NOBODY
            if found == most:
                ceiling = self._ceiling_after(field, last_id, potential)
            if self._judge_rows(ask, best, rows, ceiling):
                return
            worst = best.worst()
            most, least = most * 2, worst[0] if worst else 0.0

    @api.model
    def _ceiling_after(self, field, worker_id, potential):
        """Return what nobody after the last row by potential comes before: others of
        the same potential have later ids, those of the next lower one may have any."""
        params = dict(field.params, potential=potential)
        (lower,) = self._run(NEXT_POTENTIAL, params)[0]
        ceilings = [field.ceiling_of(potential, worker_id)]
        if lower is not None:
            ceilings.append(field.ceiling_of(lower))
        return min(ceilings, key=lambda found: (-found[0], found[1]))

    @api.model
    def _refine(self, ask, rows):
        """Return membership, worker and bound of rows by falling bound, now that it is
        known how busy they are and who solved similar tickets."""
        ask.similar_counts.update((row[1], row[5]) for row in rows)
        refined = ask.refined
        rows = [(member, worker, refined(*facts)) for member, worker, *facts in rows]
        rows.sort(key=lambda row: (-row[2], row[1]))
        return rows

    @api.model
    def _run(self, statement, params):
        self.env.cr.execute(statement, params)
        return self.env.cr.fetchall()

    @api.model
    def _judge_rows(self, ask, best, rows, ceiling):
        """Judge rows by falling bound, page by page, as long as it can matter.

        :param ceiling: bound and worker id that nobody who is not among the rows comes
            before
        :return: whether nobody left can be among the best
        """
        rows = [row for row in rows if row[0] not in best.judged]
        rows = self._refine(ask, rows)
        start, end = 0, best.until(rows, 0)
        while start < end:
            page = dict.fromkeys(row[0] for row in rows[start:end])
            best.add(self._weigh_found(ask, page))
            start, end = end, best.until(rows, end)
        return ceiling == NOBODY or best.beat(*ceiling)
