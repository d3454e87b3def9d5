"""A folder in which the commands of a page do what they do for people, on a cluster for tests."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.docs.blocks import Block
from tools.chart.helm import MANIFESTS
from tools.chart.shipped import FOLDER
from tools.cluster.users import User
from tools.release.release import PLUGIN, Release
from tools.release.to_localhost import to_localhost

SECONDS = 300


class Page:
    """Runs blocks as somebody in the folder of the repository would.

    The folder is a copy, in which the Service of the plain manifests leads to this machine, and
    `helm` a script that adds the post-renderer for that. Commands get these further variables.
    """

    def __init__(
        self, release: Release, folder: Path, variables: Mapping[str, str] | None = None
    ) -> None:
        self._release, self.folder = release, folder
        self._variables = variables or {}
        (folder / "manifests" / "install").mkdir(parents=True)
        for name in ("chart", "examples"):
            (folder / "manifests" / name).symlink_to(MANIFESTS / name)
        for file in sorted(FOLDER.iterdir()):
            found = yaml.safe_load_all(file.read_text(encoding="utf-8"))
            text = yaml.safe_dump_all([to_localhost(each, release.port) for each in found])
            (folder / "manifests" / "install" / file.name).write_text(text, encoding="utf-8")
        self._commands = folder / "bin"
        self._commands.mkdir()
        self.script("helm", self._helm())
        self.script("kubectl", f'exec {release.cluster.binaries["kubectl"]} "$@"')
        self.script("mcp-admission", f'exec {shlex.quote(sys.executable)} -m webhook "$@"')

    def run(self, block: Block) -> str:
        """Run it; returns what it printed, and fails with it when a command of it does."""
        code, printed = self.ended(block)
        said = f"{block.text}\nended with {code}:\n{printed}"
        assert code == block.code, f"{said}\n{self._release.kubelet.last_words()}"
        return printed

    def ended(self, block: Block, user: User | None = None, folder: str = ".") -> tuple[int, str]:
        """Run it as somebody, in a folder; returns its exit code and all that it printed."""
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=self.folder / folder,
            env=self._environment(user or self._release.cluster.admin),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        return ran.returncode, ran.stdout

    def script(self, name: str, text: str) -> None:
        """Let this be what the name of a command stands for."""
        file = self._commands / name
        file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        file.chmod(0o755)

    def _environment(self, user: User) -> dict[str, str]:
        return {
            **{key: value for key, value in os.environ.items() if key.startswith("COVERAGE_")},
            **self._release.local_helm.environment,
            "PATH": f"{self._commands}:{os.environ['PATH']}",
            "KUBECONFIG": str(user.kubeconfig),
            # So that both streams come in the order in which they were written.
            "PYTHONUNBUFFERED": "1",
            **self._variables,
        }

    def _helm(self) -> str:
        return (
            f'case "$1" in install|upgrade) set -- "$@" --post-renderer {PLUGIN};; esac\n'
            f'exec {self._release.local_helm.binary} "$@"'
        )
