"""A component that fails is quoted, and one whose starter is gone does not stay behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.cluster.process import Component, ComponentError, Watchdog
from tools.cluster.waiting import wait_for


@pytest.fixture
def watchdog(tmp_path: Path) -> Iterator[Watchdog]:
    guard = Watchdog(tmp_path / "gone")
    yield guard
    guard.close()


def component(script: str, folder: Path, watchdog: Watchdog) -> Component:
    return Component(
        "teapot",
        ["/bin/sh", "-c", script],
        log=folder / "teapot.log",
        environment={"PATH": os.defpath},
        watchdog=watchdog,
    )


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_that_ends_before_it_is_ready_is_quoted(tmp_path: Path, watchdog: Watchdog) -> None:
    script = "for line in $(seq 1 30); do echo line $line; done; echo no tea >&2; exit 3"
    teapot = component(script, tmp_path, watchdog)
    teapot.start()

    with pytest.raises(ComponentError) as raised:
        teapot.wait_until(lambda: False, seconds=10)
    teapot.kill()

    lines = str(raised.value).splitlines()
    assert lines[0] == "teapot ended with status 3; its log ends with:"
    assert lines[1:3] == ["  line 12", "  line 13"]
    assert lines[-1] == "  no tea"


def test_one_that_never_becomes_ready_is_quoted(tmp_path: Path, watchdog: Watchdog) -> None:
    teapot = component("echo brewing; exec sleep 60", tmp_path, watchdog)
    teapot.start()
    wait_for("its log", teapot.log.read_text)

    with pytest.raises(ComponentError, match=r"was not ready after 0 s; .*\n  brewing"):
        teapot.wait_until(lambda: False, seconds=0.1)
    teapot.kill()


def test_a_process_can_be_killed_and_started_again(tmp_path: Path, watchdog: Watchdog) -> None:
    teapot = component("exec sleep 60", tmp_path, watchdog)
    teapot.start()
    first = teapot.pid
    teapot.kill()
    teapot.start()
    second = teapot.pid
    teapot.kill()

    assert first != second
    assert teapot.pid is None
    assert not [pid for pid in (first, second) if pid is None or runs(pid)]


def test_a_process_that_is_asked_to_end_may_have_any_exit_code(
    tmp_path: Path, watchdog: Watchdog
) -> None:
    script = "trap 'echo poured; exit 7' TERM; echo brewing; while :; do sleep 0.05; done"
    teapot = component(script, tmp_path, watchdog)
    teapot.start()
    wait_for("its log", teapot.log.read_text)

    assert teapot.terminate() == 7
    assert teapot.log.read_text() == "brewing\npoured\n"
    assert teapot.pid is None


def test_components_and_their_folder_go_when_their_starter_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "plane"
    folder.mkdir()
    starter = f"""
import os, pathlib, signal
from tools.cluster.process import Component, Watchdog
folder = pathlib.Path({str(folder)!r})
watchdog = Watchdog(folder)
teapot = Component("teapot", ["/bin/sleep", "60"], log=folder / "log", environment={{}},
                   watchdog=watchdog)
teapot.start()
print(teapot.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[3]
    ran = subprocess.run(
        [sys.executable, "-c", starter], cwd=root, capture_output=True, text=True, check=False
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    pid = int(ran.stdout)

    wait_for("end of the component", lambda: not runs(pid), seconds=10)
    wait_for("end of its folder", lambda: not folder.exists(), seconds=10)
