"""How the kubelet writes a mounted ConfigMap or Secret, so that readers see it as in a pod.

Every key is a symlink into `..data`, and `..data` is a symlink to a folder named after the time;
one rename swaps all keys at once. The steps and their order are those of `AtomicWriter` in
`pkg/volume/util/atomic_writer.go` of Kubernetes.
"""

import datetime as dt
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

DATA = "..data"
MODE = 0o644


def project(folder: Path, content: Mapping[str, bytes], mode: int = MODE) -> bool:
    """Let the folder hold exactly these files; returns whether anything had to be swapped.

    As in the kubelet, a changed mode alone changes nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    current = folder / DATA
    before = folder / current.readlink() if current.is_symlink() else None
    if before is not None and _holds(before, content):
        return False
    stamp = dt.datetime.now(dt.UTC).strftime("..%Y_%m_%d_%H_%M_%S.")
    after = Path(tempfile.mkdtemp(prefix=stamp, dir=folder))
    after.chmod(0o755)
    for key, value in content.items():
        file = after / key
        file.write_bytes(value)
        file.chmod(mode)
    swapped = folder / "..data_tmp"
    swapped.symlink_to(after.name)
    swapped.replace(current)
    _link(folder, set(content))
    if before is not None:
        shutil.rmtree(before)
    return True


def _holds(folder: Path, content: Mapping[str, bytes]) -> bool:
    found = {file.name: file.read_bytes() for file in folder.iterdir()}
    return found == dict(content)


def _link(folder: Path, keys: set[str]) -> None:
    """One symlink for each key; those of keys that are gone go too."""
    there = {file.name for file in folder.iterdir() if not file.name.startswith("..")}
    for key in keys - there:
        (folder / key).symlink_to(Path(DATA) / key)
    for key in there - keys:
        (folder / key).unlink()
