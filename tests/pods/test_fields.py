"""A place in an object: what counts as absent, and what people and programs call it."""

from typing import Any

import pytest

from webhook.pods.fields import Fields, Malformed, item_name, join
from webhook.pods.patch import Patch


def root(**document: Any) -> Fields:
    return Fields(document, Patch())


@pytest.mark.parametrize(
    ("value", "present"),
    [(None, False), ({}, False), ([], False), ("", False), (0, True), (False, True), ("a", True)],
)
def test_null_and_empty_values_are_absent_and_get_a_default(value: Any, present: bool) -> None:
    fields = root(a=value)
    assert fields.has("a") is present

    fields.default("a", "filled")
    assert fields.get("a") == (value if present else "filled")


def test_a_place_has_a_name_for_people_and_a_pointer_for_programs() -> None:
    spec = root(containers=[{"name": "main", "securityContext": {}}, {"x": 1}])
    main, other = spec.items("containers")

    assert main.child("securityContext").place == "containers[main].securityContext"
    assert main.child("securityContext").pointer == "/containers/0/securityContext"
    assert other.label == "containers[1]"
    violation = spec.child("nodeSelector").violation("a/b.c", "is odd")
    assert violation.pointer == "/nodeSelector/a~1b.c"
    assert violation.message == "nodeSelector[a/b.c] is odd"
    assert main.violation("args", "is odd", item=2).pointer == "/containers/0/args/2"


@pytest.mark.parametrize("value", ["text", 1, [], True])
def test_what_is_no_object_is_malformed_at_its_place(value: Any) -> None:
    with pytest.raises(Malformed, match="spec must be an object") as error:
        root(spec=value).child("spec")

    assert error.value.pointer == "/spec"


@pytest.mark.parametrize("value", ["text", 1, {"a": 1}, True])
def test_what_is_no_list_is_malformed_at_its_place(value: Any) -> None:
    with pytest.raises(Malformed, match="a must be a list") as error:
        root(a=value).items("a")

    assert error.value.pointer == "/a"


def test_objects_on_the_way_are_made_when_a_field_inside_is_set() -> None:
    fields = root(a=None)

    fields.child("a").child("b").append("c", 1)

    assert fields.value == {"a": {"b": {"c": [1]}}}


def test_a_list_is_read_by_names_and_by_fields() -> None:
    fields = root(a=[{"name": "x"}, {"name": 1}, "odd", {"secret": None}])

    assert fields.names("a") == {"x"}
    with pytest.raises(Malformed):
        fields.items_with("a", "secret")
    assert [each.item for each in root(a=[{}, {"b": 1}]).items_with("a", "b")] == [1]


@pytest.mark.parametrize(
    ("value", "called"),
    [({"name": "a"}, "a"), ({"name": ""}, "3"), ({"name": 1}, "3"), ("odd", "3")],
)
def test_an_item_without_a_possible_name_is_called_by_its_place(value: Any, called: str) -> None:
    assert item_name(value, 3) == called
    assert item_name({"name": "a" * 254}, 3) == "3"


@pytest.mark.parametrize(
    ("place", "key", "joined"),
    [("", "a", "a"), ("a", "b", "a.b"), ("a", "b.c", "a[b.c]"), ("a", "b[c.d]", "a.b[c.d]")],
)
def test_a_key_with_dots_stands_in_brackets(place: str, key: str, joined: str) -> None:
    assert join(place, key) == joined
