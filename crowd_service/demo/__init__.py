from . import loader, history, availability, rotas
