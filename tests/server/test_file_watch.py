"""Files are followed by content; what cannot be used changes nothing."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.server.certificates import Volume
from webhook.observe.metrics import Metrics
from webhook.server import file_watch as module
from webhook.server.file_watch import FileError, FileSet, FileWatcher, Swap, fingerprint_files


class Followed:
    """A source that takes the text of its files, unless it says `bad` or `bug`."""

    def __init__(self, *paths: Path, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.text = ""
        self.loads = 0
        self._paths = paths
        self._meanwhile = meanwhile
        self.source = FileSet("thing", paths, self._load)

    def _load(self) -> Swap:
        self.loads += 1
        try:
            parts = []
            for path in self._paths:
                parts.append(path.read_text())
                self._meanwhile()
        except OSError as error:
            raise FileError(f"{error.strerror}") from None
        text = "+".join(parts)
        if "bad" in text:
            raise FileError("it says bad")
        if "bug" in text:
            raise ValueError("secret")
        return partial(setattr, self, "text", text)


def _reloads(metrics: Metrics) -> tuple[float | None, ...]:
    return tuple(
        metrics.registry.get_sample_value(
            "mcp_admission_file_reloads_total", {"file": "thing", "result": result}
        )
        for result in ("success", "failure")
    )


def test_a_change_is_taken_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    file = tmp_path / "file"
    file.write_text("one")
    followed, metrics = Followed(file), Metrics()
    watch = FileWatcher([followed.source], metrics)
    watch.load()
    watch.poll()
    assert (followed.text, followed.loads, _reloads(metrics)) == ("one", 1, (0, 0))

    file.write_text("two")
    watch.poll()
    watch.poll()

    assert (followed.text, followed.loads, _reloads(metrics)) == ("two", 2, (1, 0))
    (record,) = caplog.records
    assert record.getMessage() == "file reloaded"
    assert vars(record)["fields"] == {"file": "thing", "paths": [str(file)]}


def test_the_same_content_again_is_no_change(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    followed = Followed(file)
    watch = FileWatcher([followed.source], Metrics())
    watch.load()

    file.unlink()
    file.write_text("one")
    watch.poll()

    assert followed.loads == 1


@pytest.mark.parametrize("text", ["bad", "bug", None])
def test_an_unusable_file_is_logged_once_and_changes_nothing(
    text: str | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "file"
    file.write_text("good")
    followed, metrics = Followed(file), Metrics()
    watch = FileWatcher([followed.source], metrics)
    watch.load()

    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    for _ in range(3):
        watch.poll()
    assert (followed.text, _reloads(metrics)) == ("good", (0, 1))
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "secret" not in str(vars(record))

    file.write_text("better")
    watch.poll()
    assert (followed.text, _reloads(metrics)) == ("better", (1, 1))


def test_an_unexpected_error_is_logged_by_type_and_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "file"
    file.write_text("good")
    followed = Followed(file)
    watch = FileWatcher([followed.source], Metrics())
    watch.load()
    file.write_text("bug")
    watch.poll()

    fields = vars(caplog.records[0])["fields"]
    assert fields["exception"] == "builtins.ValueError"
    assert fields["at"][-1].startswith(f"{__name__}:")


def test_one_bad_source_holds_no_other_up(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    other.write_text("1")
    first, second = Followed(one), Followed(other)
    watch = FileWatcher([first.source, FileSet("second", (other,), second._load)], Metrics())
    watch.load()
    one.write_text("bad")
    other.write_text("2")
    watch.poll()

    assert (first.text, second.text) == ("1", "2")


def test_a_volume_that_is_swapped_as_a_whole_is_seen(volume: Volume) -> None:
    """The kubelet swaps a symlink to a folder; the paths stay the same."""
    volume.write(tls_crt=b"a", tls_key=b"b")
    followed = Followed(volume.path("tls.crt"), volume.path("tls.key"))
    watch = FileWatcher([followed.source], Metrics())
    watch.load()
    volume.write(tls_crt=b"c", tls_key=b"d")
    watch.poll()

    assert followed.text == "c+d"


def test_two_files_are_read_as_they_were_at_one_moment(volume: Volume) -> None:
    """A swap between the two files gives half of each pair: they are read again."""
    volume.write(tls_crt=b"old", tls_key=b"old")
    swaps = iter([b"new"])

    def swap() -> None:
        for content in swaps:
            volume.write(tls_crt=content, tls_key=content)

    followed = Followed(volume.path("tls.crt"), volume.path("tls.key"), meanwhile=swap)
    FileWatcher([followed.source], Metrics()).load()

    assert (followed.text, followed.loads) == ("new+new", 2)


def test_half_a_file_is_read_again_when_it_became_whole_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("bad")
    followed = Followed(file, meanwhile=lambda: file.write_text("whole"))
    FileWatcher([followed.source], Metrics()).load()

    assert followed.text == "whole"


def test_files_that_never_rest_are_left_for_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("0")
    writes = iter(range(1, 100))
    followed = Followed(file, meanwhile=lambda: file.write_text(str(next(writes))))
    watch = FileWatcher([followed.source], Metrics())

    with pytest.raises(FileError, match=r"changed 3 times while being read: write them once$"):
        watch.load()


def test_all_files_are_loaded_or_the_first_reason_is_raised(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        FileWatcher([Followed(tmp_path / "missing").source], Metrics()).load()


def test_a_path_without_a_file_has_a_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    parts = fingerprint_files(
        [tmp_path / "file", tmp_path, tmp_path / "missing", Path("/dev/zero")]
    )

    assert len(parts[0]) == 64
    assert parts[1:] == ("not a file", "error 2", "not a file")


async def test_polling_does_not_hold_up_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow disk is waited for on another thread, again and again."""
    monkeypatch.setattr(module, "SECONDS_BETWEEN_POLLS", 0.001)
    file = tmp_path / "file"
    file.write_text("one")
    followed = Followed(file)
    reading, read_on = threading.Event(), threading.Event()

    def slow() -> Swap:
        reading.set()
        assert read_on.wait(10)
        return followed._load()

    watch = FileWatcher([FileSet("thing", (file,), slow)], Metrics())
    read_on.set()
    watch.load()
    read_on.clear()
    reading.clear()
    file.write_text("two")
    running = asyncio.create_task(watch.run())
    deadline = time.monotonic() + 10
    turns = 0
    while not reading.is_set():
        assert time.monotonic() < deadline
        await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
        turns += 1
    assert (turns, followed.text) == (100, "one")

    read_on.set()
    while followed.text != "two":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
