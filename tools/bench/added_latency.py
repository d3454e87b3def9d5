"""What an admission adds to the time that a create takes, computed from rounds that took turns.

Each block has a sample of every admission, taken in the same seconds. What is added is the
difference of percentiles of all samples; the same of each block alone says how far it scatters.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tools.bench.admissions import ADMISSIONS, BESIDE, FLOOR, IN_TREE, NONE, ONCE, OURS
from tools.bench.results import Figure, Goal

HALF, NEARLY_ALL = 0.5, 0.99
NAMES = {
    BESIDE: "mcp-admission, pod not covered",
    OURS: "mcp-admission",
    FLOOR: "two Go no-op calls",
    IN_TREE: "in-tree policies",
    ONCE: "in-tree policies, evaluated once",
}
# The goals of ours, by the number of containers and what it is compared with.
GOALS = {
    (1, FLOOR): Goal("at most", 1.2),
    (1, IN_TREE): Goal("at most", 0.7),
    (30, IN_TREE): Goal("at most", 0.4),
}


@dataclass
class Samples:
    """Seconds of each create, by admission and block, for pods of one size and one concurrency.

    `cpu` has the seconds of processor time that the whole control plane took meanwhile. They are
    counted in hundredths, too coarse for the turns of one create after the other.
    """

    containers: int
    at_once: int
    seconds: dict[str, list[list[float]]] = field(
        default_factory=lambda: {each: [] for each in ADMISSIONS}
    )
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(ADMISSIONS, 0.0))

    @property
    def what(self) -> str:
        """For titles."""
        pods = "1 container" if self.containers == 1 else f"{self.containers} containers"
        return f"{pods}, {self.at_once} at a time"

    @property
    def id(self) -> str:
        """The beginning of the ids of its figures."""
        return f"through/{self.containers}/{self.at_once}"


def percentile(values: Sequence[float], part: float) -> float:
    """The least value that so much of the values is not above."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * part // 1) - 1)]


def figures(samples: Samples) -> Iterator[Figure]:
    """The create without admission, what each admission adds to it, and the ratios of ours."""
    for part, name in ((HALF, "p50"), (NEARLY_ALL, "p99")):
        seconds = samples.seconds[NONE]
        yield Figure(
            id=f"{samples.id}/{NONE}/{name}",
            title=samples.what,
            value=percentile(_all(seconds), part) * 1000,
            unit="ms",
            how="of creates without admission, from the request to the end of the answer",
            rounds=tuple(percentile(block, part) * 1000 for block in seconds),
        )
    for admission in NAMES:
        yield _added(samples, admission, HALF, "p50")
        yield _added(samples, admission, NEARLY_ALL, "p99")
        if samples.at_once > 1:
            yield _cpu(samples, admission)
    for peer in (FLOOR, IN_TREE, ONCE):
        yield _ratio(samples, peer)


def added(seconds: Mapping[str, list[list[float]]], admission: str, part: float) -> float:
    """Seconds that an admission adds at this percentile, over all blocks."""
    return percentile(_all(seconds[admission]), part) - percentile(_all(seconds[NONE]), part)


def _all(blocks: list[list[float]]) -> list[float]:
    return [value for block in blocks for value in block]


def _blocks(samples: Samples) -> Iterator[dict[str, list[list[float]]]]:
    """Each block as if there were no other."""
    for number in range(len(samples.seconds[NONE])):
        yield {each: [blocks[number]] for each, blocks in samples.seconds.items()}


def _added(samples: Samples, admission: str, part: float, name: str) -> Figure:
    return Figure(
        id=f"{samples.id}/{admission}/added-{name}",
        title=samples.what,
        value=added(samples.seconds, admission, part) * 1000,
        unit="ms",
        how=f"of creates under {NAMES[admission]}, less that without admission",
        rounds=tuple(added(block, admission, part) * 1000 for block in _blocks(samples)),
    )


def _cpu(samples: Samples, admission: str) -> Figure:
    spent = {
        each: samples.cpu[each] / len(_all(samples.seconds[each])) for each in (admission, NONE)
    }
    return Figure(
        id=f"{samples.id}/{admission}/added-cpu",
        title=samples.what,
        value=(spent[admission] - spent[NONE]) * 1000,
        unit="ms",
        how=f"of control plane and webhooks for a create under {NAMES[admission]}, less without",
    )


def _ratio(samples: Samples, peer: str) -> Figure:
    """Ours divided by a peer's; in doubt where the peer's does not stand out of the noise."""
    ours, theirs = (added(samples.seconds, each, HALF) for each in (OURS, peer))
    blocks = [(added(block, OURS, HALF), added(block, peer, HALF)) for block in _blocks(samples)]
    rounds = tuple(mine / its for mine, its in blocks if its > 0)
    noisy = theirs <= 0 or len(rounds) < len(blocks)
    return Figure(
        id=f"{samples.id}/added-p50-vs-{peer}",
        title=f"{samples.what}: added p50 beside {NAMES[peer]}",
        value=ours / theirs if theirs > 0 else 0.0,
        unit="x",
        goal=GOALS.get((samples.containers, peer)),
        how=f"what mcp-admission adds, divided by what {NAMES[peer]} add",
        rounds=rounds,
        doubt="in some rounds they added nothing that stood out of the noise" if noisy else "",
    )
