from . import loader, history, availability, rotas, territories
from . import year_cast, year_customers, year_loader, year_targets
