"""What installing and removing the addon does beyond its data files."""

from psycopg2 import sql

from odoo import SUPERUSER_ID, api

ORDER_STAGES = {
    "fsm_stage_assigned": ("Assigned", "#AED6F1", 30),
    "fsm_stage_in_progress": ("In Progress", "#F9E79F", 50),
}


def post_init_hook(cr, registry):
    """Create order stages and the defaults of every company."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    _create_order_stages(env)
    admin = env.ref("base.user_admin")
    companies = env["res.company"].search([])
    companies._crowd_setup()
    admin.company_ids.filtered(lambda c: not c.crowd_fallback_user_id).write(
        {"crowd_fallback_user_id": admin.id}
    )
    _mark_located(cr)
    _give_first_answer_deadlines(env)
    env["crowd.worker.search"]._rebuild()


def _create_order_stages(env):
    """Field service refuses two stages of one sequence: find free ones."""
    stages = env["fsm.stage"].with_context(active_test=False)
    taken = set(stages.search([("stage_type", "=", "order")]).mapped("sequence"))
    for name, (label, color, sequence) in ORDER_STAGES.items():
        if env.ref("crowd_service." + name, raise_if_not_found=False):
            continue  # the demo data needed it earlier
        while sequence in taken:
            sequence += 1
        taken.add(sequence)
        stage = stages.create(
            {
                "name": label,
                "sequence": sequence,
                "stage_type": "order",
                "is_default": True,
                "custom_color": color,
            }
        )
        env["ir.model.data"].create(
            {
                "module": "crowd_service",
                "name": name,
                "model": "fsm.stage",
                "res_id": stage.id,
                "noupdate": True,
            }
        )


def _mark_located(cr):
    """Workers and places that already have coordinates are located."""
    query = """
        UPDATE {table} AS record
           SET is_located = TRUE,
               position_source = 'manual',
               position_date = COALESCE(p.date_localization, p.write_date)
          FROM res_partner p
         WHERE p.id = record.partner_id
           AND (p.partner_latitude <> 0 OR p.partner_longitude <> 0)
        """
    for table in ("fsm_person", "fsm_location"):
        cr.execute(sql.SQL(query).format(table=sql.Identifier(table)))


def _give_first_answer_deadlines(env):
    """Tickets that are open now get their first-answer deadline, counted from now."""
    env["helpdesk.ticket"].search(
        [("closed", "=", False)]
    )._crowd_set_first_answer_deadline()


def uninstall_hook(cr, registry):
    """Leave nothing behind that needs this addon."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    _leave_order_stages(env)
    env["mail.activity"].search([("res_model", "=like", "crowd.%")]).unlink()
    env["crowd.delivery"].search([]).unlink()  # else gateways cannot go before them
    env["queue.job"].search([("model_name", "=like", "crowd.%")]).unlink()
    env["ir.config_parameter"].search([("key", "=like", "crowd_service.%")]).unlink()


def _leave_order_stages(env):
    """Orders go back to a stage that outlives this addon."""
    new = env.ref("fieldservice.fsm_stage_new", raise_if_not_found=False)
    for name in ORDER_STAGES:
        stage = env.ref("crowd_service." + name, raise_if_not_found=False)
        if stage and new:
            env["fsm.order"].search([("stage_id", "=", stage.id)]).write(
                {"stage_id": new.id}
            )
