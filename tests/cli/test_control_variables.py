"""`control` logs which variables of the reference deployment it does not read."""

import os
import subprocess
import sys
from pathlib import Path


def started(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A controller that finds no way to a cluster and ends."""
    command = [sys.executable, "-m", "webhook", "control", "--kubeconfig", str(folder / "none")]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_variable_of_the_reference_alone_is_logged(tmp_path: Path) -> None:
    ended = started(tmp_path, OBOT_SERVER_MCPRUNTIME_BACKEND="kubernetes")

    told = "OBOT_SERVER_MCPRUNTIME_BACKEND is not read"
    assert ended.returncode == 2
    assert told in ended.stdout + ended.stderr


def test_a_misspelled_variable_stops_the_controller(tmp_path: Path) -> None:
    ended = started(tmp_path, OBOT_SERVER_MCPK8S_SETTINGS_TOLERATION="[]x")

    assert ended.returncode == 2
    assert "did you mean OBOT_SERVER_MCPK8S_SETTINGS_TOLERATIONS?" in ended.stderr
