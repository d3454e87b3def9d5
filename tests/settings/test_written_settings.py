"""The file of all namespaces: read as written, each overlay once, and never too large."""

import json
import random
from typing import Any

import pytest

from webhook.settings.by_namespace import Overlay
from webhook.settings.faults import SettingsError
from webhook.settings.namespace_layer import LARGEST_VALUES
from webhook.settings.server_exception import ServerException
from webhook.settings.written_settings import (
    LARGEST_EXCEPTIONS,
    LARGEST_JSON,
    WrittenOverlays,
    compressed,
    fitting_overlay,
    fitting_overlays,
    overlays_json,
    parse_overlays,
    uncompressed,
)

DENY, WARN = Overlay({"onConflict": "deny"}), Overlay({"mode": "warn"})


def granted(name: str, workload: str = "files", reason: str = "") -> ServerException:
    rules = frozenset({"run-as-user", "capabilities"})
    return ServerException(name, "team-a", workload, rules, ("ghcr.io/a",), reason, 9.5)


ROWS = [
    WrittenOverlays(),
    WrittenOverlays({"team-a": DENY}),
    WrittenOverlays({"team-a": Overlay(exceptions=(granted("a"), granted("b")))}),
    WrittenOverlays({}, {"team-a": WARN}),
    WrittenOverlays({"a": DENY, "b": DENY}, {"a": DENY}, ({"c": WARN, "b": DENY}, {})),
    WrittenOverlays({}, None, ({}, {"a": WARN})),
]


@pytest.mark.parametrize("written", ROWS)
def test_overlays_are_read_as_they_were_written(written: WrittenOverlays) -> None:
    file = compressed(overlays_json(written))

    assert parse_overlays(uncompressed(file, "x"), "x") == written


def test_the_same_overlays_are_the_same_bytes() -> None:
    one = WrittenOverlays({"a": Overlay({"mode": "warn", "onConflict": "deny"}), "b": DENY})
    other = WrittenOverlays({"b": DENY, "a": Overlay({"onConflict": "deny", "mode": "warn"})})

    assert compressed(overlays_json(one)) == compressed(overlays_json(other))


def test_equal_overlays_are_written_once_and_held_as_one_object() -> None:
    overlays = {f"team-{at}": Overlay({"mode": "warn"}) for at in range(50)}
    content = overlays_json(WrittenOverlays(overlays, dict(overlays)))
    found = parse_overlays(content, "x")

    assert content.count(b"mode") == 1
    assert json.loads(content)["next"] == {}
    assert found.upcoming is not None
    assert len({id(each) for each in (*found.current.values(), *found.upcoming.values())}) == 1


def test_each_overlay_is_read_alone() -> None:
    overlays = {
        f"team-{at}": Overlay({"mcpServerDefaults": {"image": f"{at}\n"}}) for at in range(9)
    }
    content = overlays_json(WrittenOverlays(overlays))
    rounds: list[int] = []

    assert parse_overlays(content, "x", lambda: rounds.append(1)).current == overlays
    assert len(rounds) == len(overlays)


def test_what_comes_next_is_told_by_what_differs() -> None:
    overlays = {f"team-{at}": DENY for at in range(9)}
    content = overlays_json(WrittenOverlays(overlays, {**overlays, "team-3": WARN}))

    assert json.loads(content)["next"] == {"team-3": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[]", r"x: is not what control writes \(each overlay is a line\)"),
        (b"{", "each overlay is a line"),
        (b'{"overlays":[{}],"current":{}}', "each overlay is a line"),
        (b'{"overlays":[\n]', "each overlay is a line"),
        (b'{"overlays":[\n],', r"\(the last line: Invalid JSON"),
        (b'{"overlays":[\n],"next":{}}', r"\(current: Field required"),
        (b'{"overlays":[\n],"current":{"a":0}}', "a namespace has an overlay that is not there"),
        (b'{"overlays":[\n],"current":{"a":-1}}', r"\(current.a: "),
        (b'{"overlays":[\n{},\n{"value":{}}\n],"current":{}}', r"\(overlays.1.value: "),
        (b'{"overlays":[\n{"exceptions":[1]}\n],"current":{}}', r"\(overlays.0.exceptions"),
        (b'{"overlays":[\n{},{}\n],"current":{}}', r"\(overlays.0: Invalid JSON"),
    ],
)
def test_what_control_does_not_write_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse_overlays(content, "x")


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"text", "x: is not what control writes"),
        (compressed(b"{}")[:-4], "is cut off"),
        (compressed(b" " * (LARGEST_JSON + 1)), f"has more than {LARGEST_JSON} bytes"),
    ],
)
def test_a_file_that_cannot_be_uncompressed_is_refused(file: bytes, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        uncompressed(file, "x")


def test_an_overlay_has_the_exceptions_that_there_is_room_for() -> None:
    asked = [granted(f"exception-{at:05}", reason="a" * 400) for at in range(10_000)]
    overlay = fitting_overlay({"mode": "warn"}, asked)
    kept = overlay.exceptions

    assert 50 < len(kept) < 100
    assert [each.name for each in kept] == [each.name for each in asked[: len(kept)]]
    assert {each.reason for each in kept} == {""}
    assert len(overlays_json(WrittenOverlays({"a": overlay}))) < LARGEST_EXCEPTIONS + 100


def test_what_a_namespace_sets_takes_no_room_of_the_exceptions_in_it() -> None:
    asked = [granted(f"exception-{at:05}") for at in range(10_000)]
    large = {"mcpServerDefaults": {"image": "a" * (LARGEST_VALUES - 100)}}

    assert fitting_overlay(large, asked).exceptions == fitting_overlay({}, asked).exceptions


def noise(characters: int, seed: int) -> Overlay:
    """An overlay that compresses badly."""
    letters = random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz", k=characters)
    return Overlay({"mcpServerDefaults": {"image": "".join(letters)}})


def test_all_overlays_are_kept_where_there_is_room() -> None:
    overlays = {"b": DENY, "a": WARN}

    assert fitting_overlays(overlays, 1000) == overlays
    assert fitting_overlays({}, 0) == {}


def test_the_largest_overlays_go_first_where_there_is_no_room() -> None:
    small: dict[str, Any] = {f"small-{at}": noise(100, at) for at in range(20)}
    large = {f"a-large-{at}": noise(10_000, at) for at in range(5)}
    kept = fitting_overlays({**large, **small}, 20_000)

    assert small.keys() < kept.keys()
    assert len(kept) == len(small) + 2
    assert len(compressed(overlays_json(WrittenOverlays(kept)))) <= 20_000


def test_where_there_is_no_room_exceptions_stay_in_force() -> None:
    """Whoever sets much in a namespace cannot take away what an administrator has granted."""
    overlays: dict[str, Any] = {
        f"large-{at}": noise(10_000, at)._replace(exceptions=(granted(f"e-{at}"),))
        for at in range(5)
    }
    overlays["small"] = noise(100, 9)
    kept = fitting_overlays(overlays, 20_000)

    assert kept.keys() == overlays.keys()
    assert kept["small"] is overlays["small"]
    assert {name: each.exceptions for name, each in kept.items()} == {
        name: each.exceptions for name, each in overlays.items()
    }
    assert sum(bool(each.values) for each in kept.values()) == 4
    assert len(compressed(overlays_json(WrittenOverlays(kept)))) <= 20_000


def test_a_thousand_namespaces_take_a_small_part_of_a_config_map() -> None:
    overlays = {
        f"team-{at}": Overlay(
            {
                "mode": ("warn", "enforce")[at % 2],
                "mcpServerMaximums": {"limits": {"cpu": str(at)}},
            },
            tuple(granted(f"e-{at}-{each}", f"server-{each}") for each in range(10)),
        )
        for at in range(1000)
    }

    assert len(compressed(overlays_json(WrittenOverlays(overlays)))) < 200_000
