"""One row per job: an offer that somebody accepted."""

from datetime import datetime, timedelta
from types import SimpleNamespace

from .arithmetic import ENDED, is_job, minutes, result, share

LATER = timedelta(days=30)


class Jobs:
    """Mixed into ``Books``."""

    def job(self, o):
        d = self.dispatches[o.dispatch_id]
        ended, end = o.state in ENDED, self.job_end(o)
        begin = self.job_begin(o, end)
        solved = o.state == "completed" and d.state == "done"
        external = ended and o.worker_type != "technician"
        start = self.when(d.started_at, d.company_id)
        off_hours = start["part"] != "day"
        helped = any(
            other.worker_type == "technician" and other.sent_at
            for other in self.offers[d.id]
        )
        review = self._reviews.get(o.id)
        again = review and review.would_book_again
        return SimpleNamespace(
            id=o.id,
            company=o.company_id,
            result=result(o, d),
            is_solved=share(solved) if ended else None,
            is_first_time_fix=share(solved and self.is_fixed(o, d, end))
            if ended
            else None,
            is_back_out=share(o.state == "backed_out") if ended else None,
            is_no_show=share(o.state == "no_show") if ended else None,
            is_scope=share(o.state == "out_of_scope") if ended else None,
            distance_km=o.distance_km if o.has_distance else None,
            ended_km=o.distance_km if o.has_distance and ended else None,
            is_off_hours=share(off_hours) if external else None,
            is_complement=share(off_hours or helped) if external else None,
            minutes_to_arrive=minutes(o.answered_at, begin),
            minutes_of_work=self.work_minutes(d, begin, end),
            stars_worker=review and review.stars_worker or None,
            stars_solution=review and review.stars_solution or None,
            would_book_again=share(again == "yes") if again else None,
            **self.of_dispatch(d.id),
            **dict(start, day=self.when(end or o.answered_at, o.company_id)["day"]),
        )

    def job_end(self, o):
        """Return when the job was over, None while it runs."""
        lines = self.events.get(o.dispatch_id, ())
        ends = [e.at for e in lines if e.offer_id == o.id and e.to_state == o.state]
        return None if o.state == "accepted" else max(ends)

    def job_begin(self, o, end):
        begins = [
            e.at
            for e in self.events.get(o.dispatch_id, ())
            if e.kind == "state"
            and e.to_state == "in_progress"
            and e.from_state != "paused"
            and o.answered_at <= e.at <= (end or datetime.max)
        ]
        return min(begins, default=None)

    def work_minutes(self, d, begin, end):
        """Return the minutes from arrival to the end, but for pauses."""
        if not begin or not end:
            return None
        idle, since = timedelta(), None
        for e in sorted(self.events.get(d.id, ()), key=lambda e: (e.at, e.id)):
            if e.kind == "state" and e.to_state == "paused":
                since = e.at
            elif e.kind == "state" and e.from_state == "paused":
                part = min(e.at, end) - max(since, begin)
                idle += max(part, timedelta())
        return (end - begin - idle).total_seconds() / 60

    def is_fixed(self, o, d, end):
        """Tell whether he was the first, and nobody had to come again."""
        for other in self.rows_of_ticket[o.ticket_id]:
            theirs = self.dispatches[other.dispatch_id]
            is_rival = theirs.slot == d.slot and is_job(other)
            if is_rival and (other.answered_at, other.id) < (o.answered_at, o.id):
                return False
        again = [
            other.started_at
            for other in self.dispatches_of_ticket[o.ticket_id]
            if other.id != d.id and other.slot == d.slot and other.started_at
        ]
        again.append(self.tickets[o.ticket_id].crowd_reopened_at)
        return not any(at and end <= at <= end + LATER for at in again)
