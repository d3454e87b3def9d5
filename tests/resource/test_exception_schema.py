"""Exceptions on an API server: what it takes and refuses, in which words, and what it shows."""

from typing import Any

import pytest

from tests.e2e.namespace import MERGE_PATCH
from tools.chart.exception_definition import exception_definition
from tools.cluster.clients import KubectlError
from tools.cluster.control_plane import ControlPlane
from webhook.settings.exception_document import (
    ENDING,
    EXCEPTABLE_RULES,
    EXCEPTION_KIND,
    EXCEPTION_PLURAL,
    MOST_IMAGES,
    MOST_RULES,
    REASON_REQUIRED,
    read_exception,
)
from webhook.settings.load import GROUP, VERSION

Json = dict[str, Any]
PATH = f"/apis/{GROUP}/{VERSION}/{EXCEPTION_PLURAL}"
TRIED = ("apply", "--dry-run=server", "-f", "-")
SPEC: Json = {
    "workload": {"namespace": "team-a", "name": "files"},
    "rules": ["run-as-user", "capabilities"],
    "reason": "its vendor mends it in March",
    "expires": "2030-03-01T00:00:00Z",
}
WORKLOAD = SPEC["workload"]


def resource(**spec: Any) -> Json:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": EXCEPTION_KIND,
        "metadata": {"name": "files-as-root"},
        "spec": {key: value for key, value in (SPEC | spec).items() if value is not None},
    }


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"images": ["ghcr.io/a", f"sha256:{'0' * 64}"]},
        {"rules": ["capabilities", "capabilities"]},
        {"rules": [*EXCEPTABLE_RULES[:MOST_RULES]], "images": ["a"] * MOST_IMAGES},
        {"expires": "2030-03-01T02:00:00.5+02:00", "reason": "ä" * 500},
    ],
)
def test_model_and_schema_accept_these_exceptions(
    settings_resource: ControlPlane, spec: Json
) -> None:
    applied = settings_resource.kubectl(*TRIED, "-o", "json", sent=resource(**spec)).json()

    assert applied["spec"] == SPEC | spec
    assert read_exception(applied, now=0.0, longest_days=100_000).faults == ()


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"expires": None}, "spec.expires: Required value"),
        ({"reason": None}, "spec.reason: Required value"),
        ({"workload": None}, "spec.workload: Required value"),
        ({"rules": None}, "spec.rules: Required value"),
        ({"rules": []}, "spec.rules: Invalid value: 0: spec.rules in body should have at least 1"),
        ({"rules": ["capabilities"] * (MOST_RULES + 1)}, "must have at most 32 items"),
        ({"rules": ["capability"]}, 'spec.rules[0]: Unsupported value: "capability"'),
        ({"rules": ["identity"]}, 'spec.rules[0]: Unsupported value: "identity"'),
        ({"images": ["a"] * (MOST_IMAGES + 1)}, "must have at most 16 items"),
        ({"images": [""]}, "spec.images[0]"),
        ({"reason": " \n"}, REASON_REQUIRED),
        ({"reason": "a" * 501}, "spec.reason: Too long: may not be more than 500"),
        ({"expires": "tomorrow"}, "spec.expires: Invalid value"),
        ({"expires": "2030-02-30T00:00:00Z"}, "spec.expires: Invalid value"),
        ({"workload": {**WORKLOAD, "name": "A"}}, "spec.workload.name: Invalid value"),
        ({"workload": {"name": "a"}}, "spec.workload.namespace: Required value"),
        ({"until": "2030-03-01"}, 'unknown field "spec.until"'),
    ],
)
def test_the_schema_refuses_other_exceptions(
    settings_resource: ControlPlane, spec: Json, sentence: str
) -> None:
    with pytest.raises(KubectlError) as refused:
        settings_resource.kubectl(*TRIED, sent=resource(**spec))

    assert sentence in str(refused.value)
    assert read_exception(resource(**spec), now=0.0, longest_days=100_000).faults


def test_an_exception_says_something(settings_resource: ControlPlane) -> None:
    empty = {**resource(), "spec": None}

    with pytest.raises(KubectlError, match="spec: Required value"):
        settings_resource.kubectl(*TRIED, sent=empty)


def test_who_is_let_off_what_and_until_when_is_shown(settings_resource: ControlPlane) -> None:
    settings_resource.create(PATH, resource())
    condition = {
        "type": "InForce", "status": "True", "reason": ENDING, "message": "",
        "lastTransitionTime": "2030-02-22T00:00:00Z",
    }  # fmt: skip
    status = {"conditions": [condition]}
    answer = settings_resource.raw(
        "PATCH", f"{PATH}/files-as-root/status", {"status": status}, MERGE_PATCH
    )
    assert answer.status == 200, answer.body

    shown = settings_resource.kubectl("get", "mcpexceptions").stdout
    settings_resource.raw("DELETE", f"{PATH}/files-as-root")

    head, line = shown.splitlines()
    assert head.split() == ["NAME", "NAMESPACE", "WORKLOAD", "RULES", "EXPIRES", "STATE"]
    assert line.split() == [
        "files-as-root", "team-a", "files", '["run-as-user","capabilities"]',
        "2030-03-01T00:00:00Z", "Ending",
    ]  # fmt: skip


def test_every_part_is_described() -> None:
    version = exception_definition()["spec"]["versions"][0]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]

    assert all("description" in each for each in spec["properties"].values())
    assert all(
        "description" in each for each in spec["properties"]["workload"]["properties"].values()
    )
