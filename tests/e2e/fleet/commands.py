"""`mcp-admission audit` and `apply`, as people run them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.e2e.namespace import Namespace
from tests.e2e.product import Changes, merged
from tests.e2e.system import NAME, NAMESPACE, SETTINGS
from tools.cluster.users import User

NO_CHANGE: Changes = {}
MORE_MEMORY = {"mcpServerDefaults": {"resources": {"requests": {"memory": "800Mi"}}}}
FIELD = "containers[mcp].resources.requests.memory"

Json = dict[str, Any]


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Fleet:
    """Runs them on one namespace."""

    def __init__(self, namespace: Namespace, folder: Path, user: User | None = None) -> None:
        self.namespace, self.folder = namespace, folder
        self._user = user or namespace.cluster.admin

    def command(self, name: str, *words: str, settings: Changes | None = NO_CHANGE) -> list[str]:
        """With a file of the product's settings, changed like this; None for those in force."""
        way = ("--kubeconfig", str(self._user.kubeconfig), "--service", f"{NAME}.{NAMESPACE}")
        here = () if "-A" in words else ("-n", self.namespace.name)
        command = [sys.executable, "-m", "webhook", name, *way, *here, *words]
        if settings is None:
            return command
        file = self.folder / f"settings-{len(list(self.folder.iterdir()))}.yaml"
        file.write_text(yaml.dump(merged(SETTINGS, settings)), encoding="utf-8")
        return [*command, "--settings", str(file)]

    def run(self, name: str, *words: str, settings: Changes | None = NO_CHANGE) -> Ended:
        command = self.command(name, *words, settings=settings)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        return Ended(done.returncode, done.stdout, done.stderr)

    def audit(self, settings: Changes | None = NO_CHANGE) -> tuple[int, Json]:
        ended = self.run("audit", "-o", "json", settings=settings)
        assert ended.out, ended.err
        return ended.code, json.loads(ended.out)

    def apply(self, *words: str, settings: Changes | None = NO_CHANGE) -> Ended:
        return self.run("apply", *words, settings=settings)


def reasons(report: Json) -> Mapping[tuple[str, str], tuple[str, set[str]]]:
    """State and reasons of each server that is told, by kind and name."""
    return {
        (each["kind"], each["name"]): (
            each["state"],
            {finding["reason"] for finding in each["findings"]},
        )
        for each in report["servers"]
    }
