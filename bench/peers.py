"""What others do today, on the same crowds: ``search_geo_partner`` of Odoo, and the loop over the ORM with geopy."""

import time

import odoo

from . import machine
from .cells import RADIUS_KM, tickets

GEO_ADDON = "website_crm_partner_assign"


def geo_database(count):
    """Return a crowd with Odoo's own partner assignment beside it; None if Odoo comes without."""
    if not odoo.modules.get_module_path(GEO_ADDON, display_warning=False):
        return None
    return machine.database(count, GEO_ADDON)


def geo_partner(name, cell, repeats):
    """Return the milliseconds of each ``search_geo_partner`` for a lead where the cell's tickets are."""
    with machine.environment(name) as env:
        leads = env["crm.lead"]
        for ticket in tickets(env, cell)[:repeats]:
            place = ticket.fsm_location_id
            leads |= leads.create(
                {
                    "name": ticket.name,
                    "country_id": env.ref("base.de").id,
                    "partner_latitude": place.partner_latitude,
                    "partner_longitude": place.partner_longitude,
                }
            )
        env["base"].flush()
        assert all(leads.search_geo_partner().values()), "nobody has a grade"
        return [_timed(env, lead.search_geo_partner) for lead in leads]


def geodesic_loop(name, cell, repeats):
    """Return the milliseconds of each search for the skill with a loop over all found."""
    with machine.environment(name) as env:
        chosen = tickets(env, cell)[:repeats]
        return [_timed(env, lambda t=t: _nearest(env, t)) for t in chosen]


def _nearest(env, ticket):
    """Return the nearest 50 with the ticket's first skill, as one would write it first."""
    from geopy.distance import geodesic

    place = ticket.fsm_location_id
    here = (place.partner_latitude, place.partner_longitude)
    workers = env["fsm.person"].search(
        [("skill_ids.skill_id", "in", ticket.crowd_skill_ids.ids)]
    )
    found = []
    for worker in workers:
        there = (worker.partner_latitude, worker.partner_longitude)
        distance = geodesic(here, there).km
        if distance <= RADIUS_KM:
            found.append((distance, worker.id))
    return sorted(found)[:50]


def _timed(env, call):
    env.cache.invalidate()
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000
