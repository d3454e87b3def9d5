"""`check` and `status` as people run them on a release, and the commands that `check` prints."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from tools.release.release import PLUGIN, Release

Json = dict[str, Any]
UPGRADE = "helm upgrade mcp-admission "
LOCAL_UPGRADE = f"{UPGRADE}--post-renderer {PLUGIN} "


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def checks(self) -> dict[str, Json]:
        """Each check by its id."""
        return {each["id"]: each for each in json.loads(self.out)["checks"]}

    def verdicts(self, *verdicts: str) -> set[str]:
        """The checks with one of these verdicts."""
        return {name for name, each in self.checks.items() if each["verdict"] in verdicts}

    def mend(self, check: str) -> str:
        """The command that mends it."""
        return str(self.checks[check]["told"][0]["mend"])


def run(release: Release, *words: str) -> Ended:
    way = ("--kubeconfig", str(release.cluster.kubeconfig))
    command = [sys.executable, "-m", "webhook", *words, *way]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    return Ended(done.returncode, done.stdout, done.stderr)


def check(release: Release, *words: str) -> Ended:
    ended = run(release, "check", "-o", "json", *words)
    assert ended.out, ended.err
    return ended


def status(release: Release) -> tuple[int, Json]:
    ended = run(release, "status", "-o", "json")
    assert ended.out, ended.err
    return ended.code, json.loads(ended.out)


def told_by_both(release: Release) -> tuple[Ended, Json]:
    """What `check` and `status` say now; both find something that is wrong."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        found, screen = pool.submit(check, release), pool.submit(status, release)
        broken, (code, said) = found.result(), screen.result()
    assert broken.code == code == 1, (broken, said)
    return broken, said


def mended(release: Release, command: str, folder: Path | None = None) -> Ended:
    """Run the command as a person would, in this folder, then wait until all is well.

    Helm gets what it needs where API servers reach no pods.
    """
    home, cluster = release.local_helm, release.cluster
    environment = {**os.environ, **home.environment, "KUBECONFIG": str(cluster.kubeconfig)}
    programs = cluster.folder / "programs"
    programs.mkdir(exist_ok=True)
    for name, binary in {"kubectl": cluster.binaries["kubectl"], "helm": home.binary}.items():
        (programs / name).unlink(missing_ok=True)
        (programs / name).symlink_to(binary)
    environment["PATH"] = os.pathsep.join([str(programs), os.environ["PATH"]])
    here = command.replace(UPGRADE, LOCAL_UPGRADE)
    shell = ["bash", "-c", f"set -o pipefail; {here}"]
    subprocess.run(shell, check=True, env=environment, cwd=folder)
    return check(release, "--wait", "150")
