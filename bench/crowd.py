"""Fills a database with a crowd: the same numbers give the same crowd.

``crowd.sql`` says who there is. Rows are copies of prototypes which the ORM made (see ``catalogue``), so that every column
is what the ORM expects, also those that are not known here. ``history`` adds what happened to them.
"""

from pathlib import Path

from psycopg2.extras import execute_values

from . import history, towns
from .cells import LANGUAGES, SKILLS
from .rows import last_id, move_sequence, pick, spread

SCRIPT = Path(__file__).with_name("crowd.sql")
TABLES = {
    "partner": "res_partner",
    "worker": "fsm_person",
    "membership": "crowd_membership",
    "ticket": "helpdesk_ticket",
    "dispatch": "crowd_dispatch",
    "offer": "crowd_offer",
}
NAME = "'Worker ' || lpad(s.i::text, 7, '0')"
MAIL = "'worker' || s.i || '@example.org'"


def fill(cr, count, base, say=print):
    """Add ``count`` workers with memberships, skills, languages and a past.

    :param base: :class:`catalogue.Base`, what the ORM made
    """
    _create_places(cr, base)
    _draw(cr, count, base, say)
    people = (add_people, add_members, add_costs, add_skills, add_languages)
    for add in people + history.STEPS:
        say(add.__doc__)
        add(cr, base)
    for table in TABLES.values():
        move_sequence(cr, table)


def _create_places(cr, base):
    cr.execute(
        "CREATE TEMPORARY TABLE town (n int, name text, country text, lat float8,"
        " lon float8, scale_km float8, until float8);"
        " CREATE TEMPORARY TABLE community"
        " (company int, kind int, community_id int, company_id int, name text)"
    )
    rows = towns.table(towns.towns())
    execute_values(cr._obj, "INSERT INTO town VALUES %s", rows, page_size=2000)
    execute_values(cr._obj, "INSERT INTO community VALUES %s", base.communities)


def _draw(cr, count, base, say):
    say("Drawing lots")
    params = {"last_" + name: last_id(cr, table) for name, table in TABLES.items()}
    params.update(count=count, now=base.now)
    for statement in SCRIPT.read_text().split("\n;\n")[:-1]:
        cr.execute(statement, params)


def add_people(cr, base):
    """Adding people"""
    spread(
        cr,
        "res_partner",
        base.worker.partner_id.id,
        "person",
        id="s.partner_id",
        commercial_partner_id="s.partner_id",
        name=NAME,
        display_name=NAME,
        email=MAIL,
        email_normalized=MAIL,
        city="s.town_name",
        country_id="s.country_id",
        partner_latitude="s.lat",
        partner_longitude="s.lon",
    )
    calendars = pick(base.calendars.ids, "1 + (s.hours > 0.95)::int")
    spread(
        cr,
        "fsm_person",
        base.worker.id,
        "person",
        id="s.worker_id",
        partner_id="s.partner_id",
        email_normalized=MAIL,
        worker_type="s.worker_type",
        is_external="s.worker_type <> 'technician'",
        is_located="s.is_located",
        crowd_radius_km="s.own_radius_km",
        crowd_presence="s.presence",
        calendar_id=f"CASE WHEN s.hours > 0.8 THEN {calendars} END",
    )


def add_members(cr, base):
    """Adding memberships"""
    measures = {
        "quality": "CASE WHEN s.ratings > 0 THEN s.stars ELSE 0 END",
        "quality_count": "s.ratings",
        "job_count": "s.ratings * 3 / 2",
        "solved_count": "floor(s.ratings * 3 / 2 * s.success)::int",
    }
    spread(
        cr,
        "crowd_membership",
        base.membership.id,
        "member",
        id="s.membership_id",
        name=NAME + " || ' (' || s.community_name || ')'",
        worker_id="s.worker_id",
        community_id="s.community_id",
        company_id="s.company_id",
        worker_type="s.worker_type",
        state="s.state",
        capacity="s.capacity",
        daily_cap="s.daily_cap",
        **measures,
        **{"start_" + name: value for name, value in measures.items()},
    )


def add_costs(cr, base):
    """Adding costs"""
    cr.execute(
        "INSERT INTO crowd_cost (company_id, membership_id, basis, amount)"
        " SELECT company_id, membership_id, 'hour', cost_rate FROM member"
        " WHERE cost_rate > 0 ORDER BY i, membership_id"
    )


def add_skills(cr, base):
    """Adding skills; a tenth of them ends, a third of that is over"""
    progresses = sorted(base.levels)
    ids = [base.levels[progress].id for progress in progresses]
    for salt, (name, share) in enumerate(SKILLS.items(), start=100):
        place = f"1 + floor({len(ids)} * pg_temp.u(s.i, {salt + 100}))::int"
        spread(
            cr,
            "fsm_person_skill",
            base.worker_skill.id,
            f"(SELECT * FROM person WHERE pg_temp.u(i, {salt}) < {share})",
            person_id="s.worker_id",
            skill_id=str(base.skills[name].id),
            skill_level_id=pick(ids, place),
            level_progress=pick(progresses, place),
            valid_until=f"CASE WHEN pg_temp.u(s.i, {salt + 200}) < 0.1 THEN"
            f" '{base.now:%Y-%m-%d}'::date"
            f" + floor(600 * pg_temp.u(s.i, {salt + 300}) - 200)::int END",
        )


def add_languages(cr, base):
    """Adding languages"""
    for salt, (code, share) in enumerate(LANGUAGES.items(), start=600):
        cr.execute(
            "INSERT INTO fsm_person_crowd_language_rel (person_id, lang_id)"
            " SELECT worker_id, %s FROM person WHERE pg_temp.u(i, %s) < %s",
            [base.languages[code].id, salt, share],
        )
