"""A release on two nodes whose pages about operation are followed, and what is done to it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.docs.blocks import Block, blocks
from tests.release.page import Page
from tools.chart.helm import NAMESPACE
from tools.cluster.binaries import Binaries
from tools.cluster.components import API_SERVER, CONTROLLERS, ETCD, SCHEDULER
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import LOOPBACK
from tools.release.release import Release

Json = dict[str, Any]

DOCS = Path(__file__).parents[2] / "docs"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
RESTORED = "etcdutl snapshot restore"
# Nobody listens there, so that nothing outside of this machine is reached.
NOBODY = f"http://{LOOPBACK}:9"
WITHOUT_A_NETWORK = {
    "HTTP_PROXY": NOBODY,
    "HTTPS_PROXY": NOBODY,
    "NO_PROXY": f"localhost,{LOOPBACK}",
    "PIP_INDEX_URL": NOBODY,
    "PIP_RETRIES": "0",
}
WITH_AN_INDEX = "a package index"
ROOT = ("LICENSE", "README.md", "certs", "locks", "pyproject.toml", "setup.py", "webhook")


class Operated:
    """Follows a section of a page as an administrator without a network; etcd is at hand, too."""

    def __init__(self, release: Release, etcd_tools: Binaries, folder: Path) -> None:
        self.release, self.cluster = release, release.cluster
        self._page = Page(release, folder, WITHOUT_A_NETWORK)
        self._page.script("python3", f'exec {sys.executable} "$@"')
        for name in ROOT:
            (folder / name).symlink_to(DOCS.parent / name)
        self._tools = etcd_tools
        etcd = f"http://{LOOPBACK}:{release.cluster.components.places.etcd}"
        for name, binary in etcd_tools.items():
            self._page.script(name, f'ETCDCTL_ENDPOINTS={etcd} exec {binary} "$@"')

    def follow(self, page: str, section: str) -> None:
        """Run the blocks of a section; each ends and prints as the page shows."""
        found = [each for each in of_page(page) if each.section == section and not each.needs]
        assert found, f"{page} has no commands below {section}"
        for block in found:
            self._run(block)

    def pack(self, page: str) -> None:
        """Run what needs a package index where there is one, as for other tests."""
        (block,) = [each for each in of_page(page) if each.needs == WITH_AN_INDEX]
        folder = self._page.folder
        subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=folder,
            env={**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"},
            check=True,
            capture_output=True,
        )

    def run(self, command: str) -> None:
        """Run a command as an administrator would."""
        self._run(Block("", f"{command}\n"))

    def _run(self, block: Block) -> None:
        code, printed = self._page.ended(block)
        shown = f"{block.text}\nended with {code}:\n{printed}"
        assert code == block.code, f"{shown}\n{self.release.kubelet.last_words()}"
        assert block.prints(printed), f"{shown}\nthe page shows:\n{block.shown}"
        if block.text.startswith(RESTORED):
            self._start_with(self._page.folder / "restored")

    def save(self) -> Path:
        """A snapshot of etcd as it is."""
        file = self._page.folder / "another.db"
        self.run(f"etcdctl snapshot save {file}")
        return file

    def restore(self, snapshot: Path) -> None:
        """Let etcd hold what a snapshot has."""
        folder = self._page.folder / "restored-again"
        words: list[str | Path] = [self._tools["etcdutl"], "snapshot", "restore", snapshot]
        subprocess.run([*words, "--data-dir", folder], check=True, capture_output=True)
        self._start_with(folder)

    def _start_with(self, data: Path) -> None:
        """What the page says in words, where there are no nodes of a control plane."""
        components = self.cluster.components
        for name in (API_SERVER, ETCD):
            components.kill(name)
        place = components.folder / "etcd"
        shutil.rmtree(place)
        shutil.move(data, place)
        for name in (ETCD, API_SERVER):
            components.start(name)
        for name in (CONTROLLERS, SCHEDULER):
            components.kill(name)
            components.start(name)

    def on_node(self, node: str, component: str) -> list[Json]:
        """The pods of a process on a node, without those that end."""
        found = self.release.component(component)
        staying = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return [pod for pod in staying if pod["spec"].get("nodeName") == node]

    def authority(self) -> str:
        """The certificate of the CA that is stored, once there is nothing else to trust."""

        def alone() -> str:
            answer = self.cluster.raw("GET", f"{SECRETS}/mcp-admission-ca")
            stored = answer.json()["data"]["ca.crt"] if answer.status == 200 else ""
            return stored if {*self.release.bundles()} == {stored} else ""

        return self.release.wait_for("one authority", alone)


def of_page(page: str) -> list[Block]:
    """The blocks of a page."""
    return blocks((DOCS / page).read_text(encoding="utf-8"))


def is_ready(pod: Json) -> bool:
    """Whether a pod says so."""
    conditions = pod["status"].get("conditions") or []
    return any((each["type"], each["status"]) == ("Ready", "True") for each in conditions)


def names(cluster: ControlPlane, path: str) -> set[str]:
    """The names of the objects of a list."""
    return {each["metadata"]["name"] for each in cluster.get(path)["items"]}
