"""The only place that knows which Odoo series this is."""


def flush(env):
    """Send every pending ORM write of ``env`` to the database."""
    env["base"].flush()


def invalidate(env, keep=None):
    """Forget every cached field value of ``env``, but what :func:`cached` returned."""
    env["base"].invalidate_cache()
    env.cache._data.update(keep or {})


def cached(env, models):
    """Return what is cached of the stored fields of ``models``.

    Lists of records of other models are left out.
    """
    return {
        field: values
        for field, values in env.cache._data.items()
        if field.model_name in models
        and field.store
        and (field.column_type or field.comodel_name in models)
    }


def commit(env, models):
    """Commit, and keep of the cache what :func:`cached` returns: Odoo forgets it."""
    flush(env)
    known = cached(env, models)
    env.cr.commit()
    env.cache._data.update(known)


def discard(env):
    """Let go of the environments of a cursor that is closed: they slow down others."""
    for other in list(env.all):
        if other.cr is env.cr:
            env.all.envs.discard(other)


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
