"""One review by its parts, without a server: decoding, rules and patch, encoding, the log line.

They take turns with `json.loads` of the same bytes, and only the multiple of it says something
about another machine. Time in which other processes ran is not counted. A review edits the decoded
object, so that rules and patch are what decoding and reviewing take together, less the decoding.
"""

import gc
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time_ns

from tools.bench.binaries import Say
from tools.bench.bodies import BARE, COMMON, TEMPLATE, VALIDATE, Case, sized
from tools.bench.results import Figure, Goal, Part
from webhook.admission import Scope, review
from webhook.observe.logs import configure
from webhook.observe.metrics import Metrics
from webhook.server.admission_review import decode_review, encode_review
from webhook.server.decision import make_decision
from webhook.server.review_log import record_decision
from webhook.settings import MODES, Overlay, ServerException, Settings, SettingsByNamespace

ROUNDS, QUICK_ROUNDS = 250, 40
CALLS = 4
BASE = "json.loads"
LINEAR = Goal("at most", 30.0)
PARTS = ("decode", "rules and patch", "encode", "log line and metrics")

ENFORCE = "under the settings of a cluster"
BESIDE = ("in a namespace with settings", "with an exception", "mode observe", "mode warn")

Call = Callable[[], object]
Times = dict[str, list[float]]


def measure(*, quick: bool, say: Say) -> Part:
    """The parts of each common case, and what thirty containers cost beside one."""
    say("engine alone, by part")
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with _quiet():
        found = [figure for case in COMMON for figure in _parts(case, rounds)]
        found += [_linear(case, rounds // 5) for case in (VALIDATE, TEMPLATE, BARE)]
        return Part([*found, *(figure for case in COMMON for figure in _by_settings(case, rounds))])


@contextmanager
def _quiet() -> Iterator[None]:
    """Log lines go nowhere, and garbage is collected as seldom as in `serve`."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        configure(nowhere)
        try:
            yield
        finally:
            configure()
            gc.set_threshold(*thresholds)
            gc.unfreeze()


def _parts(case: Case, rounds: int) -> list[Figure]:
    times = _timed(_calls(case), rounds)
    pairs = zip(times["decode and review"], times["decode"], strict=True)
    times["rules and patch"] = [both - decoding for both, decoding in pairs]
    base = times[BASE]
    return [
        Figure(
            f"engine/{case.word}/{name.replace(' ', '-')}",
            f"{case.title}: {name}",
            median(times[name]),
            "us",
            None,
            f"{median(times[name]) / median(base):.2f} times json.loads of the same bytes",
            _tenths(times[name]),
        )
        for name in (BASE, *PARTS)
    ]


def _calls(case: Case) -> dict[str, Call]:
    """The parts of a review; none of them remembers an earlier one."""
    body = case.body(fresh=True).numbered(1).encode()
    settings, metrics = Settings(), Metrics()
    request = decode_review(body, case.hook)
    answer = review(request, settings, Scope.OPTED_IN)
    decision = make_decision(review, decode_review(body, case.hook), settings, Scope.OPTED_IN)
    return {
        BASE: lambda: json.loads(body),
        "decode": lambda: decode_review(body, case.hook),
        "decode and review": lambda: review(
            decode_review(body, case.hook), settings, Scope.OPTED_IN
        ),
        "encode": lambda: encode_review(request.uid, answer, case.hook),
        "log line and metrics": lambda: record_decision(
            request, Scope.OPTED_IN, decision, 0.001, metrics
        ),
    }


def _linear(case: Case, rounds: int) -> Figure:
    """The whole review of thirty containers, as a multiple of that of one."""
    times = _timed({size: _whole(sized(case, size)) for size in ("one", "thirty")}, rounds)
    each = [thirty / one for one, thirty in zip(times["one"], times["thirty"], strict=True)]
    value = median(times["thirty"]) / median(times["one"])
    title = f"{case.title}: 30 containers beside 1"
    how = "time from bytes to bytes, divided by that of one such container"
    return Figure(f"engine/{case.word}/linear", title, value, "x", LINEAR, how, _tenths(each))


def _whole(case: Case) -> Call:
    body, settings = case.body(fresh=True).numbered(1).encode(), Settings()

    def whole() -> object:
        return make_decision(review, decode_review(body, case.hook), settings, Scope.OPTED_IN)

    return whole


def _by_settings(case: Case, rounds: int) -> Iterator[Figure]:
    """What modes, settings of a namespace and exceptions cost beside the settings of a cluster."""
    body = case.body(fresh=True).numbered(1).encode()
    times = _timed(dict(_calls_by_settings(case, body)), rounds)
    base = median(times[ENFORCE])
    for name in BESIDE:
        value = median(times[name]) / base
        title, at = f"{case.title}: {name}", f"engine/{case.word}/{name.replace(' ', '-')}"
        each = [one / two for one, two in zip(times[name], times[ENFORCE], strict=True)]
        how = "time from bytes to bytes, divided by that under the settings of a cluster"
        yield Figure(at, title, value, "x", None, how, _tenths(each))


def _calls_by_settings(case: Case, body: bytes) -> Iterator[tuple[str, Call]]:
    asked = decode_review(body, case.hook)
    workload = asked.object["metadata"]["ownerReferences"][0]["name"].rpartition("-")[0]
    rules = frozenset({"host-path", "capabilities"})
    granted = ServerException("bench", asked.namespace, workload, rules, (), "measured", 9e9)
    cluster = Settings()
    overlays = {
        "in a namespace with settings": Overlay({"replicas": {"policy": "deny"}}),
        "with an exception": Overlay(exceptions=(granted,)),
    }
    by_name = {ENFORCE: SettingsByNamespace(cluster)}
    for name, overlay in overlays.items():
        by_name[name] = SettingsByNamespace(cluster, {asked.namespace: overlay})
    for mode in MODES[:-1]:
        by_name[f"mode {mode}"] = SettingsByNamespace(Settings.model_validate({"mode": mode}))
    for name, settings in by_name.items():
        yield name, partial(_decided, case, body, settings)


def _decided(case: Case, body: bytes, settings: SettingsByNamespace) -> object:
    request = decode_review(body, case.hook)
    return make_decision(review, request, settings.of(request.namespace), Scope.OPTED_IN)


def _timed(calls: dict[str, Call], rounds: int) -> Times:
    """Microseconds of each call in each round."""
    times: Times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began = process_time_ns()
            for _ in range(CALLS):
                call()
            times[name].append((process_time_ns() - began) / CALLS / 1000)
    return times


def _tenths(values: list[float]) -> tuple[float, ...]:
    """The medians of ten parts of the rounds: what a figure scatters by."""
    size = max(1, len(values) // 10)
    return tuple(median(values[at : at + size]) for at in range(0, len(values), size))
