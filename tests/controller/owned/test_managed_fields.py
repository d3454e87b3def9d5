"""Who wrote an object, and whether somebody else has it in a manifest."""

import json
from typing import Any

import pytest

from webhook.controller.owned import managed_fields
from webhook.controller.owned.managed_fields import HELM_RELEASE, LAST_APPLIED

Json = dict[str, Any]
CORE = [("spec", "selector")]
SELECTOR: Json = {"f:spec": {"f:selector": {}}}


def entry(manager: str, operation: str, fields: Json, **more: str) -> Json:
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def found(*entries: Json, **metadata: Any) -> Json:
    return {
        "metadata": {"managedFields": list(entries), **metadata},
        "spec": {"selector": {"a": "b"}, "type": "ClusterIP"},
    }


US = "mcp-admission"
LABELS: Json = {"f:metadata": {"f:labels": {"f:one": {}, "f:two": {}}}}
ONE: Json = {"f:metadata": {"f:labels": {"f:one": {}}}}
APPLIED = {LAST_APPLIED: json.dumps({"spec": {"selector": {"a": "b"}}})}


@pytest.mark.parametrize(
    ("stored", "taken"),
    [
        (found(), False),
        (found(entry(US, "Apply", SELECTOR)), False),
        (found(entry("them", "Update", SELECTOR)), False),
        (found(entry("them", "Apply", {"f:spec": {"f:type": {}}})), False),
        (found(entry("them", "Apply", SELECTOR, subresource="status")), False),
        (found(entry("them", "Apply", SELECTOR)), True),
        (found(annotations=APPLIED), True),
        (found(annotations={LAST_APPLIED: "{"}), False),
        (found(annotations={LAST_APPLIED: "[" * 100_000}), False),
        (found(annotations={HELM_RELEASE: "crm"}), True),
        (found(labels={"app.kubernetes.io/managed-by": "Helm"}), True),
        (found(labels={"app.kubernetes.io/managed-by": US}), False),
    ],
    ids=lambda value: "" if isinstance(value, dict) else str(value),
)
def test_an_object_is_taken_over_by_whoever_applies_a_core_field(stored: Json, taken: bool) -> None:
    assert managed_fields.taken_over(stored, CORE) is taken


def test_labels_are_ours_alone_where_no_other_entry_has_them() -> None:
    ours = entry(US, "Apply", LABELS)

    assert managed_fields.labels_of_us_alone(found(ours)) == {"one", "two"}
    assert managed_fields.labels_of_us_alone(found(ours, entry("them", "Update", ONE))) == {"two"}
    assert managed_fields.labels_of_us_alone(found(entry(US, "Update", LABELS))) == set()


def test_other_managers_are_named_by_the_fields_that_they_wrote() -> None:
    stored = found(
        entry("them", "Update", SELECTOR),
        entry(US, "Update", SELECTOR),
        entry("kubelet", "Update", SELECTOR, subresource="status"),
    )

    assert managed_fields.changed_by(stored, [("spec", "selector", "a")]) == ["them"]
    assert managed_fields.changed_by(stored, [("spec", "type")]) == []


def test_data_of_a_manifest_is_read_as_it_is_stored() -> None:
    manifest = {"stringData": {"a": "plain"}, "data": "odd"}
    stored = {
        "metadata": {"annotations": {LAST_APPLIED: json.dumps(manifest)}},
        "data": {"a": "cGxhaW4=", "b": "eA=="},
    }

    theirs = managed_fields.applied_by_others(stored, [("data",)])
    assert theirs is not None
    assert theirs["data"] == {"a": "cGxhaW4="}
