"""Builds what the bench measures with, and against, from the Go module in `peers`, once.

The binaries stay in the cache beside those of the control plane, in a folder that is named after
the content of the module: a changed source file or pin never meets a binary of the old one.
"""

import hashlib
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.cluster.build import only_builder, run_go
from tools.cluster.release import NoControlPlaneError, cache

MODULE = Path(__file__).with_name("peers")
POD_SECURITY = "k8s.io/pod-security-admission"
PACKAGES = {
    "floor": "./floor",
    "load": "./load",
    "create": "./create",
    "pod-security": f"{POD_SECURITY}/cmd/webhook",
}
VERSION = "go-version"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Peers:
    """Where the binaries are, and what they were made of."""

    floor: Path
    load: Path
    pod_security: Path
    versions: dict[str, str]


def peers(say: Say = print) -> Peers:
    """Find all binaries, built first if need be.

    Raises `NoControlPlaneError` when there is no Go, or when Go cannot build them.
    """
    floor, load, pod_security = (built(name, say) for name in ("floor", "load", "pod-security"))
    return Peers(floor, load, pod_security, _versions(floor.parent))


def built(name: str, say: Say = print) -> Path:
    """One binary, built first if need be; raises `NoControlPlaneError` when it cannot be had."""
    binary = cache().parent / f"bench-{_digest()}" / name
    if binary.exists():
        return binary
    if shutil.which("go") is None:
        raise NoControlPlaneError("The bench's peers are Go programs: install Go 1.26 or newer.")
    cache().mkdir(parents=True, exist_ok=True)
    with only_builder(say):
        if not binary.exists():
            _build(binary, say)
    return binary


def _build(binary: Path, say: Say) -> None:
    started = time.monotonic()
    say(f"building the bench's {binary.name} with Go, once (all: three minutes on two cores)")
    binary.parent.mkdir(exist_ok=True)
    partial = binary.with_name(f".{binary.name}.partial")
    words = ["build", "-trimpath", "-ldflags", "-s -w", "-o", str(partial)]
    run_go(MODULE, [*words, PACKAGES[binary.name]], say)
    version = binary.with_name(VERSION)
    version.write_text(run_go(MODULE, ["env", "GOVERSION"], say), encoding="utf-8")
    partial.replace(binary)
    say(f"{binary.name}: done in {time.monotonic() - started:.0f} s")


def _digest() -> str:
    files = sorted(path for path in MODULE.rglob("*") if path.suffix in {".go", ".mod", ".sum"})
    content = b"".join(path.name.encode() + path.read_bytes() for path in files)
    return hashlib.sha256(content).hexdigest()[:8]


def _versions(folder: Path) -> dict[str, str]:
    required = re.search(rf"{POD_SECURITY} (v\S+)", (MODULE / "go.mod").read_text("utf-8"))
    return {
        "Go": (folder / VERSION).read_text("utf-8").strip().removeprefix("go"),
        "Pod Security webhook": required[1] if required else "unknown",
    }
