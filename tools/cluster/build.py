"""Builds a control plane, and what tests need beside one, with Go: once, into a cache folder.

The Go module proxy is the only thing this needs. A cold build takes minutes, so it says what it
does, it may be interrupted at any point (a part appears under its name only when it is whole), and
of two builders at the same time one waits and then finds the work done.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tools.cluster.release import (
    BESIDE,
    COMMANDS,
    KWOK,
    STAGES,
    NoControlPlaneError,
    Pins,
    cache,
)

Progress = Callable[[str], None]

# kwok does nothing to a node or pod for which it has no stage, and exits when it has none at all.
STAGE_FOLDERS = ("node/fast", "node/heartbeat-with-lease", "pod/fast")
SECONDS_BETWEEN_SIGNS_OF_LIFE = 30
DURATION = "This is done once; for a whole control plane it takes about ten minutes on two cores."
PACKAGES = COMMANDS | BESIDE
# Prometheus without the clients of clouds, which take most of the time to build.
TAGS = {"prometheus": "remove_all_sd"}


def build(wanted: Mapping[str, Pins], progress: Progress) -> None:
    """Put the wanted parts into the cache, in this order; parts that are there are kept.

    Raises `NoControlPlaneError` when there is no Go, or when Go cannot build a part.
    """
    if shutil.which("go") is None:
        raise NoControlPlaneError(
            "No Kubernetes control plane: install Go (1.26 or newer, it builds one) or let "
            "KUBEBUILDER_ASSETS name a folder that holds one."
        )
    cache().mkdir(parents=True, exist_ok=True)
    with only_builder(progress):
        for leftover in cache().glob("*/.*.partial"):
            leftover.unlink()
        missing = [part for part, pins in wanted.items() if not (pins.cache / part).exists()]
        if missing:
            progress(f"Go now builds {', '.join(missing)} into {cache()}. {DURATION}")
        for number, part in enumerate(missing, start=1):
            _build_part(wanted[part], part, f"[{number}/{len(missing)}] {part}", progress)


def _build_part(pins: Pins, part: str, title: str, progress: Progress) -> None:
    progress(f"{title}: building {pins.name} {pins.version}, once")
    started = time.monotonic()
    pins.cache.mkdir(exist_ok=True)
    partial = pins.cache / f".{part}.partial"
    if part == STAGES:
        partial.write_text(_stages(pins), encoding="utf-8")
    else:
        command = ["build", "-trimpath", "-tags", TAGS.get(pins.name, ""), "-ldflags"]
        command += [_linker_flags(pins), "-o", str(partial)]
        run_go(pins.module, [*command, PACKAGES[part]], lambda text: progress(f"{title}: {text}"))
    partial.replace(pins.cache / part)
    progress(f"{title}: done in {time.monotonic() - started:.0f} s")


def _linker_flags(pins: Pins) -> str:
    """Stamp the version: without it the server believes to be v0.0.0-master, and acts so."""
    if pins.name != "kubernetes":
        return "-s -w"
    major, minor = pins.version.removeprefix("v").split(".")[:2]
    stamp = {"gitVersion": pins.version, "gitMajor": major, "gitMinor": minor}
    flags = [
        f"-X {package}.{name}={value}"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in stamp.items()
    ]
    return " ".join(["-s -w", *flags])


def _stages(pins: Pins) -> str:
    """The stage files of kwok's module, joined into the one file that `--config` takes."""
    described = run_go(pins.module, ["mod", "download", "-json", KWOK], lambda _: None)
    stages = Path(json.loads(described)["Dir"]) / "kustomize" / "stage"
    files = [
        file
        for folder in STAGE_FOLDERS
        for file in sorted((stages / folder).glob("*.yaml"))
        if file.name != "kustomization.yaml"
    ]
    return "---\n".join(file.read_text(encoding="utf-8") for file in files)


def run_go(module: Path, arguments: list[str], alive: Progress) -> str:
    """Run the Go tool in the folder of a module, with a sign of life now and then.

    Raises `NoControlPlaneError` when it fails.
    """
    flags = f"{os.environ.get('GOFLAGS', '')} -mod=readonly -buildvcs=false".strip()
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": flags}
    with subprocess.Popen(
        ["go", *arguments],
        cwd=module,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as tool:
        try:
            output, complaints = _wait(tool, alive)
        except BaseException:
            # `go` does not take its compilers along.
            os.killpg(tool.pid, signal.SIGKILL)
            raise
    if tool.returncode != 0:
        last_words = " ".join(complaints.strip().splitlines()[-3:])
        raise NoControlPlaneError(f"`go {arguments[0]} {arguments[-1]}` failed: {last_words}")
    return output


def _wait(tool: subprocess.Popen[str], alive: Progress) -> tuple[str, str]:
    started = time.monotonic()
    while True:
        try:
            return tool.communicate(timeout=SECONDS_BETWEEN_SIGNS_OF_LIFE)
        except subprocess.TimeoutExpired:
            alive(f"{time.monotonic() - started:.0f} s")


@contextlib.contextmanager
def only_builder(progress: Progress) -> Iterator[None]:
    """Within the block nobody else builds into the cache."""
    with (cache() / ".lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another build into {cache()}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
