"""Results to print and compare, and the load generator, which Go builds."""

from pathlib import Path

import pytest

from tools.bench.binaries import built
from tools.bench.results import Figure, Goal, Line, Part, Plot, Run
from tools.cluster.release import NoControlPlaneError


@pytest.fixture(scope="session")
def load_generator() -> Path:
    """The binary; without Go the test is skipped."""
    try:
        return built("load")
    except NoControlPlaneError as reason:
        pytest.skip(str(reason))


@pytest.fixture
def run() -> Run:
    """A run with a figure of each kind."""
    key, title = "direct/validate/8/floor", "validate, 8 connections"
    met, missed = Goal("at least", 1.0), Goal("at most", 0.5)
    figures = [
        Figure("direct/validate/8/ours-vs-floor", "beside", 1.25, "x", met, "how", (1.2, 1.3)),
        Figure(f"{key}/per-second", title, 3456.7, "reviews/s", rounds=(3400.0, 3500.0)),
        Figure(f"{key}/p99", title, 0.25, "ms", rounds=(0.2, 0.3)),
        Figure("life/start/ours", "start", 0.75, "s", missed),
        Figure("life/memory/ours/idle", "memory, idle", 48.0, "MiB"),
    ]
    lines = (
        Line("ours", ((500.0, 0.4), (1000.0, 1.2))),
        Line("floor", ((800.0, 0.3), (1600.0, 12.0))),
    )
    plot = Plot("open/validate/p99", "validate: p99", "arrivals/s", "ms", lines)
    part = Part(figures, [plot], {"Go": "1.26.0"})
    return Run.of([part], on={"cores": "2"}, quick=False, seconds=61.0)
