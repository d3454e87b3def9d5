"""On a live pod our labels neither come, change nor go: Service and policies select them."""

from typing import Any

import pytest

from tests.builders import NAME, NOT_LABELLED, SERVER, bare_pod
from tests.e2e.namespace import (
    APPLY_PATCH,
    JSON_PATCH,
    MERGE_PATCH,
    STRATEGIC_PATCH,
    Namespace,
)
from tests.e2e.refusals import refusing_rules

POINTER = "/metadata/labels/mcp-admission.dev~1server"
OURS = {SERVER: "true", NAME: "github-tools"}


def labels(body: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"labels": body}}


CHANGES: dict[str, tuple[str, Any]] = {
    "drops": (MERGE_PATCH, labels({SERVER: None})),
    "drops by JSON patch": (JSON_PATCH, [{"op": "remove", "path": POINTER}]),
    "drops all": (JSON_PATCH, [{"op": "remove", "path": "/metadata/labels"}]),
    "replaces all": (STRATEGIC_PATCH, labels({"$patch": "replace", "app": "other"})),
    "opts out": (MERGE_PATCH, labels({SERVER: "false"})),
    "renames": (MERGE_PATCH, labels({NAME: "other-tools"})),
    "drops the name": (MERGE_PATCH, labels({NAME: None})),
    "moves to another key": (
        JSON_PATCH,
        [{"op": "move", "from": POINTER, "path": f"{POINTER}x"}],
    ),
}
THROUGH = pytest.mark.parametrize("subresource", ["", "/status"], ids=["pods", "pods/status"])


@THROUGH
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("scope", ["namespace", "managed"])
def test_a_server_keeps_its_labels(
    request: pytest.FixtureRequest, scope: str, change: str, subresource: str
) -> None:
    namespace: Namespace = request.getfixturevalue(scope)
    namespace.create(bare_pod())

    content_type, body = CHANGES[change]
    answer = namespace.raw("PATCH", f"pods/github-tools{subresource}", body, content_type)

    assert refusing_rules(answer) == {"identity"}
    assert namespace.get("pods/github-tools")["metadata"]["labels"] == OURS


@THROUGH
def test_a_put_without_the_labels_is_refused(namespace: Namespace, subresource: str) -> None:
    pod = namespace.create(bare_pod())
    del pod["metadata"]["labels"], pod["metadata"]["resourceVersion"]

    answer = namespace.raw("PUT", f"pods/github-tools{subresource}", pod)

    assert refusing_rules(answer) == {"identity"}


@THROUGH
@pytest.mark.parametrize("value", ["true", "yes", ""], ids=repr)
def test_another_pod_does_not_become_a_server(
    namespace: Namespace, value: str, subresource: str
) -> None:
    namespace.create(bare_pod(labels=NOT_LABELLED, hostNetwork=True))

    body = labels({SERVER: value, NAME: "github-tools"})
    answer = namespace.raw("PATCH", f"pods/github-tools{subresource}", body, MERGE_PATCH)

    assert refusing_rules(answer) == {"identity"}


@THROUGH
def test_another_pod_does_not_become_a_server_by_an_apply(
    namespace: Namespace, subresource: str
) -> None:
    namespace.create(bare_pod(labels=NOT_LABELLED, hostNetwork=True))

    applied = {"apiVersion": "v1", "kind": "Pod", **labels({SERVER: "true"})}
    path = f"pods/github-tools{subresource}?fieldManager=intruder&force=true"
    answer = namespace.raw("PATCH", path, applied, APPLY_PATCH)

    assert refusing_rules(answer) == {"identity"}


def test_kubectl_label_says_what_to_do(namespace: Namespace) -> None:
    namespace.apply(bare_pod())

    arguments = ("label", "pod/github-tools", f"{SERVER}-")
    refused = namespace.kubectl(*arguments, as_user=namespace.tenant, check=False)

    assert refusing_rules(refused) == {"identity"}
    assert "cannot change on a live pod: recreate the pod" in refused.stderr


def test_other_subresources_change_no_labels(namespace: Namespace) -> None:
    namespace.create(bare_pod())

    path = "pods/github-tools/ephemeralcontainers"
    answer = namespace.raw("PATCH", path, labels({SERVER: None}), MERGE_PATCH)

    assert answer.status == 200
    assert namespace.get("pods/github-tools")["metadata"]["labels"] == OURS
