"""A project as small as can be, an index that offers too much, and what a machine makes of both."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.install.index import BACKEND, Index, Package

LOCKS = Path(__file__).parents[2] / "locks"
LOCKED, LATER = "1.0", "99.0"
PYPROJECT = """
[build-system]
requires = ["setuptools>=1"]
build-backend = "setuptools.build_meta"

[project]
name = "product"
version = "0.1"
dependencies = ["plugin>=1"]
"""
BUILDER = "setuptools"
# `plugin` asks for `tool` with an extra, which asks for `parser`, with one again.
PACKAGES = [
    Package(BUILDER, files={"setuptools/__init__.py": "", "setuptools/build_meta.py": BACKEND}),
    Package("plugin", requires=["tool[toml]>=1"]),
    Package("tool", extras={"toml": ["parser[fast]>=1"]}),
    Package("parser", extras={"fast": ["speedups>=1"]}),
    Package("speedups"),
]


class Project:
    """A folder with a `pyproject.toml` and lock files; `index` is all that pip knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.index = Index(folder / "index")
        self._home = folder
        (self.folder / "locks").mkdir(parents=True)
        for name in ("install.sh", "extras.py"):
            shutil.copy(LOCKS / name, self.folder / "locks")
        (self.folder / "pyproject.toml").write_text(PYPROJECT)
        (self.folder / "setup.py").touch()
        for name in ("README.md", "LICENSE", "certs/__init__.py", "webhook/__init__.py"):
            (file := self.folder / name).parent.mkdir(exist_ok=True)
            file.touch()
        self._lines = {each.name: self.index.offer(each, LOCKED) for each in PACKAGES}

    def lock(self, file: str, *names: str, without: str = "") -> None:
        """Pin the packages of these names, or every one but one."""
        wanted = names or [name for name in self._lines if name != without]
        lines = [self._lines[name] for name in wanted]
        (self.folder / "locks" / file).write_text("".join(lines))

    def has_no_wheel(self, name: str) -> None:
        """This package is now locked as its source archive, which the later tools can build."""
        (package,) = [each for each in PACKAGES if each.name == name]
        self._lines[name] = self.index.offer_source(package, LOCKED)

    def time_passes(self) -> None:
        """Everything gets a later release, and the later build backend breaks every build."""
        for each in PACKAGES:
            broken = {"setuptools/__init__.py": "raise SystemExit('a later release')"}
            files = broken if each.name == BUILDER else {}
            self.index.offer(Package(each.name, each.requires, each.extras, files), LATER)

    @property
    def settings(self) -> dict[str, str]:
        """What leads pip to the index, and to nothing else."""
        return {
            "PIP_INDEX_URL": self.index.url,
            "PIP_NO_CACHE_DIR": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder, on a machine that has nothing else."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self._home), **self.settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
