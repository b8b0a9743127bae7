from . import helpdesk
from . import rating
