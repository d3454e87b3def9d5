"""The names of runtime classes: read as written, unknown where nobody wrote them, and bounded."""

import pytest

from webhook.settings.faults import SettingsError
from webhook.settings.known_classes import LARGEST_CLASSES, classes_text, parse_classes


@pytest.mark.parametrize("names", [frozenset[str](), frozenset({"kata", "gvisor"})])
def test_names_are_read_as_they_were_written(names: frozenset[str]) -> None:
    assert parse_classes(classes_text(names).encode(), "x") == names


def test_the_same_names_are_the_same_bytes() -> None:
    assert classes_text(["kata", "gvisor"]) == classes_text({"gvisor", "kata"})


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_file_says_that_they_are_not_known(content: bytes) -> None:
    assert parse_classes(content, "x") is None
    assert not classes_text(None)


def test_what_there_is_no_room_for_is_not_known() -> None:
    names = [f"class-{at}" for at in range(1000)]

    assert classes_text(names[:500])
    assert not classes_text(names)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "a JSON list of names"),
        (b"[1]", "a JSON list of names"),
        (b"\xff", "a JSON list of names"),
        (b"[" * 8000, "a JSON list of names"),
        (b'["' + b"a" * LARGEST_CLASSES + b'"]', "has more than 8192 bytes"),
    ],
    ids=["mapping", "number", "no text", "nested", "large"],
)
def test_what_control_does_not_write_is_an_error(content: bytes, said: str) -> None:
    with pytest.raises(SettingsError, match=f"^file: .*{said}"):
        parse_classes(content, "file")
