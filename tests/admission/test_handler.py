"""Which requests are reviewed, and that every one of them gets an answer."""

import pytest

from tests.admission.case import MANAGED, MUTATE, OPTED_IN, SERVER, VALIDATE, Json
from tests.in_memory.defaults import copied
from tests.manifests.expected_calls import CALLS, NEVER, Row
from webhook.admission.answer import NOT_COVERED, Severity
from webhook.admission.handler import review
from webhook.admission.workload import KINDS, Hook, Request, Scope
from webhook.settings.model import Settings

POD = {"containers": [{"name": "main", "image": "a", "securityContext": {"privileged": True}}]}


def asked(group: str, resource: str, operation: str, hook: Hook, labels: Json) -> Request:
    """A request about an object with these labels, on the pod of its template too."""
    plural, _, subresource = resource.partition("/")
    full = f"{plural}.{group}" if group else plural
    metadata = {"name": "tools", "labels": labels}
    document: Json = {"metadata": metadata, "spec": POD}
    for key in reversed(KINDS.get(full, ("", ()))[1]):
        document = {key: document}
    document = {"metadata": metadata, **document}
    old = copied(document) if operation == "UPDATE" else None
    return Request(
        hook=hook, resource=full, subresource=subresource, operation=operation, name="tools",
        object=copied(document), old_object=old,
    )  # fmt: skip


ROWS = {f"{row.resource} {row.operation} {row.change}": row for row in CALLS}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_is_registered_is_reviewed(row: Row) -> None:
    for scope, hooks in ((MANAGED, row.managed), (OPTED_IN, row.opted_in)):
        labels = {SERVER: "true"} if scope is OPTED_IN else {}
        for hook in {"M": [MUTATE], "V": [VALIDATE], "MV": [MUTATE, VALIDATE], "": []}[hooks]:
            request = asked(row.group, row.resource, row.operation, hook, labels)

            assert review(request, Settings(), scope).covered


@pytest.mark.parametrize("scope", [OPTED_IN, MANAGED])
@pytest.mark.parametrize(("group", "resource", "operation"), NEVER)
def test_what_is_not_registered_is_allowed(
    group: str, resource: str, operation: str, scope: Scope
) -> None:
    request = asked(group, resource, operation, VALIDATE, {SERVER: "true"})

    assert review(request, Settings(), scope) is NOT_COVERED


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_objects_without_the_label_belong_to_nobody(row: Row) -> None:
    guarded = row.resource in ("bindings", "pods/binding", "pods/status")
    for hook in (MUTATE, VALIDATE):
        answer = review(
            asked(row.group, row.resource, row.operation, hook, {}), Settings(), OPTED_IN
        )

        assert answer.allowed
        assert answer.operations == ()
        assert answer.covered is guarded


@pytest.mark.parametrize("document", [None, [], "text", 7, {"spec": []}, {"metadata": []}, {}])
def test_an_object_of_another_shape_is_refused_with_its_place(document: object) -> None:
    request = Request(hook=VALIDATE, resource="pods", operation="CREATE", object=document, name="x")
    answer = review(request, Settings(), MANAGED)

    assert (answer.allowed, answer.code) == (False, 422)
    assert answer.message.startswith('MCP server "x" refused:\n')
    (finding,) = answer.findings
    assert (finding.rule, finding.severity) == ("object", Severity.ERROR)
