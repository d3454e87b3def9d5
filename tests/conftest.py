"""How hard the property tests try: HYPOTHESIS_PROFILE=thorough for a long look, else the usual."""

import os

from hypothesis import HealthCheck, settings

USUAL = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("usual", USUAL)
settings.register_profile("thorough", USUAL, derandomize=False, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))
