from . import test_matcher
from . import test_dispatch
from . import test_escalation
from . import test_partner_merge
from . import test_position
from . import test_desk_hours
