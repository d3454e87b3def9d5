"""On a live pod the product's labels are not added, changed or removed: policies select them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import NAME, NOT_LABELLED, SERVER, bare_pod, server
from tests.e2e.namespace import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from tests.scenarios.cluster import Cluster

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
THROUGH = pytest.mark.parametrize("subresource", ["", "status"], ids=["pods", "pods/status"])


@THROUGH
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_managed", [False, True], ids=["namespace", "managed"])
def test_no_label_of_a_live_server_changes(
    clusters: Callable[..., Cluster], is_managed: bool, change: str, subresource: str
) -> None:
    cluster = clusters(managed=is_managed)
    cluster.create(bare_pod())
    form, body = CHANGES[change]

    refused = cluster.patch("pods/github-tools", body, form, subresource)

    assert refused.refused_by == {"identity"}
    assert cluster.get("pods/github-tools")["metadata"]["labels"] == OURS


@THROUGH
def test_a_put_without_the_labels_of_a_live_server_is_refused(
    cluster: Cluster, subresource: str
) -> None:
    pod = cluster.create(bare_pod()).stored
    del pod["metadata"]["labels"]

    assert cluster.update(pod, subresource).refused_by == {"identity"}


@THROUGH
@pytest.mark.parametrize("value", ["true", "yes", ""], ids=repr)
def test_another_live_pod_does_not_become_a_server(
    cluster: Cluster, value: str, subresource: str
) -> None:
    cluster.create(bare_pod(labels=NOT_LABELLED, hostNetwork=True))
    body = labels({SERVER: value, NAME: "github-tools"})

    refused = cluster.patch("pods/github-tools", body, subresource=subresource)

    assert refused.refused_by == {"identity"}


def test_a_label_that_an_update_of_a_deployment_leaves_out_is_put_back(cluster: Cluster) -> None:
    live = cluster.create(server()).stored
    del live["metadata"]["labels"]

    updated = cluster.update(live)

    assert updated.stored["metadata"]["labels"][SERVER] == "true"
    assert updated.warned_by == {"identity"}
