from . import controllers
from . import demo
from . import log_filter
from . import models
from . import report
from . import wizards
from .hooks import post_init_hook, uninstall_hook

log_filter.install()
