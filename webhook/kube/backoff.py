"""How long to wait before the next try: up to twice as long after each failure, by chance."""

import random
from collections.abc import Callable

FIRST, LONGEST = 0.2, 30.0


class Backoff:
    """Exponential, with full jitter: many that fail together do not come back together."""

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self.failures = 0

    def next(self) -> float:
        """The seconds to wait now; counts a failure."""
        most = min(LONGEST, FIRST * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return self._uniform(0.0, most)

    def forget(self) -> None:
        """It went well."""
        self.failures = 0
