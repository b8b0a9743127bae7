"""What a process of the pool does. Odoo is imported only there, once it has settings."""

import gc


def run(options):
    """Run one shard; see :func:`shard.run`."""
    import odoo

    gc.set_threshold(50_000, 20, 50)  # records come and go by the thousand
    conf = ["-c", options["config"], "--log-level=warn", "--max-cron-threads=0"]
    odoo.tools.config.parse_config(conf)
    odoo.netsvc.init_logger()
    from . import shard, shortcuts

    with shortcuts.taken():
        return shard.run(options)
