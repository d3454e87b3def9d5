"""Finds the binaries of a control plane, and says in one sentence why there are none.

Order: the folder that `KUBEBUILDER_ASSETS` names (the convention of envtest; its archives hold
etcd, kube-apiserver and kubectl, so the rest comes from the next two), the cache, a build with Go.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.cluster.build import Progress, build
from tools.cluster.release import (
    COMMANDS,
    DEFAULT_MINOR,
    ETCD_TOOLS,
    MONITORING,
    PARTS,
    VARIABLE,
    NoControlPlaneError,
    Pins,
    Release,
    etcd_tools,
    helm,
    prometheus,
)

ASSETS = "KUBEBUILDER_ASSETS"

Binaries = Mapping[str, Path]


def find(progress: Progress = print) -> Binaries:
    """Every part of a control plane by its name, built first if need be.

    Raises `NoControlPlaneError` when they cannot be had.
    """
    assets = _assets()
    if len(assets) == len(PARTS):
        return assets
    release = Release.of(_wanted_minor(assets))
    wanted = {part: release.pins(part) for part in PARTS if part not in assets}
    return {**assets, **_built(wanted, progress)}


def find_helm(major: str = "4", progress: Progress = print) -> Path:
    """The `helm` of a major version, built first if need be.

    Raises `NoControlPlaneError` when it cannot be had.
    """
    part = f"helm{major}"
    return _built({part: helm(major)}, progress)[part]


def find_monitoring(progress: Progress = print) -> Binaries:
    """`promtool` and `prometheus`, built first if need be.

    Raises `NoControlPlaneError` when they cannot be had.
    """
    return _built(dict.fromkeys(MONITORING, prometheus()), progress)


def find_etcd_tools(progress: Progress = print) -> Binaries:
    """`etcdctl` and `etcdutl`, built first if need be.

    Raises `NoControlPlaneError` when they cannot be had.
    """
    return _built(dict.fromkeys(ETCD_TOOLS, etcd_tools()), progress)


def versions(binaries: Binaries) -> dict[str, str]:
    """What each binary says about its own version."""
    return {name: _version(name, binaries[name]) for name in COMMANDS}


def _built(wanted: Mapping[str, Pins], progress: Progress) -> Binaries:
    found = {part: pins.cache / part for part, pins in wanted.items()}
    if not all(path.exists() for path in found.values()):
        build(wanted, progress)
    return found


def _assets() -> dict[str, Path]:
    named = os.environ.get(ASSETS)
    if not named:
        return {}
    folder = Path(named)
    found = {part: folder / part for part in PARTS if (folder / part).exists()}
    if "kube-apiserver" not in found or "etcd" not in found:
        raise NoControlPlaneError(
            f"{ASSETS} names {folder}, which lacks kube-apiserver or etcd: correct or unset it."
        )
    return found


def _wanted_minor(assets: Binaries) -> str:
    """The minor that the variable asks for; found API servers must be of it, as all parts go."""
    asked = os.environ.get(VARIABLE)
    if "kube-apiserver" not in assets:
        return asked or DEFAULT_MINOR
    found = _version("kube-apiserver", assets["kube-apiserver"])
    minor = ".".join(found.removeprefix("v").split(".")[:2])
    if asked and asked != minor:
        raise NoControlPlaneError(
            f"{VARIABLE} asks for Kubernetes {asked}, and {ASSETS} holds {found}: unset one."
        )
    return minor


def _version(name: str, binary: Path) -> str:
    arguments = ["version", "--client"] if name == "kubectl" else ["--version"]
    said = subprocess.run(
        [binary, *arguments], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    found = re.search(r"v?(\d+\.\d+\.\d+\S*)", said)
    return f"v{found.group(1)}" if found else said.strip()
