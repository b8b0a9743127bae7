from . import loader, history, availability
