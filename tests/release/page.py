"""A folder in which the commands of a page do what they do for people, on a cluster for tests."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

from tests.docs.blocks import Block
from tools.chart.helm import MANIFESTS
from tools.chart.shipped import FOLDER
from tools.release.release import PLUGIN, Release
from tools.release.to_localhost import to_localhost

SECONDS = 300


class Page:
    """Runs blocks as somebody in the folder of the repository would.

    The folder is a copy, in which the Service of the plain manifests leads to this machine, and
    `helm` a script that adds the post-renderer for that.
    """

    def __init__(self, release: Release, folder: Path) -> None:
        self._release, self._folder = release, folder
        (folder / "manifests" / "install").mkdir(parents=True)
        for name in ("chart", "examples"):
            (folder / "manifests" / name).symlink_to(MANIFESTS / name)
        for file in sorted(FOLDER.iterdir()):
            found = yaml.safe_load_all(file.read_text(encoding="utf-8"))
            text = yaml.safe_dump_all([to_localhost(each, release.port) for each in found])
            (folder / "manifests" / "install" / file.name).write_text(text, encoding="utf-8")
        self._commands = folder / "bin"
        self._commands.mkdir()
        self._script("helm", self._helm())
        self._script("kubectl", f'exec {release.cluster.binaries["kubectl"]} "$@"')
        self._script("mcp-admission", f'exec {shlex.quote(sys.executable)} -m webhook "$@"')

    def run(self, block: Block) -> str:
        """Run it; returns what it printed, and fails with it when a command of it does."""
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=self._folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        said = f"{block.text}\nended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
        assert ran.returncode == 0, f"{said}\n{self._release.kubelet.last_words()}"
        return ran.stdout

    def _environment(self) -> dict[str, str]:
        return {
            **{key: value for key, value in os.environ.items() if key.startswith("COVERAGE_")},
            **self._release.local_helm.environment,
            "PATH": f"{self._commands}:{os.environ['PATH']}",
            "KUBECONFIG": str(self._release.cluster.kubeconfig),
        }

    def _helm(self) -> str:
        return (
            f'case "$1" in install|upgrade) set -- "$@" --post-renderer {PLUGIN};; esac\n'
            f'exec {self._release.local_helm.binary} "$@"'
        )

    def _script(self, name: str, text: str) -> None:
        file = self._commands / name
        file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        file.chmod(0o755)
