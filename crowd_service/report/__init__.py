from . import crowd_report_mixin
from . import crowd_report_dispatch
from . import crowd_report_offer
from . import crowd_report_escalation
from . import crowd_report_delivery
from . import crowd_report_curve
from . import crowd_report_outcome
