"""The fixtures with which any test reaches a real control plane; import them in a conftest.

One control plane serves the whole test run, however many conftests import the fixture. Where none
can be had its tests are skipped with the reason; in CI (`CI=true`) that is a failure.
"""

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tools.browser import NoBrowserError, find_browser
from tools.cluster.binaries import (
    Binaries,
    find,
    find_etcd_tools,
    find_helm,
    find_monitoring,
)
from tools.cluster.control_plane import ControlPlane
from tools.cluster.release import NoControlPlaneError

Found = TypeVar("Found")

RUNNING = pytest.StashKey[ControlPlane]()


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> ControlPlane:
    """The control plane of this test run, with audit log and tracing on."""
    stash = request.config.stash
    if RUNNING not in stash:
        with _visible(request.config):
            stash[RUNNING] = _started(request.config)
    return stash[RUNNING]


@pytest.fixture
def namespace(control_plane: ControlPlane, request: pytest.FixtureRequest) -> str:
    """A namespace that only this test uses, named after it."""
    return control_plane.namespace(named_after(request))


def named_after(request: pytest.FixtureRequest) -> str:
    """The name of the test that asks, as Kubernetes allows it for a namespace."""
    name = request.node.name.removeprefix("test_")
    return re.sub("[^a-z0-9]+", "-", name.lower())[:40].strip("-")


def binaries_or_skip(config: pytest.Config) -> Binaries:
    """The binaries of a control plane; without them the test is skipped, or fails in CI."""
    with _visible(config):
        return _or_skip(lambda: find(_tell))


def helm_or_skip(major: str, config: pytest.Config) -> Path:
    """The `helm` of a major version, as above."""
    with _visible(config):
        return _or_skip(lambda: find_helm(major, _tell))


def monitoring_or_skip(config: pytest.Config) -> Binaries:
    """`promtool` and `prometheus`, as above."""
    with _visible(config):
        return _or_skip(lambda: find_monitoring(_tell))


def browser_or_skip(config: pytest.Config) -> Path:
    """Debian's Chromium, as above."""
    with _visible(config):
        return _or_skip(find_browser)


def etcd_tools_or_skip(config: pytest.Config) -> Binaries:
    """`etcdctl` and `etcdutl`, as above."""
    with _visible(config):
        return _or_skip(lambda: find_etcd_tools(_tell))


def _started(config: pytest.Config) -> ControlPlane:
    with contextlib.ExitStack() as stack:
        _tell("")
        binaries = binaries_or_skip(config)
        cluster = stack.enter_context(ControlPlane(binaries, audit=True, tracing=True))
        _tell(", ".join(f"{name} {version}" for name, version in cluster.versions.items()))
        config.add_cleanup(stack.pop_all().close)
        return cluster


def _tell(line: str) -> None:
    """A line for whoever runs the tests: on stderr, because workers of pytest-xdist have no
    other way to the terminal.
    """
    print(line, file=sys.stderr, flush=True)


def _or_skip(look: Callable[[], Found]) -> Found:
    try:
        return look()
    except (NoControlPlaneError, NoBrowserError) as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))


@contextlib.contextmanager
def _visible(config: pytest.Config) -> Iterator[None]:
    """Let the progress of a build through pytest's capture: it may take ten minutes."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        yield
        return
    with capture.global_and_fixture_disabled():
        yield
