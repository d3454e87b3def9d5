"""What an API server feels: reviews arrive, whether the last one has been answered or not.

Each server gets a part of what it can do at most, so that a slow one is not drowned by the rate of
a fast one. Arrivals are those of a Poisson process, the same for all. Latency counts from the
moment at which a review was to be sent, also when no connection was free.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from statistics import median

from tools.bench.binaries import Say
from tools.bench.bodies import BARE, TEMPLATE, VALIDATE
from tools.bench.closed_loop import FLOOR, NAMES, OURS, POD_SECURITY, PYTHON
from tools.bench.contestants import Arena, Running
from tools.bench.load import Found, Load
from tools.bench.results import Figure, Goal, Line, Part, Plot
from tools.bench.turns import Turn, figures, latency_ratio, take_turns

SHARES = (25, 50, 75)
GOAL_SHARE = 50
CONNECTIONS = 64
ROUNDS, SECONDS = 3, 1.2
PERCENTILES = ("p50", "p99", "p99.9")
SERVERS = {
    VALIDATE: (OURS, FLOOR, POD_SECURITY, PYTHON),
    TEMPLATE: (OURS, FLOOR),
    BARE: (OURS, FLOOR),
}


def measure(
    arena: Arena,
    servers: Mapping[str, Running],
    saturation: Mapping[str, float],
    *,
    quick: bool,
    say: Say,
) -> Part:
    """Latencies at parts of each server's own saturation."""
    turns = list(planned(saturation, quick=quick))
    say(f"open loop: {len(turns)} loads")
    rounds = take_turns(arena, servers, turns, 1 if quick else ROUNDS)
    found = [figure for turn in turns for figure in figures(turn, rounds[turn.key], PERCENTILES)]
    return Part([*ratios(turns, rounds), *found], list(plots(turns, rounds)))


def planned(saturation: Mapping[str, float], *, quick: bool) -> Iterator[Turn]:
    """What is measured, in order, given what each server answers a second at most."""
    for case, words in SERVERS.items():
        for share in (GOAL_SHARE,) if quick else SHARES:
            for word in words[:2] if quick else words:
                rate = saturation[f"{case.word}/{word}"] * share / 100
                load = Load(case, connections=CONNECTIONS, rate=rate, seconds=SECONDS)
                title = f"{case.title}, {share} % of its own saturation"
                yield Turn(f"open/{case.word}/{share}", title, word, load)


def ratios(turns: list[Turn], rounds: Mapping[str, list[Found]]) -> Iterator[Figure]:
    """Ours beside the Go floor, each at the same part of its own saturation."""
    for turn in turns:
        if turn.server == OURS:
            pair = (OURS, NAMES[OURS]), (FLOOR, NAMES[FLOOR])
            at_goal = turn.subject.endswith(f"/{GOAL_SHARE}")
            goal = Goal("at most", 1.0) if at_goal else None
            ratio = latency_ratio(rounds, turn.subject, *pair, percentile="p99", goal=goal)
            yield replace(ratio, title=f"{turn.title}: p99 beside the Go floor")


def plots(turns: list[Turn], rounds: Mapping[str, list[Found]]) -> Iterator[Plot]:
    """Latency by arrival rate, of each case and percentile."""
    for case, words in SERVERS.items():
        for percentile in ("p50", "p99"):
            lines = []
            for word in words:
                mine = [turn for turn in turns if (turn.load.case, turn.server) == (case, word)]
                points = [
                    (
                        turn.load.rate,
                        median(each.latency_ms[percentile] for each in rounds[turn.key]),
                    )
                    for turn in mine
                ]
                lines.append(Line(word, tuple(points)))
            title = f"{case.title}: {percentile}"
            yield Plot(f"open/{case.word}/{percentile}", title, "arrivals/s", "ms", tuple(lines))
