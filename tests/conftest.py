"""How hard the property tests try: HYPOTHESIS_PROFILE=thorough for a long look, else the usual.

Tests that need a control plane, Helm or the load generator, which Go builds, get the marker
`control_plane`: `make fast` leaves them out.
"""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests import distribution
from webhook.observe.logs import OURS

USUAL = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("usual", USUAL)
settings.register_profile("thorough", USUAL, derandomize=False, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))


FROM_GO = {"control_plane", "own_cluster", "helm", "helm3", "load_generator"}
ON_A_CLUSTER = ("tests/e2e/", "tests/hostile/", "tests/release/", "tests/tools/cluster/")


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """A process has one log: what a command sets there must not reach the tests that follow."""
    root, ours = logging.getLogger(), [logging.getLogger(name) for name in OURS]
    levels, handlers = [each.level for each in (root, *ours)], root.handlers[:]
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    for logger, level in zip((root, *ours), levels, strict=True):
        logger.setLevel(level)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what uses such a fixture or stands in such a folder; workers begin with what is long."""
    for item in items:
        uses = not FROM_GO.isdisjoint(getattr(item, "fixturenames", ()))
        if uses or item.nodeid.startswith(ON_A_CLUSTER):
            item.add_marker("control_plane")
    if hasattr(config, "workerinput"):
        items.sort(key=distribution.place)


def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> distribution.ByControlPlane | None:
    """Tests that share a control plane share a worker, unless --dist wants something else."""
    usual = config.getoption("dist") == "load"
    return distribution.ByControlPlane(config, log) if usual else None


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto` is for all tests, `-n logical` for those that wait for no cluster."""
    return distribution.workers(waiting=config.getoption("numprocesses") == "auto")
