"""As fast as it goes: so many connections, each of which sends when its last answer came."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tools.bench.binaries import Say
from tools.bench.bodies import BARE, TEMPLATE, VALIDATE, sized
from tools.bench.contestants import Arena, Running
from tools.bench.load import Found, Load
from tools.bench.results import Figure, Goal, Part
from tools.bench.turns import SEEN, Turn, figures, latency_ratio, speed_ratio, take_turns

OURS, FLOOR, POD_SECURITY, PYTHON = "ours", "floor", "pod-security", "python-floor"
NAMES = {OURS: "ours", FLOOR: "the Go floor", POD_SECURITY: "upstream Pod Security"}
CONNECTIONS = 8
OTHER_CONNECTIONS = (1, 32)
ROUNDS, OTHER_ROUNDS, SECONDS = 5, 3, 0.4
QUICK_ROUNDS, QUICK_SECONDS = 2, 0.3
PERCENTILES = ("p50", "p99")

# Whom a case is measured against; a second "ours" is that of pods that were seen before.
SEEN_OURS = f"{OURS}{SEEN}"
AGAINST = {
    "validate": (OURS, SEEN_OURS, FLOOR, POD_SECURITY, PYTHON),
    "template": (OURS, SEEN_OURS, FLOOR, PYTHON),
    "bare": (OURS, FLOOR, PYTHON),
    "validate-30": (OURS, SEEN_OURS, FLOOR, POD_SECURITY),
    "template-30": (OURS, SEEN_OURS, FLOOR),
    "bare-30": (OURS, FLOOR),
}
GOALS = {
    "validate/8/ours-vs-floor": Goal("at least", 1.0),
    "validate/8/ours-vs-pod-security": Goal("at least", 2.5),
    "template/8/ours-vs-floor": Goal("at least", 0.8),
    "template/8/ours-seen-vs-floor": Goal("at least", 1.3),
    "bare/8/ours-vs-floor": Goal("at least", 0.6),
    "validate-30/8/ours-vs-floor": Goal("at least", 1.0),
    "validate-30/8/p99-ours-vs-floor": Goal("at most", 1.0),
    "template-30/8/ours-vs-floor": Goal("at least", 1.0),
    "template-30/8/p99-ours-vs-floor": Goal("at most", 1.0),
    "bare-30/8/ours-vs-floor": Goal("at least", 1.0),
    "bare-30/8/p99-ours-vs-floor": Goal("at most", 1.0),
}


def measure(
    arena: Arena, servers: Mapping[str, Running], *, quick: bool, say: Say
) -> tuple[Part, dict[str, float]]:
    """The figures, and how many reviews a second each server answers at most, by case and word."""
    turns = list(planned(quick=quick))
    say(f"closed loop: {len(turns)} loads, each measured in several rounds")
    common = [turn for turn in turns if turn.load.connections == CONNECTIONS]
    others = [turn for turn in turns if turn.load.connections != CONNECTIONS]
    rounds = take_turns(arena, servers, common, QUICK_ROUNDS if quick else ROUNDS)
    rounds |= take_turns(arena, servers, others, OTHER_ROUNDS)
    found = [figure for turn in turns for figure in figures(turn, rounds[turn.key], PERCENTILES)]
    beside = [ratio for turn in turns for ratio in ratios(turn, rounds)]
    return Part([*beside, *found]), saturation(turns, rounds)


def planned(*, quick: bool) -> Iterator[Turn]:
    """What is measured, in order."""
    common = (VALIDATE, TEMPLATE, BARE)
    loads = [(case, CONNECTIONS) for case in common]
    if not quick:
        loads += [(sized(case, "thirty"), CONNECTIONS) for case in common]
        loads += [(case, number) for number in OTHER_CONNECTIONS for case in common]
    for case, connections in loads:
        load = Load(case, connections=connections, seconds=QUICK_SECONDS if quick else SECONDS)
        subject = f"direct/{case.word}/{connections}"
        title = f"{case.title}, {connections} connection{'s' if connections > 1 else ''}"
        for word in AGAINST[case.word]:
            server = word.removesuffix(SEEN)
            if not (quick and server == PYTHON):
                yield Turn(subject, title, server, replace(load, fresh=word == server))


def ratios(turn: Turn, rounds: Mapping[str, list[Found]]) -> Iterator[Figure]:
    """Ours beside the others under the load that goals are about, if `turn` is one of ours."""
    if turn.server != OURS or turn.load.connections != CONNECTIONS:
        return
    seen = "" if turn.load.fresh else ", seen before"
    for other in (FLOOR, POD_SECURITY):
        if f"{turn.subject}/{other}" not in rounds:
            continue
        pair = (turn.word, NAMES[OURS]), (other, NAMES[other])
        goal = _goal(f"{turn.subject}/{turn.word}-vs-{other}")
        title = f"{turn.title}{seen}: speed beside {NAMES[other]}"
        yield replace(speed_ratio(rounds, turn.subject, *pair, goal), title=title)
        if other == FLOOR:
            goal = _goal(f"{turn.subject}/p99-{turn.word}-vs-{other}")
            title = f"{turn.title}{seen}: p99 beside {NAMES[other]}"
            yield replace(
                latency_ratio(rounds, turn.subject, *pair, percentile="p99", goal=goal), title=title
            )


def _goal(id: str) -> Goal | None:  # noqa: A002
    return GOALS.get(id.removeprefix("direct/"))


def saturation(turns: list[Turn], rounds: Mapping[str, list[Found]]) -> dict[str, float]:
    """`validate/ours` and so on: what a server did at the number of connections that suited it.

    One connection keeps no server busy, so it does not count.
    """
    best: dict[str, float] = {}
    for turn in turns:
        if turn.load.fresh and turn.load.connections >= CONNECTIONS:
            key = f"{turn.load.case.word}/{turn.server}"
            speeds = sorted(each.per_second for each in rounds[turn.key])
            best[key] = max(best.get(key, 0.0), speeds[len(speeds) // 2])
    return best
