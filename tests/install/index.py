"""A package index in a folder, of wheels that are made on the spot."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# A build backend without dependencies of its own, in the place of the real one.
BACKEND = f"""
import pathlib, tomllib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    name, version = project["name"], project["version"]
    stem = name + "-" + version
    metadata = ["Metadata-Version: 2.4", "Name: " + name, "Version: " + version]
    metadata += ["Requires-Dist: " + each for each in project["dependencies"]]
    with zipfile.ZipFile(pathlib.Path(folder) / (stem + "-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(stem + ".dist-info/METADATA", "\\n".join(metadata))
        wheel.writestr(stem + ".dist-info/WHEEL", {WHEEL!r})
        wheel.writestr(stem + ".dist-info/RECORD", "")
    return stem + "-py3-none-any.whl"

build_editable = build_wheel
"""


@dataclass(frozen=True)
class Package:
    """What a release of a package says and holds; `extras` are further requirements by name."""

    name: str
    requires: Sequence[str] = ()
    extras: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def metadata(self, version: str) -> str:
        """The METADATA of this version."""
        lines = ["Metadata-Version: 2.4", f"Name: {self.name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {each}" for each in self.requires]
        for extra, requires in self.extras.items():
            lines.append(f"Provides-Extra: {extra}")
            lines += [f'Requires-Dist: {each}; extra == "{extra}"' for each in requires]
        return "\n".join(lines)


class Index:
    """The simple index of PEP 503, as files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = folder.as_uri()

    def offer(self, package: Package, version: str) -> str:
        """Publish a release; returns the line that pins it in a lock file."""
        stem = f"{package.name}-{version}"
        folder = self._folder / package.name
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{stem}-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as wheel:
            for name, text in package.files.items():
                wheel.writestr(name, text)
            wheel.writestr(f"{stem}.dist-info/METADATA", package.metadata(version))
            wheel.writestr(f"{stem}.dist-info/WHEEL", WHEEL)
            wheel.writestr(f"{stem}.dist-info/RECORD", "")
        return self._publish(file)

    def offer_source(self, package: Package, version: str) -> str:
        """Replace a release by its source archive; returns the line that pins it."""
        stem = f"{package.name}-{version}"
        folder = self._folder / package.name
        (folder / f"{stem}-py3-none-any.whl").unlink()
        file = folder / f"{stem}.tar.gz"
        with tarfile.open(file, "w:gz") as archive:
            entry = tarfile.TarInfo(f"{stem}/PKG-INFO")
            text = package.metadata(version).encode()
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
        return self._publish(file)

    @staticmethod
    def _publish(file: Path) -> str:
        there = sorted(each.name for each in file.parent.iterdir() if each.suffix != ".html")
        links = [f'<a href="{name}">{name}</a>' for name in there]
        (file.parent / "index.html").write_text("\n".join(["<!DOCTYPE html>", *links]))
        name, version = file.name.removesuffix(".tar.gz").split("-")[:2]
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return f"{name}=={version} --hash=sha256:{digest}\n"
