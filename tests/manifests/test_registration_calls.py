"""Each object is reviewed by exactly the entries that the design names, and once a hook."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.manifests.apiserver import Request, calls, registered
from tests.manifests.expected_calls import CALLS, EXCLUDED, MANAGED, NEVER, UNMANAGED, Row
from tests.manifests.objects import KINDS, OPT_IN, Json, body, with_annotations, with_labels

LABEL = {OPT_IN: "true"}
CRON_JOB = {"kind": "CronJob", "name": "nightly", "controller": True}
CHANGES: dict[str, Callable[[Json], Json]] = {
    "none": lambda document: document,
    "label": lambda document: with_labels(document, {"team": "a"}),
    "spec": lambda document: document | {"spec": document["spec"] | {"paused": True}},
    "product label": lambda document: with_labels(document, {"mcp-admission.dev/name": "a"}),
    "product annotation": lambda document: with_annotations(
        document, {"mcp-admission.dev/injected": "{}"}
    ),
    "schedule": lambda document: (
        document | {"metadata": document["metadata"] | {"ownerReferences": [CRON_JOB]}}
    ),
}


class Carrier(NamedTuple):
    """Where the opt-in label stands, and whether the old and the new version have it."""

    place: str
    old: bool = True
    new: bool = True


def carriers(row: Row) -> list[Carrier]:
    kind = KINDS[row.group, row.resource]
    if kind in {"Binding", "Scale"}:
        return []
    places = ["own"] if kind == "Pod" else ["own", "template"]
    versions = [(True, True)]
    # On pods/status a label that comes or goes is itself the change.
    if row.operation == "UPDATE" and not (row.resource == "pods/status" and row.change != "label"):
        versions += [(True, False), (False, True)]
    return [Carrier(place, *version) for place, version in itertools.product(places, versions)]


def request(row: Row, namespace: Json, carrier: Carrier | None) -> Request:
    kind = KINDS[row.group, row.resource]
    labels = {carrier.place: LABEL} if carrier else {}
    new = body(kind, **labels if carrier and carrier.new else {})
    old = body(kind, **labels if carrier and carrier.old else {})
    return Request(
        group=row.group,
        resource=row.resource,
        operation=row.operation,
        kind=kind,
        namespace_labels=namespace,
        object=CHANGES[row.change](new),
        old_object=old if row.operation == "UPDATE" else None,
    )


def named(hooks: str, entry: str) -> list[str]:
    return [f"{hook} {entry}" for hook in hooks]


def row_name(row: Row) -> str:
    return f"{row.operation} {row.resource} changing {row.change}"


@pytest.mark.parametrize("row", CALLS, ids=row_name)
def test_a_managed_namespace_reviews_labelled_and_unlabelled_alike(row: Row) -> None:
    for namespace, carrier in itertools.product(MANAGED, [None, *carriers(row)]):
        called = calls(request(row, namespace, carrier))

        assert called == named(row.managed, "managed-namespace"), carrier


@pytest.mark.parametrize("row", CALLS, ids=row_name)
def test_in_other_namespaces_the_label_on_workload_or_template_decides(row: Row) -> None:
    for namespace, carrier in itertools.product(UNMANAGED, [None, *carriers(row)]):
        called = calls(request(row, namespace, carrier))

        expected = row.opted_in if carrier else row.unlabelled
        assert called == named(expected, "opted-in"), carrier


@pytest.mark.parametrize("row", CALLS, ids=row_name)
def test_own_namespace_and_kube_system_are_never_reviewed(row: Row) -> None:
    for namespace, carrier in itertools.product(EXCLUDED, [None, *carriers(row)]):
        assert calls(request(row, namespace, carrier)) == [], carrier


@pytest.mark.parametrize(("group", "resource", "operation"), NEVER)
def test_the_registrations_send_no_other_resource_verb_or_subresource(
    group: str, resource: str, operation: str
) -> None:
    labelled = body("Deployment", LABEL, LABEL)
    for namespace in MANAGED + UNMANAGED:
        asked = Request(group, resource, operation, "Any", namespace, labelled, labelled)

        assert calls(asked) == []


def test_the_rules_of_the_registrations_name_the_resources_of_the_table_and_no_more() -> None:
    promised = {
        (f"{hook} {entry}", row.group, row.resource, row.operation)
        for row in CALLS
        for entry, hooks in (("managed-namespace", row.managed), ("opted-in", row.opted_in))
        for hook in hooks
    } | {
        (f"{hook} opted-in", row.group, row.resource, row.operation)
        for row in CALLS
        for hook in row.unlabelled
    }

    actual = [(one.name, one.group, one.resource, one.operation) for one in registered()]

    assert sorted(actual) == sorted(promised)
