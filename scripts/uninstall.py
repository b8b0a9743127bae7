"""Run in 'odoo shell': uninstalls crowd_service; fails when something of it is left, or when tickets, orders or
partners are not what they were."""

# ruff: noqa: F821
import logging

# the addon's own order stages go, and their orders back to the first one
CHANGED = {("fsm_order", "stage_id")}
LOG = ("write_date", "write_uid")
KEPT = (
    "helpdesk_ticket",
    "fsm_order",
    "res_partner",
    "fsm_person",
    "fsm_location",
    "product_template",
)


def columns(table):
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s",
        (table,),
    )
    return [name for (name,) in env.cr.fetchall()]


def checksums():
    """A checksum of every column of the tables that are not ours."""
    found = {}
    for table in KEPT:
        for column in columns(table):
            if (table, column) not in CHANGED and column not in LOG:
                env.cr.execute(
                    f"SELECT count(*), md5(string_agg(concat(id, '|', \"{column}\"), ',' ORDER BY id)) FROM {table}"
                )
                found[table, column] = env.cr.fetchone()
    return found


def remains():
    env.cr.execute(
        r"""
        SELECT relname FROM pg_class WHERE relname LIKE 'crowd\_%' AND relkind IN ('r', 'v', 'm')
         UNION ALL
        SELECT 'ir.model ' || model FROM ir_model WHERE model LIKE 'crowd.%'
         UNION ALL
        SELECT 'ir.model.data ' || name FROM ir_model_data WHERE module = 'crowd_service'
         UNION ALL
        SELECT 'parameter ' || key FROM ir_config_parameter WHERE key LIKE 'crowd\_%'
         UNION ALL
        SELECT 'job ' || name FROM queue_job WHERE model_name LIKE 'crowd.%'
         UNION ALL
        SELECT 'cron ' || cron_name FROM ir_cron WHERE cron_name ILIKE '%crowd%'
         UNION ALL
        SELECT 'view ' || name FROM ir_ui_view WHERE model LIKE 'crowd.%' OR arch_db LIKE '%crowd\_%'
        """
    )
    return [name for (name,) in env.cr.fetchall()]


before = checksums()
module = env["ir.module.module"].search([("name", "=", "crowd_service")])
module.button_immediate_uninstall()
env.clear()
state = env["ir.module.module"].search([("name", "=", "crowd_service")]).state
after = checksums()
changed = sorted(key for key in after if after[key] != before.get(key))
left = remains()
if state != "uninstalled" or left or changed:
    logging.getLogger("uninstall").error(
        "state %s, left: %s, changed: %s", state, left, changed
    )
