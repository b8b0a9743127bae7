from . import test_matcher
