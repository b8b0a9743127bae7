from . import loader, history
