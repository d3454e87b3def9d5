"""Servers take turns: each round measures everything once, so that the machine's mood hits all.

What several rounds found of one server is summed up here, and compared with another server's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from tools.bench.contestants import Arena, Running
from tools.bench.load import Found, Load, send
from tools.bench.results import Figure, Goal

# Below it, something else than the server's speed limited a closed loop.
BUSY = 0.9
# So long after its time, half of the reviews of an open loop are sent only on a busy machine.
LATE_MS = 1.0
SEEN = "-seen"


@dataclass(frozen=True)
class Turn:
    """One server under one load; `subject` is the first part of the ids: `direct/validate/8`."""

    subject: str
    title: str
    server: str
    load: Load

    @property
    def word(self) -> str:
        """The server; apart when it has seen like pods before."""
        return self.server if self.load.fresh else f"{self.server}{SEEN}"

    @property
    def key(self) -> str:
        """The first part of the ids of its figures."""
        return f"{self.subject}/{self.word}"


Rounds = Mapping[str, Sequence[Found]]


def take_turns(
    arena: Arena, servers: Mapping[str, Running], turns: Sequence[Turn], rounds: int
) -> dict[str, list[Found]]:
    """Measure each turn once a round, in another order each time."""
    found: dict[str, list[Found]] = {turn.key: [] for turn in turns}
    for number in range(rounds):
        for turn in turns if number % 2 == 0 else reversed(turns):
            found[turn.key].append(send(arena, servers[turn.server], turn.load))
    return found


def figures(turn: Turn, rounds: Sequence[Found], percentiles: Iterable[str]) -> list[Figure]:
    """What the rounds say of one server: speed, CPU time and latencies, as medians."""

    def figure(word: str, unit: str, values: list[float]) -> Figure:
        key = f"{turn.key}/{word}"
        return Figure(key, turn.title, median(values), unit, rounds=tuple(values))

    found = [
        figure("per-second", "reviews/s", [each.per_second for each in rounds]),
        figure("cpu", "us of CPU", [each.cpu_microseconds for each in rounds]),
        figure("server-busy", "of a core", [each.server_busy for each in rounds]),
        figure("generator-busy", "of a core", [each.generator_busy for each in rounds]),
    ]
    if turn.load.rate:
        found.append(figure("late-p99", "ms", [each.late_ms["p99"] for each in rounds]))
    return found + [
        figure(percentile, "ms", [each.latency_ms[percentile] for each in rounds])
        for percentile in percentiles
    ]


def speed_ratio(
    rounds: Rounds, subject: str, first: tuple[str, str], second: tuple[str, str], goal: Goal | None
) -> Figure:
    """How many times as fast the first server is, in a closed loop.

    A server is given by its word in ids and its name. Where one of them did not have its core for
    itself, reviews/s would compare what else ran: then the CPU time of a review is compared.
    """
    (word, name), (other_word, other_name) = first, second
    ours, theirs = rounds[f"{subject}/{word}"], rounds[f"{subject}/{other_word}"]
    busy = min(median(each.server_busy for each in part) for part in (ours, theirs))
    if busy >= BUSY:
        pairs = [
            (each.per_second, other.per_second) for each, other in zip(ours, theirs, strict=True)
        ]
        how = f"reviews/s of {name}, divided by those of {other_name}"
    else:
        pairs = [
            (1 / each.cpu_microseconds, 1 / other.cpu_microseconds)
            for each, other in zip(ours, theirs, strict=True)
        ]
        how = f"CPU time of a review of {other_name}, divided by that of {name}: a core was shared"
    return _ratio(f"{subject}/{word}-vs-{other_word}", pairs, how, goal)


def latency_ratio(
    rounds: Rounds,
    subject: str,
    first: tuple[str, str],
    second: tuple[str, str],
    *,
    percentile: str,
    goal: Goal | None,
) -> Figure:
    """How many times as long the first server takes."""
    (word, name), (other_word, other_name) = first, second
    both = rounds[f"{subject}/{word}"], rounds[f"{subject}/{other_word}"]
    pairs = [
        (each.latency_ms[percentile], other.latency_ms[percentile])
        for each, other in zip(*both, strict=True)
    ]
    how = f"{percentile} of {name}, divided by that of {other_name}"
    ratio = _ratio(f"{subject}/{percentile}-{word}-vs-{other_word}", pairs, how, goal)
    return replace(ratio, doubt=_doubt([*both[0], *both[1]]))


def _doubt(rounds: Sequence[Found]) -> str:
    """Why latencies say more of the machine than of the servers, if they do."""
    if any(each.late_ms.get("p50", 0) > LATE_MS for each in rounds):
        return "but reviews were sent late, because the machine was busy"
    if not rounds[0].late_ms and median(each.server_busy for each in rounds) < BUSY:
        return "but a core was shared"
    return ""


def _ratio(id: str, pairs: list[tuple[float, float]], how: str, goal: Goal | None) -> Figure:  # noqa: A002
    value = median(first for first, _ in pairs) / median(second for _, second in pairs)
    each = tuple(first / second for first, second in pairs)
    return Figure(id, "", value, "x", goal, how, each)
