"""The only place that knows which Odoo series this is."""


def flush(env):
    """Send every pending ORM write of ``env`` to the database."""
    env["base"].flush()


def invalidate(env):
    """Forget every cached field value of ``env``."""
    env["base"].invalidate_cache()


def render_template(template, record):
    """Return ``{"subject", "body_html"}`` of a ``mail.template``, in its language."""
    return {
        name: template._render_field(name, record.ids, compute_lang=True)[record.id]
        for name in ("subject", "body_html")
    }


def render_view(env, xml_id, values):
    """Return the page that the QWeb view ``xml_id`` makes of ``values``, as text."""
    page = env["ir.ui.view"]._render_template(xml_id, values)
    return page.decode() if isinstance(page, bytes) else page
