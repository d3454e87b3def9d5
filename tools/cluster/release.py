"""Which Kubernetes a control plane is made of, and where its binaries are kept.

Each folder of `versions/` is a Go module that pins parts: one for each minor of Kubernetes with
the etcd it was released with, one for kwok, whose newer dependencies must not get into an older
Kubernetes, one for each Helm, one for Prometheus, and one for the tools of etcd. The Go tool reads
`go.mod` to build the parts, this module reads it to name the cache folder, so that a changed pin
never meets binaries of the old one.
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

KUBERNETES = "k8s.io/kubernetes"
KWOK = "sigs.k8s.io/kwok"
HELM = {"4": "helm.sh/helm/v4", "3": "helm.sh/helm/v3"}
PROMETHEUS = "github.com/prometheus/prometheus"
ETCD = "go.etcd.io/etcd"

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

# What a test may need beside one.
MONITORING = ("promtool", "prometheus")
ETCD_TOOLS = ("etcdctl", "etcdutl")
BESIDE = {
    **{f"helm{major}": f"{module}/cmd/helm" for major, module in HELM.items()},
    **{part: f"{PROMETHEUS}/cmd/{part}" for part in MONITORING},
    **{part: f"{ETCD}/{part}/v3" for part in ETCD_TOOLS},
}


class NoControlPlaneError(Exception):
    """No control plane can be had here; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Pins:
    """A Go module that pins parts, named after the version of the one that matters."""

    module: Path
    name: str
    version: str

    @classmethod
    def read(cls, module: Path, required: str) -> Self:
        """The pins of a folder whose `go.mod` requires this Go module."""
        go_mod = (module / "go.mod").read_text(encoding="utf-8")
        found = re.search(rf"^(?:require)?\s+{re.escape(required)} (v\S+)$", go_mod, re.MULTILINE)
        if found is None:
            raise ValueError(f"{module}/go.mod does not require {required}")
        name = re.sub(r"/v\d+$", "", required).rsplit("/", 1)[1]
        return cls(module, name, found.group(1))

    @property
    def cache(self) -> Path:
        """Where the binaries of exactly these pins are kept between runs."""
        digest = hashlib.sha256((self.module / "go.mod").read_bytes()).hexdigest()[:8]
        return cache() / f"{self.name}-{self.version}-{digest}"


@dataclass(frozen=True)
class Release:
    """One Kubernetes version that can be built here, and the kwok that plays its nodes."""

    minor: str
    kubernetes: Pins
    kwok: Pins

    @classmethod
    def of(cls, minor: str) -> Self:
        """The release of a minor such as `1.36`; an unknown one raises `NoControlPlaneError`."""
        if minor not in minors():
            raise NoControlPlaneError(
                f"{VARIABLE} asks for Kubernetes {minor}, and tools/cluster/versions has "
                f"{', '.join(minors())}."
            )
        kubernetes = Pins.read(VERSIONS / minor, KUBERNETES)
        return cls(minor, kubernetes, Pins.read(VERSIONS / "kwok", KWOK))

    def pins(self, part: str) -> Pins:
        """What pins a part."""
        return self.kwok if part in {"kwok", STAGES} else self.kubernetes

    def cached(self, part: str) -> Path:
        """Where a part is once it has been built."""
        return self.pins(part).cache / part


def helm(major: str) -> Pins:
    """The pins of one major version of Helm."""
    return Pins.read(VERSIONS / f"helm{major}", HELM[major])


def prometheus() -> Pins:
    """The pins of Prometheus and its `promtool`."""
    return Pins.read(VERSIONS / "prometheus", PROMETHEUS)


def etcd_tools() -> Pins:
    """The pins of what saves and restores an etcd."""
    return Pins.read(VERSIONS / "etcd", BESIDE[ETCD_TOOLS[0]])


def minors() -> list[str]:
    """The minors that can be built here, oldest first."""
    found = [folder.parent.name for folder in VERSIONS.glob("[0-9]*/go.mod")]
    return sorted(found, key=lambda minor: tuple(int(number) for number in minor.split(".")))


def cache() -> Path:
    """The folder of all that was ever built."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "mcp-admission" / "control-plane"
