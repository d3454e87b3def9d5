"""Which Kubernetes a control plane is made of: one folder of `versions/` for each minor.

The folder's `go.mod` pins every part. The Go tool reads it to build them, this module reads it to
name the cache folder, so that a changed pin never meets binaries of the old one.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

VARIABLE = "MCP_ADMISSION_KUBERNETES_VERSION"
DEFAULT_MINOR = "1.36"
VERSIONS = Path(__file__).parent / "versions"

# What a control plane needs: the command's name, and the Go package that builds it.
COMMANDS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
STAGES = "kwok-stages.yaml"
PARTS = (*COMMANDS, STAGES)


class NoControlPlaneError(Exception):
    """No control plane can be had here; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Release:
    """One Kubernetes version that can be built here."""

    minor: str
    version: str
    module: Path

    @classmethod
    def of(cls, minor: str) -> Self:
        """The release of a minor such as `1.36`; an unknown one raises `NoControlPlaneError`."""
        module = VERSIONS / minor
        if minor not in minors():
            raise NoControlPlaneError(
                f"{VARIABLE} asks for Kubernetes {minor}, and tests/cluster/versions has "
                f"{', '.join(minors())}."
            )
        version = _required_version((module / "go.mod").read_text(encoding="utf-8"))
        return cls(minor, version, module)

    @property
    def cache(self) -> Path:
        """Where the binaries of exactly these pins are kept between runs."""
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        pins = hashlib.sha256((self.module / "go.mod").read_bytes()).hexdigest()[:8]
        return Path(home) / "mcp-admission" / "control-plane" / f"{self.version}-{pins}"


def minors() -> list[str]:
    """The minors that can be built here, oldest first."""
    found = [folder.parent.name for folder in VERSIONS.glob("*/go.mod")]
    return sorted(found, key=lambda minor: tuple(int(number) for number in minor.split(".")))


def _required_version(go_mod: str) -> str:
    found = re.search(r"^\s*k8s\.io/kubernetes (v\S+)$", go_mod, re.MULTILINE)
    if found is None:
        raise ValueError("go.mod does not require k8s.io/kubernetes")
    return found.group(1)
