"""Objects of every kind are read alike: where the pod stands, what it is called, who made it."""

from typing import Any

import pytest

from tests.admission.case import MANAGED, NAME, OPTED_IN, SERVER, Json, deployment, mutated, pod
from tests.in_memory.controllers import pod_of
from tests.in_memory.defaults import TEMPLATES
from tests.in_memory.requests import request as asked
from webhook.admission.workload import KINDS, Scope, Workload, read_workload
from webhook.pods.fields import Malformed
from webhook.pods.patch import Patch
from webhook.pods.pod import Pod


def seen(document: Any, resource: str = "pods", scope: Scope = OPTED_IN, **keys: Any) -> Workload:
    request = asked(document, **{"resource": resource, **keys})
    return read_workload(request.object, request, scope, Patch())


def of(resource: str) -> Json:
    """An object of the resource whose labels and annotations say on which level they stand."""
    kind, path = KINDS[resource]

    def metadata(level: str) -> Json:
        return {"labels": {"level": level}, "annotations": {"level": level}}

    document: Json = {"metadata": metadata("template"), "spec": {"containers": [{"name": "main"}]}}
    for key in reversed(path):
        document = {key: document}
    return {"kind": kind, **document, "metadata": {"name": "tools", **metadata("own")}}


READ_FROM = {"Pod": (["own"], None), "Deployment": (["own", "template"], None)}


def test_the_kinds_are_those_of_kubernetes() -> None:
    assert dict(KINDS.values()) == TEMPLATES


@pytest.mark.parametrize("resource", KINDS)
def test_the_pod_of_every_kind_is_found(resource: str) -> None:
    workload = seen(of(resource), resource)
    kind, path = KINDS[resource]
    pointer = "".join(f"/{key}" for key in path)

    assert (workload.kind, workload.name) == (kind, "tools")
    assert workload.template.pointer == pointer
    (container,) = Pod(workload.head).containers
    assert container.fields.pointer == f"{pointer}/spec/containers/0"
    assert container.fields.place == "containers[main]"
    assert workload.labels.get("level") == workload.annotations.get("level") == "own"
    assert workload.head.labels.get("level") == ("template" if path else "own")
    origin = workload.head.origin
    levels = [place.get("level") for place in origin.annotations]
    beside = None if origin.beside is None else origin.beside.get("level")
    assert (levels, beside) == READ_FROM.get(kind, (["template"], "own"))


NAMED = [
    pytest.param(pod(), "tools", id="name"),
    pytest.param({"metadata": {"generateName": "tools-"}, "spec": {}}, "tools", id="generateName"),
    pytest.param(
        {"metadata": {"name": "tools", "generateName": "other-"}, "spec": {}}, "tools", id="both"
    ),
    pytest.param(pod_of(deployment()), "tools-7d4b9c6f5", id="owner"),
    pytest.param({"metadata": {}, "spec": {}}, "", id="none"),
]


@pytest.mark.parametrize(("document", "name"), NAMED)
def test_a_pod_is_called_after_its_owner_or_itself(document: Json, name: str) -> None:
    assert seen(document, name="").head.origin.name == name


def test_a_workload_is_called_by_its_own_name_whoever_owns_it() -> None:
    owned = deployment()
    owned["metadata"]["ownerReferences"] = [{"controller": True, "kind": "MCPServer", "name": "x"}]

    assert seen(owned, "deployments.apps").head.origin.name == "tools"


@pytest.mark.parametrize(
    ("owners", "owner"),
    [
        (None, ""),
        ([], ""),
        ([{"kind": "ReplicaSet", "name": "a"}], ""),
        ([{"kind": "ReplicaSet", "name": "a", "controller": False}], ""),
        ([{"kind": "ReplicaSet", "name": "a", "controller": "true"}], ""),
        ([{"kind": "Node"}, {"kind": "Job", "name": "a", "controller": True}], "Job"),
    ],
)
def test_only_the_controller_counts_as_owner(owners: Any, owner: str) -> None:
    document = pod()
    document["metadata"]["ownerReferences"] = owners

    assert seen(document).head.origin.owner == owner


@pytest.mark.parametrize(("operation", "creating"), [("CREATE", True), ("UPDATE", False)])
def test_the_request_says_what_the_object_cannot(operation: str, creating: bool) -> None:
    origin = seen(pod(), scope=MANAGED, operation=operation, namespace="team").head.origin

    assert (origin.creating, origin.managed, origin.namespace) == (creating, True, "team")


def test_annotations_that_differ_are_known() -> None:
    asks = {"mcp-admission.dev/container": "a", "mcp-admission.dev/port": "1", "other": "x"}
    other = {"mcp-admission.dev/container": "b", "mcp-admission.dev/port": "1", "other": "y"}
    document = deployment(annotations=asks, template={"annotations": other})

    origin = seen(document, "deployments.apps").head.origin

    assert origin.disagreeing == ("mcp-admission.dev/container",)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (None, ""),
        ([], ""),
        ({}, "/spec/template/spec"),
        ({"spec": {"template": None}}, "/spec/template/spec"),
        ({"spec": {"template": "x"}}, "/spec/template"),
        ({"spec": {"template": {"spec": 7}}}, "/spec/template/spec"),
        ({"metadata": 7}, "/metadata"),
        ({"metadata": {"ownerReferences": {}}, "spec": {"template": {"spec": {}}}},
         "/metadata/ownerReferences"),
    ],
)  # fmt: skip
def test_another_shape_is_named_by_its_place(document: Any, pointer: str) -> None:
    with pytest.raises(Malformed) as caught:
        seen(document, "deployments.apps")

    assert caught.value.pointer == pointer


IDENTITIES = [
    (pod(), "tools"),
    (pod_of(mutated(deployment())), "tools"),
    ({"kind": "Pod", "metadata": {"generateName": "a-b-", "labels": {SERVER: "true"}},
      "spec": {"containers": []}}, "a-b"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "identity"), IDENTITIES, ids=["bare", "controlled", "generated"]
)
def test_a_pod_is_labelled_with_the_identity_of_its_server(document: Json, identity: str) -> None:
    assert mutated(document)["metadata"]["labels"][NAME] == identity
