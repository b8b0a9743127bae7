"""A request and a worker who fits it: what the tests of matching start from."""

from crowd_service.matching import Request, Worker

BERN = (46.948, 7.4474)
REQUEST = Request(
    service_id=1, lat=BERN[0], lon=BERN[1], radius_km=30.0, skills={7: 50, 8: 0}
)


def km_north(km):
    return {"lat": BERN[0] + km / 111.195, "lon": BERN[1]}


def worker(**facts):
    """Return a worker who passes every rule of REQUEST, unless told otherwise."""
    values = {
        "worker_id": 1,
        "membership_id": 11,
        "community_id": 3,
        "membership_state": "active",
        "partner_ids": frozenset({100}),
        "levels": {7: 50, 8: 10},
        **km_north(5),
    }
    return Worker(**dict(values, **facts))
