"""Run in 'odoo shell': uninstalls crowd_service and fails when something of it is left."""

# ruff: noqa: F821
import logging

module = env["ir.module.module"].search([("name", "=", "crowd_service")])
module.button_immediate_uninstall()
env.clear()
state = env["ir.module.module"].search([("name", "=", "crowd_service")]).state
env.cr.execute(
    """
    SELECT relname FROM pg_class WHERE relname LIKE 'crowd\\_%' AND relkind IN ('r', 'v', 'm')
     UNION ALL
    SELECT 'ir.model ' || model FROM ir_model WHERE model LIKE 'crowd.%'
     UNION ALL
    SELECT 'ir.model.data ' || name FROM ir_model_data WHERE module = 'crowd_service'
    """
)
left = [name for (name,) in env.cr.fetchall()]
if state != "uninstalled" or left:
    logging.getLogger("uninstall").error("state %s, left: %s", state, left)
