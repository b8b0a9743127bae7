"""The only place that knows which Odoo series this is."""

from functools import lru_cache

from odoo.tools.safe_eval import check_values

from odoo.addons.mail.models.mail_render_mixin import jinja_template_env


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
    known = env.cache._data
    fields = env["base"]._crowd_stored_fields(models)
    return {field: known[field] for field in fields.intersection(known)}


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
    """Return ``{"subject", "body_html"}`` of a ``mail.template``, in its language.

    Odoo compiles a template anew each time, which takes as long as all else that a
    message needs.

    :raise Exception: whatever goes wrong in the template
    """
    [(template, ids)] = template._classify_per_lang(record.ids).values()
    values = dict(template._render_jinja_eval_context())
    check_values(values)
    values["object"] = record.with_env(template.env).browse(ids)
    return {
        name: _compiled(template[name] or "").render(values)
        for name in ("subject", "body_html")
    }


@lru_cache(maxsize=512)
def _compiled(source):
    return jinja_template_env.from_string(source)


def render_view(env, xml_id, values):
    """Return the page that the QWeb view ``xml_id`` makes of ``values``, as text."""
    page = env["ir.ui.view"]._render_template(xml_id, values)
    return page.decode() if isinstance(page, bytes) else page
