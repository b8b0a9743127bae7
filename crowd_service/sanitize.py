"""Texts that the addons below show as HTML although nobody cleans them."""

from odoo.tools import html_sanitize


def without_scripts(vals, names):
    """Return ``vals`` with the texts in ``names`` cleaned; plain words stay as is."""
    return dict(
        vals,
        **{
            name: html_sanitize(vals[name])
            for name in names
            if "<" in (vals.get(name) or "")
        },
    )
