"""What it costs to create offers, against the same model with ``mail.thread``."""

import time

import odoo
from odoo import fields, models
from odoo.tools import mute_logger

from . import machine
from .cells import CELLS, tickets

NAME = "crowd.bench.offer"
OFFERS = 200


def measure(name, repeats=9):
    """Return ``(plain, thread)``: the milliseconds of each batch of 200 offers."""
    plain, thread = [], []
    with machine.environment(name) as env:
        _register(env)
        values = _prepare(env)
        for _n in range(repeats + 1):
            plain.append(_create(env, "crowd.offer", values))
            thread.append(_create(env, NAME, values))
    odoo.modules.registry.Registry.delete(name)  # forget the throwaway model
    return plain[1:], thread[1:]


def _register(env):
    """Add an offer with ``mail.thread`` to this transaction and this registry."""

    class Offer(models.Model):
        _name = NAME
        _description = "Offer with a thread"
        _inherit = ["crowd.offer", "mail.thread"]
        _module = "crowd_service"

        state = fields.Selection(tracking=True)

    with mute_logger("odoo.addons.base.models.ir_model"):
        Offer._build_model(env.registry, env.cr)
        env.registry.setup_models(env.cr)
        env.registry.init_models(env.cr, [NAME], {"module": "crowd_service"})


def _prepare(env):
    """Return the values of a wave of offers, as a dispatch prepares them."""
    ticket = tickets(env, CELLS[0])[0]
    dispatch = env["crowd.dispatch"].create(
        {
            "ticket_id": ticket.id,
            "company_id": ticket.company_id.id,
            "service_id": ticket.crowd_service_id.id,
            "responsible_id": env.user.id,
            "next_deadline": env["crowd.clock"].now(),
        }
    )
    best = env["crowd.matcher"]._match(ticket, limit=OFFERS).ranked
    base = dispatch._prepare_offer_base()
    expires_at = dispatch._in_minutes(30)
    return [
        dict(
            base,
            **dispatch._prepare_offer(candidate),
            name="%s-%d" % (dispatch.name, place),
            expires_at=expires_at,
        )
        for place, candidate in enumerate(best, start=1)
    ]


class _Undo(Exception):
    pass


def _create(env, model, values):
    try:
        with env.cr.savepoint():
            start = time.perf_counter()
            env[model].create([dict(vals) for vals in values])
            env["base"].flush()
            spent = (time.perf_counter() - start) * 1000
            raise _Undo
    except _Undo:
        env.cache.invalidate()
    return spent * OFFERS / len(values)
