"""Which tests share a worker of pytest-xdist, and which of them begin first.

A control plane takes seconds to start, and some of a processor as long as it runs: tests that share
one are one unit of work, for one worker. A control plane, the product and a test keep a processor
busy, so more workers would only make each other slow. What takes longest begins first.
"""

import os
from typing import NamedTuple

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# A worker of its own waits for ten minutes whether a cluster is quiet.
WATCHERS = 1


class Unit(NamedTuple):
    """The paths that begin like this: `together` on one worker, or file by file."""

    paths: tuple[str, ...]
    together: bool = False


# In the order in which they begin; the first one that fits counts.
UNITS = [
    Unit(("tests/release/test_quiet.py",)),
    Unit(("tests/hostile/",), together=True),
    Unit(("tests/console/browser/",), together=True),
    Unit(("tests/e2e/controller_rights/", "tests/release/test_under_load.py")),
    Unit(("tests/e2e/controller_leaders/",), together=True),
    Unit(("tests/e2e/controller", "tests/e2e/fleet/"), together=True),
    Unit(("tests/e2e/",), together=True),
    Unit(("tests/scenarios/",), together=True),
    Unit(("tests/release/",)),
    Unit(
        (
            "tests/cli/test_certs_cluster.py",
            "tests/controller/",
            "tests/kube/",
            "tests/objects/",
            "tests/fleet/",
            "tests/resource/",
            "tests/tools/",
        ),
        together=True,
    ),
    Unit(("tests/rules/test_standard.py", "tests/chart/", "tests/install/", "tests/test_image.py")),
]
OTHERS = Unit(("",))


class ByControlPlane(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each worker one unit after the other, in the order of the collection."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """The name of the unit of work to which a test belongs."""
    path = nodeid.partition("::")[0]
    found = _unit(path)
    return " ".join(found.paths) if found.together else path


def place(item: pytest.Item) -> int:
    """When a test begins, by its unit."""
    found = _unit(item.nodeid)
    return UNITS.index(found) if found in UNITS else len(UNITS)


def workers(*, waiting: bool) -> int:
    """How many workers keep this machine busy, with a test that only waits or without."""
    processors = os.cpu_count() or 1
    return processors + WATCHERS if waiting else processors


def _unit(path: str) -> Unit:
    return next((unit for unit in UNITS if path.startswith(unit.paths)), OTHERS)
