"""Objects older than the product, or than the management of their namespace, can be worked with.

They contradict the rules, and nobody is kept from anything but from changing what contradicts.
"""

from typing import Any

import pytest

from tests.builders import (
    KINDS,
    NOT_LABELLED,
    SERVER,
    Manifest,
    bare_pod,
    container,
    of_kind,
    server,
)
from tests.e2e import management
from tests.e2e.namespace import JSON_PATCH, MERGE_PATCH, Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules

CONTRADICTING: dict[str, Any] = {
    "hostNetwork": True,
    "nodeName": "node-1",
    "containers": [container(securityContext={"privileged": True})],
}
FINALIZER = {"finalizers": ["example.com/archive"]}
OBJECTS = ("pods/github-tools", "deployments/github-tools")
EDITS: dict[str, Any] = {
    "label": {"metadata": {"labels": {"team": "b"}}},
    "annotation": {"metadata": {"annotations": {"example.com/seen": "yes"}}},
    "finalizer": {"metadata": {"finalizers": None}},
}


def kept(manifest: Manifest) -> Manifest:
    """The manifest with a finalizer, and a label to change."""
    manifest["metadata"] |= FINALIZER
    manifest["metadata"]["labels"]["team"] = "a"
    return manifest


@pytest.fixture(params=["managed later", "labelled before"])
def older(request: pytest.FixtureRequest, product: Product, namespace: Namespace) -> Namespace:
    """A namespace with a Pod and a Deployment that contradict the rules and are ours by now."""
    objects = [bare_pod, server]
    if request.param == "managed later":
        for made in objects:
            namespace.create(kept(made(labels=NOT_LABELLED, **CONTRADICTING)))
        management.begin(namespace)
    else:
        with product.uninstalled():
            for made in objects:
                namespace.create(kept(made(**CONTRADICTING)))
    return namespace


def test_metadata_of_older_objects_can_be_edited_and_nothing_rolls(older: Namespace) -> None:
    older.cluster.wait_for("ReplicaSet", older.replica_sets)
    before = older.deployment()

    for resource in OBJECTS:
        for name, body in EDITS.items():
            answer = older.raw("PATCH", resource, body, MERGE_PATCH)
            assert (answer.status, answer.warnings) == (200, []), f"{name}: {answer.body!r}"

    after = older.deployment()
    assert after["spec"] == before["spec"]
    assert [each["metadata"]["labels"].get(SERVER) for each in (before, after)] in (
        [None, None],
        ["true", "true"],
    )
    assert len(older.replica_sets()) == 1


def test_an_older_object_that_contradicts_is_refused_when_it_is_changed(older: Namespace) -> None:
    image = {"op": "replace", "value": "registry.example/mcp:2"}
    of_pod = {**image, "path": "/spec/containers/0/image"}
    of_template = {**image, "path": "/spec/template/spec/containers/0/image"}

    pod = older.raw("PATCH", "pods/github-tools", [of_pod], JSON_PATCH)
    deployment = older.raw("PATCH", "deployments/github-tools", [of_template], JSON_PATCH)

    for answer in (pod, deployment):
        assert refusing_rules(answer) >= {"host-namespaces", "privileged"}


@pytest.mark.parametrize("policy", ["Background", "Foreground", "Orphan"])
def test_older_objects_can_be_deleted(older: Namespace, policy: str) -> None:
    for resource in OBJECTS:
        delete(older, resource, policy)

    for resource in OBJECTS:
        wait_until_gone(older, resource)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"Deployment"}))
def test_older_workloads_of_other_kinds_can_be_edited_and_deleted(
    namespace: Namespace, kind: str
) -> None:
    resource = f"{kind.lower()}s/github-tools"
    namespace.create(kept(of_kind(kind, labels=NOT_LABELLED, hostNetwork=True)))
    management.begin(namespace)

    for body in EDITS.values():
        assert namespace.raw("PATCH", resource, body, MERGE_PATCH).status == 200

    delete(namespace, resource, "Foreground")
    wait_until_gone(namespace, resource)


def delete(namespace: Namespace, resource: str, policy: str) -> None:
    """Delete what may go at once; who collects the garbage edits the object before it does."""
    assert namespace.raw("PATCH", resource, EDITS["finalizer"], MERGE_PATCH).status == 200
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy}
    assert namespace.raw("DELETE", resource, options).status == 200


def wait_until_gone(namespace: Namespace, resource: str) -> None:
    namespace.cluster.wait_for(
        f"deletion of {resource}", lambda: namespace.raw("GET", resource).status == 404
    )
