"""One review from bytes to bytes, beside json.loads of the same bytes in the same rounds.

The machine's speed changes from minute to minute, so the two take turns and only their ratio says
something; time in which other processes ran is not counted.
"""

import gc
import json
from collections.abc import Callable
from statistics import median
from time import process_time

from tools.bench.pod_review import Case, cases
from webhook.admission.handler import review
from webhook.admission.workload import Scope
from webhook.server.admission_review import decode_review, make_decision
from webhook.settings.model import Settings

ROUNDS = 400
CALLS = 5


def measure() -> list[str]:
    """The lines to print."""
    lines = ["one pod review from bytes to bytes, in us, and as a multiple of json.loads:"]
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    for case in cases():
        lines += [f"  {case.title} ({len(case.body)} bytes)", *_compared(case)]
    return lines


def _compared(case: Case) -> list[str]:
    settings = Settings()

    def whole() -> bytes:
        return make_decision(
            review, decode_review(case.body, case.hook), settings, Scope.OPTED_IN
        ).body

    assert b'"allowed":true' in whole()
    parts: dict[str, Callable[[], object]] = {
        "json.loads": lambda: json.loads(case.body),
        "decode": lambda: decode_review(case.body, case.hook),
        "whole": whole,
    }
    times: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(ROUNDS):
        for name, call in parts.items():
            times[name].append(_microseconds(call))
    base = times["json.loads"]
    return [
        f"    {name:<10}  min {min(values):6.0f} (x{min(values) / min(base):.2f})"
        f"  median {median(values):6.0f} (x{median(values) / median(base):.2f})"
        for name, values in times.items()
    ]


def _microseconds(call: Callable[[], object]) -> float:
    started = process_time()
    for _ in range(CALLS):
        call()
    return (process_time() - started) / CALLS * 1e6
