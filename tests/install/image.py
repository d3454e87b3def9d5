"""The Dockerfile without a container engine: its instructions, and its build steps as written."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"

Instructions = list[tuple[str, str]]


class BuildError(Exception):
    """A step failed; the message is what it said."""


def _instructions(stage: str) -> Instructions:
    """The instructions of a stage and their arguments, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", stage))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines())]


_, BUILD, IMAGE = map(_instructions, re.split(r"(?m)^FROM .*$", DOCKERFILE.read_text()))


def arguments(stage: Instructions, word: str) -> list[str]:
    """What follows each instruction of this name."""
    return [rest for found, rest in stage if found == word]


def build(source: Path, folder: Path, settings: Mapping[str, str]) -> None:
    """Run the build stage in a folder with what it copies from the source.

    `settings` are variables beside those of the Dockerfile. Raises `BuildError`.
    """
    (tools := folder / "python").mkdir()
    (tools / "python").symlink_to(sys.executable)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder), **settings}
    for word, rest in BUILD:
        if word == "COPY":
            _copy(rest, source, folder)
        elif word in {"ARG", "ENV"}:
            environment |= dict(pair.split("=", 1) for pair in rest.split() if "$" not in pair)
        elif word == "RUN":
            _run(rest, folder, environment)


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> None:
    ran = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", command],
        cwd=folder, env=environment, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if ran.returncode != 0:
        raise BuildError(ran.stdout)


def _copy(words: str, source: Path, folder: Path) -> None:
    *copied, target = words.split()
    for name in copied:
        if (source / name).is_dir():
            shutil.copytree(
                source / name, folder / target, ignore=shutil.ignore_patterns("__pycache__", "*.so")
            )
        else:
            place = folder / target
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, place)
