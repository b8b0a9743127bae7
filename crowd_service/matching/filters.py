"""The hard rules: each says nothing, or why a worker cannot be asked.

A filter takes ``(request, worker, distance_km)`` and returns None when the worker
passes, else the data that explains the code of the same name in ``reasons``.
"""

from .availability import obstacle
from .reasons import CODES, CURABLE

#: Membership states that the desk or the worker can turn into "active".
CURABLE_STATES = ("applied", "verified", "paused")
#: A worker within so many radiuses of a service is a near miss.
NEAR_FACTOR = 1.5


def check_archived(request, worker, distance_km):
    return None if worker.is_active else {}


def check_type(request, worker, distance_km):
    is_employee = worker.worker_type == "technician"
    kinds = request.narrow.worker_types
    if request.audience == ("crowd" if is_employee else "experts"):
        return {"audience": request.audience, "worker_type": worker.worker_type}
    if kinds and worker.worker_type not in kinds:
        return {"audience": "step", "worker_type": worker.worker_type}
    return None


def check_community(request, worker, distance_km):
    asked = request.narrow.community_ids
    is_asked = worker.does_service and (not asked or worker.community_id in asked)
    if is_asked or not worker.membership_id:
        return None
    return {"community_id": worker.community_id}


def check_membership(request, worker, distance_km):
    if worker.membership_id and worker.membership_state == "active":
        return None
    return {"state": worker.membership_state}


def check_own_ticket(request, worker, distance_km):
    return {} if worker.partner_ids & request.customer_ids else None


def check_blocked(request, worker, distance_km):
    return {} if worker.is_blocked else None


def check_unreachable(request, worker, distance_km):
    return None if worker.is_reachable else {}


def check_gave_back(request, worker, distance_km):
    return {} if worker.gave_back else None


def check_asked(request, worker, distance_km):
    return {} if worker.was_asked else None


def check_skill(request, worker, distance_km):
    if request.skills.keys() <= worker.levels.keys():
        return None
    return {"skill_ids": tuple(sorted(set(request.skills) - set(worker.levels)))}


def check_expired(request, worker, distance_km):
    if not worker.valid_until:
        return None
    expired = tuple(
        (skill_id, until, (request.now.date() - until).days)
        for skill_id, until in sorted(worker.valid_until.items())
        if skill_id in request.skills and until < request.day
    )
    return {"expired": expired} if expired else None


def check_level(request, worker, distance_km):
    levels = worker.levels
    low = [
        (skill_id, levels[skill_id], least)
        for skill_id, least in request.skills.items()
        if levels.get(skill_id, least) < least
    ]
    return {"levels": tuple(sorted(low))} if low else None


def check_language(request, worker, distance_km):
    needed = request.language_id
    if not needed or needed in worker.language_ids:
        return None
    return {"language_id": needed}


def check_territory(request, worker, distance_km):
    needed = request.territory_id
    if not needed or not worker.territory_ids or needed in worker.territory_ids:
        return None
    return {"territory_id": needed}


def check_unlocated(request, worker, distance_km):
    return None if request.is_remote or worker.is_located else {}


def check_radius(request, worker, distance_km):
    if distance_km is None or distance_km <= request.radius_km:
        return None
    return {"km": distance_km, "over_km": distance_km - request.radius_km}


def check_own_radius(request, worker, distance_km):
    own = worker.own_radius_km
    if distance_km is None or not own or distance_km <= own:
        return None
    return {"km": distance_km, "over_km": distance_km - own}


def check_capacity(request, worker, distance_km):
    if not worker.membership_id or worker.open_jobs < worker.capacity:
        return None
    return {"open_jobs": worker.open_jobs, "capacity": worker.capacity}


def check_daily_cap(request, worker, distance_km):
    if not worker.daily_cap or worker.accepted_today < worker.daily_cap:
        return None
    return {"accepted": worker.accepted_today, "cap": worker.daily_cap}


#: In the order of ``reasons.REASONS``; ``obstacle`` finds the four reasons of time.
FILTERS = {
    "archived": check_archived,
    "type": check_type,
    "community": check_community,
    "membership": check_membership,
    "own_ticket": check_own_ticket,
    "blocked": check_blocked,
    "unreachable": check_unreachable,
    "gave_back": check_gave_back,
    "asked": check_asked,
    "skill": check_skill,
    "expired": check_expired,
    "level": check_level,
    "language": check_language,
    "territory": check_territory,
    "unlocated": check_unlocated,
    "radius": check_radius,
    "own_radius": check_own_radius,
    "capacity": check_capacity,
    "daily_cap": check_daily_cap,
}


def failed_rules(request, worker, distance_km):
    """Return ``((code, data), ...)`` of every rule the worker fails, in order."""
    found = []
    for code, check in FILTERS.items():
        data = check(request, worker, distance_km)
        if data is not None:
            found.append((code, data))
    hindrance = obstacle(request, worker)
    if hindrance:
        found.append(hindrance)
        found.sort(key=lambda remark: CODES.index(remark[0]))
    return tuple(found)


def is_near_miss(request, reasons):
    """Tell whether one reason alone keeps somebody out, and can be cured."""
    if len(reasons) != 1:
        return False
    code, data = reasons[0]
    if code == "membership":
        return data["state"] in CURABLE_STATES
    if code == "radius":
        return data["km"] <= request.radius_km * NEAR_FACTOR
    return code in CURABLE
