"""Fields that a POST owns are handed over to an apply, and those of others are left alone."""

import pytest

from tests.controller.objects.case import Json
from webhook.controller.objects.field_ownership import handover

OURS, TEAM = "mcp-admission", "team"


def entry(manager: str, operation: str, *keys: str, **more: str) -> Json:
    fields: Json = {"f:data": {f"f:{key}": {} for key in keys}}
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def stored(*entries: Json) -> Json:
    return {"metadata": {"resourceVersion": "7", "managedFields": list(entries)}}


NOTHING_TO_DO = [
    pytest.param([], id="nothing-managed"),
    pytest.param([entry(OURS, "Apply", "a")], id="applied-already"),
    pytest.param([entry(TEAM, "Update", "a")], id="of-others"),
    pytest.param([entry(OURS, "Update", "a", subresource="status")], id="of-a-subresource"),
]


@pytest.mark.parametrize("entries", NOTHING_TO_DO)
def test_nothing_is_handed_over(entries: list[Json]) -> None:
    assert handover(stored(*entries), OURS) is None


def test_an_object_without_managed_fields() -> None:
    assert handover({"metadata": {"resourceVersion": "7"}}, OURS) is None


HANDED = [
    pytest.param([entry(OURS, "Update", "a")], ("a",), id="posted"),
    pytest.param(
        [entry(OURS, "Apply", "b"), entry(OURS, "Update", "a", "b")], ("b", "a"), id="both"
    ),
]


@pytest.mark.parametrize(("entries", "keys"), HANDED)
def test_what_we_own_by_update_becomes_applied(entries: list[Json], keys: tuple[str, ...]) -> None:
    others = [entry(TEAM, "Update", "a"), entry(OURS, "Update", "x", subresource="status")]

    patch = handover(stored(*others, *entries), OURS)

    assert patch == [
        {
            "op": "replace",
            "path": "/metadata/managedFields",
            "value": [*others, entry(OURS, "Apply", *keys)],
        },
        {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"},
    ]
