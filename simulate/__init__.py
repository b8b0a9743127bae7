"""Many tickets through the real engine, on a clock that does not wait: ``make simulate``."""
