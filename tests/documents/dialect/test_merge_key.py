"""Merge keys are read where all readers of YAML agree, and refused where they differ."""

from typing import Any

import pytest
import yaml

from tests.documents.merges import MERGED, NOT_MERGED, merging
from tests.documents.parsed import parsed, refusal, value


def test_a_second_merge_key_is_refused() -> None:
    assert refusal("a: &a {x: 1}\nb:\n  <<: *a\n  c: 1\n  <<: *a") == (
        5, 'the key "<<" stands on line 3 already: write one, with a list'
    )  # fmt: skip


@pytest.mark.parametrize(("text", "merged"), MERGED)
def test_merge_keys_bring_what_all_readers_take(text: str, merged: dict[str, Any]) -> None:
    """kubectl (tests/e2e) and PyYAML read these alike."""
    assert value(merging(text))["c"] == merged
    other = yaml.safe_load(merging(text))["c"]
    assert {str(key): found for key, found in other.items()} == merged


@pytest.mark.parametrize(("text", "merged"), NOT_MERGED)
def test_what_is_no_merge_key_to_kubectl_is_none(text: str, merged: dict[str, Any]) -> None:
    assert value(merging(text))["c"] == merged


BESIDE = (
    'the key "{key}" stands on line {line} and comes with << too: kubectl and Helm take the value '
    "of <<, other readers the other: keep one, or move << to the top"
)


@pytest.mark.parametrize(
    ("text", "line", "key", "first"),
    [
        ("c:\n  x: 2\n  <<: *a\n", 4, "x", 3),
        ("c: {x: 2, <<: *a}", 2, "x", 2),
        ("c:\n  x: 2\n  y: 1\n  <<: *a\n  z: 1\n", 5, "x", 3),
        ("c:\n  x: 2\n  <<: {q: 1, <<: *a}\n", 4, "x", 3),
        ("c:\n  <<: {x: 7, <<: *a}\n", 3, "x", 3),
        ("c:\n  - x: 2\n    ? <<\n    : *a\n", 4, "x", 3),
        ("c:\n  x: 2\n  <<: [{q: 1}, *a, {x: 2}]\n", 4, "x", 3),
        ("c:\n  x:\n  <<: *a\n", 4, "x", 3),
        ("c:\n  x: {}\n  <<: {x: []}\n", 4, "x", 3),
        ("c:\n  x: true\n  <<: *a\n", 4, "x", 3),
        ("c:\n  x: '1'\n  <<: *a\n", 4, "x", 3),
        ("c:\n  x: 2\n  ! '<<': *a\n", 4, "x", 3),
    ],
)
def test_a_merge_key_that_collides_with_what_stands_above_it_is_refused(
    text: str, line: int, key: str, first: int
) -> None:
    assert refusal("a: &a {x: 1}\n" + text) == (line, BESIDE.format(key=key, line=first))


@pytest.mark.parametrize(
    ("text", "line", "key", "first"),
    [
        ("<<: {1: u}\n'1': v\n", 2, "1", 1),
        ("<<: {'yes': u, yes: v}\n'true': w\n", 2, "true", 1),
        ("<<: {'.inf': u}\n.5: y\n'.inf': v\n", 3, ".inf", 1),
        ("<<:\n- {1: u}\n- {'1': v}\n", 1, "1", 2),
        ("'1': u\n<<: {1: v}\n", 2, "1", 1),
    ],
)
def test_a_collision_of_a_number_with_its_text_is_refused(
    text: str, line: int, key: str, first: int
) -> None:
    """Two keys to kubectl, of which JSON has one: which of them is chance."""
    sentence = (
        f'the key "{key}" comes with << too (line {first}), and may be a number or a boolean '
        "there: readers of YAML differ, keep one"
    )
    assert refusal(text) == (line, sentence)


@pytest.mark.parametrize("value", ["1", "~", "", "[1]", "text", "[{a: 1}, 2]", "[[{a: 1}]]"])
def test_merging_what_is_no_mapping_is_refused(value: str) -> None:
    assert refusal(f"a: 1\nb:\n  <<: {value}\n") == (
        3, "<< takes a mapping or a list of mappings: point it at one"
    )  # fmt: skip


def test_merging_an_alias_of_a_list_is_refused_as_kubectl_does() -> None:
    assert refusal("a: &a [{x: 1}]\nb: {<<: *a}\n") == (
        2, "<< takes no alias of a list, kubectl refuses it: write the list here"
    )  # fmt: skip
    assert refusal("a: &a\nb: {<<: *a}\n")[0] == 2


def test_lines_of_merged_fields_are_where_they_are_written() -> None:
    text = "a: &a\n  x: 1\n  w: 2\nb:\n  <<: *a\n  w: 3\n"
    inner = parsed(text).place.inner["b"].inner
    assert {key: place.mark.line for key, place in inner.items()} == {"x": 2, "w": 6}
