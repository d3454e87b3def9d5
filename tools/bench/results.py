"""What a bench run found, as data: figures, curves, and the machine that they were found on.

Each part of the bench returns a `Part`; `make bench` joins them to a `Run` and writes it as
`bench.json`. The table, the plot, the page and the comparison of two runs read nothing else.
"""

import json
import os
import platform
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from webhook.observe.build_info import build_info

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
ROUNDS_FOR_A_SPREAD = 2


class WrongAnswerError(Exception):
    """A server answered what it must not: the run is void."""


@checked(frozen=True, config=STRICT)
class Goal:
    """What a figure is measured against."""

    bound: Literal["at least", "at most"]
    value: float

    def met_by(self, value: float) -> bool:
        """Whether this value is good enough."""
        return value >= self.value if self.bound == "at least" else value <= self.value

    def __str__(self) -> str:
        return f"{'>=' if self.bound == 'at least' else '<='} {self.value:g}"


@checked(frozen=True, config=STRICT)
class Figure:
    """One number of a run.

    The id says the part first and stays the same from run to run: `direct/validate/8/vs-floor`.
    `how` says what the number is, as a phrase: "reviews/s of ours, divided by those of the Go
    floor". `rounds` holds the same number from each round alone; they say how far it scatters.
    `doubt` says why the number proves nothing, if so: then the goal is neither met nor missed.
    """

    id: str
    title: str
    value: float
    unit: str = ""
    goal: Goal | None = None
    how: str = ""
    rounds: tuple[float, ...] = ()
    doubt: str = ""

    @property
    def part(self) -> str:
        """The first word of the id."""
        return self.id.partition("/")[0]

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal, and in doubt."""
        return self.goal.met_by(self.value) if self.goal and not self.doubt else None

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the greatest of its rounds; without several rounds, the value twice."""
        if len(self.rounds) < ROUNDS_FOR_A_SPREAD:
            return self.value, self.value
        return min(self.rounds), max(self.rounds)


@checked(frozen=True, config=STRICT)
class Line:
    """One curve of a plot: its name and its points, from left to right."""

    name: str
    points: tuple[tuple[float, float], ...]


@checked(frozen=True, config=STRICT)
class Plot:
    """Curves with common axes. The id says the part first, as a figure's does."""

    id: str
    title: str
    x: str
    y: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Part:
    """What one part of the bench found; `versions` are of what it measured."""

    figures: list[Figure] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)


@checked(frozen=True, config=STRICT)
class Run:
    """A whole run of the bench."""

    date: str
    quick: bool
    seconds: float
    machine: dict[str, str]
    versions: dict[str, str]
    figures: tuple[Figure, ...]
    plots: tuple[Plot, ...] = ()

    @classmethod
    def of(cls, parts: list[Part], *, on: dict[str, str], quick: bool, seconds: float) -> "Run":
        """Join the parts that were found on a machine. Raises ValueError when an id comes twice."""
        figures = tuple(figure for part in parts for figure in part.figures)
        ids = [figure.id for figure in figures]
        if twice := sorted({each for each in ids if ids.count(each) > 1}):
            raise ValueError(f"two figures have one id: {', '.join(twice)}")
        return cls(
            date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            quick=quick,
            seconds=round(seconds, 1),
            machine=on,
            versions={"Python": platform.python_version(), "engine": build_info().engine}
            | {name: said for part in parts for name, said in part.versions.items()},
            figures=figures,
            plots=tuple(plot for part in parts for plot in part.plots),
        )

    def figure(self, id: str) -> Figure | None:  # noqa: A002 - it is the figure's `id`
        """The figure with this id, if the run has it."""
        return next((each for each in self.figures if each.id == id), None)

    def to_json(self) -> str:
        """The text of `bench.json`: a figure a line, values to five digits."""
        dumped = RUN.dump_python(_rounded(self), mode="json")
        figures = ",\n  ".join(json.dumps(each) for each in dumped.pop("figures"))
        head = json.dumps(dumped, indent=1).removesuffix("\n}")
        return f'{head},\n "figures": [\n  {figures}\n ]\n}}\n'

    @classmethod
    def from_json(cls, text: str) -> "Run":
        """The run of a `bench.json`. Raises ValueError when it is none."""
        return RUN.validate_json(text)


RUN = TypeAdapter(Run)


def _rounded(run: Run) -> Run:
    figures = (
        replace(each, value=_digits(each.value), rounds=tuple(map(_digits, each.rounds)))
        for each in run.figures
    )
    return replace(run, figures=tuple(figures))


def _digits(value: float) -> float:
    return float(f"{value:.5g}")


def machine() -> dict[str, str]:
    """What the run is made on, without its name; to be asked before it."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in cpu if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text(encoding="utf-8").split()[1]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": str(len(models) or 1),
        "memory": f"{int(memory) / 1024**2:.0f} GiB",
        "system": f"{sys.platform} {platform.release()}",
        "load": f"{os.getloadavg()[0]:.1f} processes that wanted a core in the minute before",
    }
