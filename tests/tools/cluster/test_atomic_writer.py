"""A projected folder looks like one that the kubelet wrote, before, during and after a swap."""

import os
import stat
import threading
from pathlib import Path

from tools.cluster.atomic_writer import project


def seen(folder: Path) -> dict[str, bytes]:
    return {key.name: key.read_bytes() for key in folder.iterdir() if key.name[:2] != ".."}


def test_keys_are_links_into_data_which_is_a_link_to_a_stamped_folder(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        assert project(tmp_path, {"tls.crt": b"certificate", "tls.key": b"key"}, mode=0o640)
    finally:
        os.umask(umask)

    data = tmp_path / "..data"
    assert (tmp_path / "tls.crt").readlink() == Path("..data/tls.crt")
    assert data.readlink().name.startswith("..20")
    assert stat.S_IMODE(data.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "tls.key").stat().st_mode) == 0o640
    assert seen(tmp_path) == {"tls.crt": b"certificate", "tls.key": b"key"}


def test_the_same_content_is_not_swapped(tmp_path: Path) -> None:
    project(tmp_path, {"a": b"1"})
    before = (tmp_path / "..data").readlink()

    assert not project(tmp_path, {"a": b"1"})
    assert (tmp_path / "..data").readlink() == before


def test_keys_come_and_go_and_the_old_folder_is_removed(tmp_path: Path) -> None:
    project(tmp_path, {"stays": b"1", "goes": b"1"})
    assert project(tmp_path, {"stays": b"1", "comes": b"2"})

    assert seen(tmp_path) == {"stays": b"1", "comes": b"2"}
    assert len(list(tmp_path.glob("..20*"))) == 1


def test_no_keys_at_all_is_an_empty_folder_with_data(tmp_path: Path) -> None:
    project(tmp_path, {"a": b"1"})
    project(tmp_path, {})

    assert seen(tmp_path) == {}
    assert (tmp_path / "..data").is_dir()


def test_a_reader_of_data_never_sees_halves_of_two_versions(tmp_path: Path) -> None:
    project(tmp_path, {"a": b"0", "b": b"0"})
    over = threading.Event()
    pairs: set[tuple[bytes, bytes]] = set()

    def read() -> None:
        while not over.is_set():
            version = (tmp_path / "..data").resolve()
            try:
                pairs.add(((version / "a").read_bytes(), (version / "b").read_bytes()))
            except FileNotFoundError:
                continue  # that version has gone since: a reader asks again

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        value = str(number).encode()
        project(tmp_path, {"a": value, "b": value})
        assert (tmp_path / "a").read_bytes() == value
    over.set()
    reader.join()

    assert pairs
    assert all(first == second for first, second in pairs)
