from odoo import _, api, models
from odoo.tools.misc import format_date, format_datetime, formatLang

LEAST_KM = 0.1  # nothing is "0.0 km too far"
MOST_MINUTES = 90  # longer times are told in hours


class CrowdMatcher(models.AbstractModel):
    """The matcher's findings in plain words, in the user's language."""

    _inherit = "crowd.matcher"

    @api.model
    def _why_not(self, ticket, worker, dispatch=None):
        """Return a sentence that says why ``worker`` cannot be asked."""
        return self._word_why_not(self._explain(ticket, worker, dispatch), worker)

    @api.model
    def _word_why_not(self, found, worker):
        """Return a sentence that says why ``worker`` cannot be asked.

        :param found: his :class:`matching.Candidate`; None: there is no such worker
        """
        if not found:
            return _("There is no worker with the id %s.") % worker.id
        if not found.excluded_reason:
            return _("%s can be asked.") % found.name
        detail = self._word_detail(found)
        sentence = f"{found.name}: {self._word_reason(found.excluded_reason)}"
        return f"{sentence} ({detail})." if detail else f"{sentence}."

    @api.model
    def _word_reason(self, code):
        """Return the plain name of a reason code."""
        field = self.env["crowd.candidate"]._fields["excluded_reason"]
        return dict(field._description_selection(self.env))[code]

    @api.model
    def _word_detail(self, candidate):
        """Return by how much an excluded candidate misses, every reason he has."""
        return self._join_remarks(candidate) if candidate.excluded_reason else ""

    @api.model
    def _word_praise(self, candidate):
        """Return what speaks for a ranked candidate."""
        return "" if candidate.excluded_reason else self._join_remarks(candidate)

    @api.model
    def _word_reasons(self, candidate):
        """Return a list of words: what speaks for a ranked candidate, or every rule
        that an excluded one fails, with by how much."""
        if not candidate.excluded_reason:
            return self._word_remarks(candidate)
        return [self._word_failure(code, data) for code, data in candidate.reasons]

    @api.model
    def _word_failure(self, code, data):
        """Return "Too far away (10.0 km too far)"."""
        reason, detail = self._word_reason(code), self._word_remark(code, data)
        return f"{reason} ({detail})" if detail else reason

    @api.model
    def _join_remarks(self, candidate):
        return ", ".join(self._word_remarks(candidate))

    @api.model
    def _word_remarks(self, candidate):
        words = (self._word_remark(code, data) for code, data in candidate.reasons)
        return [word for word in words if word]

    @api.model
    def _word_number(self, number, digits=1):
        """Return a number as the user's language writes it."""
        return formatLang(self.env, number, digits=digits)

    @api.model
    def _word_distance(self, candidate):
        """Return "4.2 km", or why there is no distance."""
        if candidate.distance_km is not None:
            return _("%s km") % self._word_number(candidate.distance_km)
        if any(code == "unlocated" for code, _data in candidate.reasons):
            return _("unknown")
        return _("remote")

    @api.model
    def _word_travel(self, candidate):
        """Return the estimated minutes by car; empty without a distance."""
        if candidate.travel_minutes is None:
            return ""
        return _("about %s min") % candidate.travel_minutes

    @api.model
    def _word_counts(self, survey):
        """Return a line on a :class:`matching.Survey`, and one per reason."""
        words = [
            _("%(looked_at)s people looked at, %(fit)s can be asked")
            % {
                "looked_at": self._word_number(survey.looked_at, 0),
                "fit": self._word_number(survey.fit, 0),
            }
        ]
        field = self.env["crowd.candidate"]._fields["excluded_reason"]
        for code, label in field._description_selection(self.env):
            if survey.excluded.get(code):
                count = self._word_number(survey.excluded[code], 0)
                words.append(f"{label}: {count}")
        return "\n".join(words)

    @api.model
    def _word_remark(self, code, data):
        """Return the words of one remark; empty where the reason's name says it all."""
        word = getattr(self, "_word_remark_" + code, None)
        return word(data) if word else ""

    def _word_remark_distance(self, data):
        return _("%s km away") % self._word_number(data["km"])

    def _word_remark_remote(self, data):
        return _("works remotely")

    def _word_remark_rating(self, data):
        stars = self._word_number(data["stars"])
        if data["count"] == 1:
            return _("%s stars from one rating") % stars
        words = {"stars": stars, "count": data["count"]}
        return _("%(stars)s stars from %(count)s ratings") % words

    def _word_remark_newcomer(self, data):
        return _("not rated yet")

    def _word_remark_asked_for(self, data):
        return _("the customer asked for this person")

    def _word_remark_liked(self, data):
        return _("helped this customer before and was liked")

    def _word_remark_success(self, data):
        if data["jobs"] == 1:
            return (
                _("the only job solved") if data["solved"] else _("one job, unsolved")
            )
        return _("%(solved)s of %(jobs)s jobs solved") % data

    def _word_remark_similar(self, data):
        return _("solved %(count)s like this") % data

    def _word_remark_response(self, data):
        minutes = max(1, round(data["minutes"]))
        if minutes > MOST_MINUTES:
            return _("answers in %s h at this hour") % round(minutes / 60)
        return _("answers in %s min at this hour") % minutes

    def _word_remark_cost(self, data):
        """Say no figure: what somebody costs is for managers, and agents read this."""
        if data["percent"] < 100:
            return _("costs less than the price")
        return _("costs as much as the price, or more")

    def _word_remark_offers(self, data):
        if not data["count"]:
            return _("not asked in the last 7 days")
        if data["count"] == 1:
            return _("one offer in 7 days")
        return _("%(count)s offers in 7 days") % data

    def _word_remark_open_jobs(self, data):
        if data["count"] == 1:
            return _("one open job")
        return _("%(count)s open jobs") % data

    def _word_remark_membership(self, data):
        if not data["state"]:
            return _("no membership in this company")
        field = self.env["crowd.membership"]._fields["state"]
        label = dict(field._description_selection(self.env))[data["state"]]
        return _("membership: %s") % label

    def _word_remark_type(self, data):
        if data["audience"] == "crowd":
            return _("the service is done by the crowd only")
        if data["audience"] == "step":
            return _("this step of the policy asks others")
        return _("the service is done by own technicians only")

    def _word_remark_skill(self, data):
        return _("missing: %s") % self._skill_names(data["skill_ids"])

    def _word_remark_expired(self, data):
        return ", ".join(
            self._word_expired(self._skill_names([skill]), until, days)
            for skill, until, days in data["expired"]
        )

    def _word_expired(self, skill, until, days):
        if days <= 0:
            date = format_date(self.env, until)
            return _("%(skill)s expires on %(date)s") % {"skill": skill, "date": date}
        if days == 1:
            return _("%s expired one day ago") % skill
        return _("%(skill)s expired %(days)s days ago") % {"skill": skill, "days": days}

    def _word_remark_language(self, data):
        language = self.env["res.lang"].browse(data["language_id"])
        return _("does not speak %s") % language.name

    def _word_remark_territory(self, data):
        territory = self.env["res.territory"].browse(data["territory_id"])
        return _("does not work in %s") % territory.name

    def _word_remark_level(self, data):
        return ", ".join(
            _("%(skill)s %(level)s %% instead of %(least)s %%")
            % {"skill": self._skill_names([skill]), "level": level, "least": least}
            for skill, level, least in data["levels"]
        )

    def _word_remark_radius(self, data):
        return _("%s km too far") % self._word_over(data)

    def _word_remark_own_radius(self, data):
        return _("%s km beyond the own radius") % self._word_over(data)

    def _word_over(self, data):
        return self._word_number(max(LEAST_KM, data["over_km"]))

    def _word_remark_away(self, data):
        return self._word_until(data["until"])

    def _word_remark_absent(self, data):
        return self._word_until(data["until"])

    def _word_until(self, moment):
        """Return "until" that moment; empty without one."""
        return _("until %s") % self._word_moment(moment) if moment else ""

    def _word_remark_calendar(self, data):
        if not data["next"]:
            return _("no working hours in the next two weeks")
        return _("works from %s") % self._word_moment(data["next"])

    def _word_remark_appointment(self, data):
        job = {name: self._word_moment(data[name]) for name in ("start", "end")}
        if not data["travel"]:
            return _("job from %(start)s to %(end)s") % job
        job["travel"] = data["travel"]
        return _("job from %(start)s to %(end)s, about %(travel)s min away") % job

    def _word_moment(self, moment):
        """Return a naive UTC datetime in the user's time zone and language."""
        return format_datetime(self.env, moment, dt_format="short")

    def _word_remark_capacity(self, data):
        if data["capacity"] < 1:
            return _("takes no jobs")
        return _("%(open_jobs)s of %(capacity)s jobs open") % data

    def _word_remark_daily_cap(self, data):
        return _("%(accepted)s of %(cap)s jobs taken today") % data

    def _skill_names(self, skill_ids):
        return ", ".join(self.env["hr.skill"].browse(skill_ids).mapped("name"))
