"""What the tests outside Odoo's loader share: tests/unit (pure packages) and tests/e2e (a real server)."""

import os
import sys
import types
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# `import crowd_service.matching` must work without Odoo: a package object that never runs the addon's __init__.py
addon = types.ModuleType("crowd_service")
addon.__path__ = [str(ROOT / "crowd_service")]
sys.modules.setdefault("crowd_service", addon)
sys.path.append(str(ROOT))  # the rooms beside the addon

# the same examples in every run on CI; more, and new ones, where a developer asks for them
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
