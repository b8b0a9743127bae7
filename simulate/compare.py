"""Do the managers' reports say the same as the simulator? Read after a run.

The simulator counts from the lines of history, the reports from what the engine has
noted as it went; every key figure is counted a third time from exported rows.
"""

import importlib.util
import sys
from datetime import timedelta
from pathlib import Path

import odoo

from .curve import MILA

#: A member's month is told when it is over: a run ends in the middle of one.
SKIPPED = ("member",)


def read(env, last_ticket, start, end):
    """Return what the reports say, and where they contradict the exported rows.

    :param last_ticket: tickets after it are simulated
    :param start, end: the first and the last instant of the simulation, naive UTC
    """
    rows = env["crowd.report.dispatch"]
    asked = [("ticket_id", ">", last_ticket), ("is_offered", "=", True)]
    asked += [("is_accepted", "!=", False)]  # not cancelled before a yes
    by_crowd = [("accepted_by", "=", "crowd")]
    forgotten = [("ticket_id", ">", last_ticket), ("never_answered", "=", True)]
    known, differing = _recount(env, start, end)
    return {
        "offered": rows.search_count(asked),
        "never_answered": env["crowd.report.outcome"].search_count(forgotten),
        "within": [
            (
                minutes,
                rows.search_count(asked + _within(minutes)),
                rows.search_count(asked + _within(minutes) + by_crowd),
            )
            for minutes, _share in MILA
        ],
        "figures": known,
        "differing": differing,
    }


def _within(minutes):
    return [("within_%d" % minutes, "=", 100)]


def _recount(env, start, end):
    """Return how many figures had rows, and sentences about those that differ."""
    recompute = load("kpi_recompute")
    companies = env["res.company"].search([("crowd_fallback_user_id", "!=", False)])
    env.user.company_ids |= companies
    kpis = env["crowd.kpi"].with_context(
        crowd_from=str(start.date() - timedelta(days=1)),
        crowd_to=str(end.date() + timedelta(days=1)),
        allowed_company_ids=companies.ids,
    )
    books = recompute.Books(
        recompute.export(env, companies.ids),
        {company.id: company.crowd_zone for company in companies},
        env["crowd.clock"].now(),
        {company.id: company.currency_id.id for company in companies},
    )
    codes = [c for c, how in recompute.FIGURES.items() if how[0] not in SKIPPED]
    cut, known, differing = kpis._cut(), 0, []
    for code, figure in kpis._measure(codes, cut).items():
        found = figure.value, figure.population
        wanted = books.figure(code, *cut.period, companies.ids)
        known += found[0] is not None
        if not _is_equal(found, wanted):
            differing.append(f"{code} is {found}, counted again {wanted}")
    return known, differing


def _is_equal(found, wanted):
    """Tell whether two pairs of value and population are the same.

    >>> _is_equal((1.0, 2), (1.0000001, 2)), _is_equal((None, 0), (0, 0))
    (True, False)
    """
    if found[1] != wanted[1] or None in (found[0], wanted[0]):
        return found == wanted
    return abs(found[0] - float(wanted[0])) < 1e-5


def load(name):
    """Return a package of the addon's tests that needs no Odoo."""
    folder = Path(odoo.modules.get_module_path("crowd_service")) / "tests" / name
    spec = importlib.util.spec_from_file_location(
        "crowd_" + name,
        str(folder / "__init__.py"),
        submodule_search_locations=[str(folder)],
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = package
    spec.loader.exec_module(package)
    return package
