from . import crowd_match
from . import crowd_why_not
from . import crowd_escalate
from . import crowd_answer
from . import crowd_intervene
from . import crowd_pause
from . import crowd_rota_plan
from . import crowd_call
