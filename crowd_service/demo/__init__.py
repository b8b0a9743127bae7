from . import loader, history, availability, rotas, territories, year_cast, year_loader
