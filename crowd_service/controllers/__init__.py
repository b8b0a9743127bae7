from . import helpdesk
from . import rating
from . import offer
from . import portal
from . import availability
from . import reach
from . import bus
from . import webhook
