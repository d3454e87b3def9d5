"""One review from bytes to bytes, beside json.loads of the same bytes in the same rounds.

The machine's speed changes from minute to minute, so the two take turns and only their ratio says
something; time in which other processes ran is not counted.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from statistics import median
from time import process_time

from tests.bench.pod_review import pod_review
from webhook.admission.request import Hook, Scope
from webhook.admission.review import review
from webhook.server.decision import decide
from webhook.server.wire import decode
from webhook.settings.model import Settings

ROUNDS = 400
CALLS = 5


def measure() -> list[str]:
    """The lines to print."""
    body = pod_review()
    settings = Settings()

    def whole(hook: Hook) -> bytes:
        return decide(review, decode(body, hook), settings, Scope.OPTED_IN).body

    assert b'"patch"' in whole(Hook.MUTATE)
    parts: dict[str, Callable[[], object]] = {
        "json.loads": lambda: json.loads(body),
        "decode": lambda: decode(body, Hook.MUTATE),
        "/mutate": lambda: whole(Hook.MUTATE),
        "/validate": lambda: whole(Hook.VALIDATE),
    }
    times: dict[str, list[float]] = {name: [] for name in parts}
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    for _ in range(ROUNDS):
        for name, call in parts.items():
            times[name].append(_microseconds(call))
    base = times["json.loads"]
    lines = [f"one pod review of {len(body)} bytes, from bytes to bytes, in us:"]
    for name, values in times.items():
        ratio, typical = min(values) / min(base), median(values) / median(base)
        lines.append(
            f"  {name:<10}  min {min(values):6.0f} (x{ratio:.2f})"
            f"  median {median(values):6.0f} (x{typical:.2f})"
        )
    return lines


def _microseconds(call: Callable[[], object]) -> float:
    started = process_time()
    for _ in range(CALLS):
        call()
    return (process_time() - started) / CALLS * 1e6
