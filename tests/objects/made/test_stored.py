"""An API server takes what is made as it is, and has nothing to add where we compare or apply."""

from base64 import b64encode
from typing import Any

import pytest

from tests.objects.case import Json, deployment, secret_of, settings_of
from tools.cluster.control_plane import ControlPlane
from webhook.admission import Scope
from webhook.fleet.policies.wide_policies import wide_policies
from webhook.objects.configuration import LARGEST_SECRET
from webhook.objects.deployed_server import Server, server_of
from webhook.objects.made import namespace_objects, server_objects

RELEASE = "mcp-admission-system"
LONGEST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
PEER: Json = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "db"}}}
SETTINGS = settings_of(
    dnsPeers=["169.254.20.10/32", "fd00::a/128"],
    dnsPorts=[53, 5353],
    egressCeilings=["10.1.0.0/16", "2001:db8::/32"],
    egressProfiles={"db": {"to": [PEER], "ports": [{"protocol": "TCP", "port": 1, "endPort": 9}]}},
    ingressProfiles={"metrics": {"from": [PEER]}},
)
ASKS = {
    "config-from": "values",
    "file-keys": "ca.pem",
    "egress": "10.1.2.0/24:443,2001:db8:1::/48,db",
    "ingress-from": "metrics",
}
RESOURCES = {
    "Secret": "/api/v1/namespaces/{}/secrets",
    "Service": "/api/v1/namespaces/{}/services",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
}
APPLY = "application/apply-patch+yaml"


def at(namespace: str, made: Json) -> str:
    return RESOURCES[made["kind"]].format(namespace)


def stored_server(cluster: ControlPlane, namespace: str, name: str = "github-tools") -> Server:
    """The server as the API server has it; nobody starts its pods, and no webhook knows it."""
    document = deployment(asks=ASKS, name=name, namespace=namespace)
    del document["metadata"]["uid"]
    document["spec"]["replicas"] = 0
    document["spec"]["selector"] = {"matchLabels": {"app": "tools"}}
    document["spec"]["template"]["metadata"]["labels"] = {"app": "tools"}
    labels = document["metadata"].pop("labels")
    stored = cluster.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", document)
    stored["metadata"]["labels"] = labels
    return server_of(stored)


def everything(cluster: ControlPlane, namespace: str, name: str = "github-tools") -> list[Json]:
    source = secret_of({"TOKEN": b"t", "EMPTY": b"", "UNICODE": "ä😀".encode(), "ca.pem": b"\xff"})
    made = server_objects(stored_server(cluster, namespace, name), SETTINGS, source)
    assert made.refusals == ()
    return [*made.objects, *namespace_objects(namespace, SETTINGS, RELEASE, Scope.OPTED_IN)]


@pytest.mark.parametrize("name", ["github-tools", LONGEST], ids=["plain", "longest"])
def test_all_of_it_is_stored_and_applying_it_again_changes_nothing(
    control_plane: ControlPlane, namespace: str, name: str
) -> None:
    for made in everything(control_plane, namespace, name):
        path = at(namespace, made)
        stored = control_plane.create(f"{path}?fieldValidation=Strict", made)

        one = f"{path}/{made['metadata']['name']}?fieldManager=mcp-admission&force=true"
        answers = [control_plane.raw("PATCH", one, made, APPLY).json() for _ in range(3)]

        versions = [answer["metadata"]["resourceVersion"] for answer in answers]
        assert versions[1] == versions[2], "the first one takes the fields over"
        assert answers[2]["metadata"]["uid"] == stored["metadata"]["uid"]
        for part in ("data", "type"):
            assert answers[2].get(part) == made.get(part)


def test_policies_come_back_as_they_were_made(control_plane: ControlPlane, namespace: str) -> None:
    policies = [
        made for made in everything(control_plane, namespace) if made["kind"] == "NetworkPolicy"
    ]
    stored = [control_plane.create(at(namespace, made), made) for made in policies]

    assert [each["spec"] for each in stored] == [made["spec"] for made in policies]
    labels = policies[0]["spec"]["podSelector"]["matchLabels"]
    assert wide_policies(stored, policies, labels) == []


def test_objects_are_deleted_with_their_deployment(
    control_plane: ControlPlane, namespace: str
) -> None:
    found = everything(control_plane, namespace)
    stored = [control_plane.create(at(namespace, made), made) for made in found]
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/github-tools"
    assert [len(each["metadata"].get("ownerReferences", [])) for each in stored] == [1, 1, 1, 1, 0]

    control_plane.raw("DELETE", path)

    def left() -> list[str]:
        return [
            made["metadata"]["name"]
            for made in found
            if control_plane.raw("GET", f"{at(namespace, made)}/{made['metadata']['name']}").status
            == 200
        ]

    control_plane.wait_for("garbage collection", lambda: len(left()) == 1)
    assert left() == ["mcp-admission-baseline"]


@pytest.mark.parametrize(("size", "taken"), [(LARGEST_SECRET, True), (LARGEST_SECRET + 1, False)])
def test_a_secret_holds_what_we_say_it_does(
    control_plane: ControlPlane, namespace: str, size: int, taken: bool
) -> None:
    made: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "full", "namespace": namespace},
        "data": {"key-that-does-not-count": b64encode(b"x" * size).decode()},
    }

    answer = control_plane.raw("POST", at(namespace, made), made)

    assert answer.status == (201 if taken else 422)


@pytest.mark.parametrize("key", ["..data", ".", "..", "a/b", "ä", "a" * 254])
def test_a_secret_has_no_other_keys_than_we_say(
    control_plane: ControlPlane, namespace: str, key: str
) -> None:
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "odd"}, "data": {key: ""}}

    assert control_plane.raw("POST", at(namespace, made), made).status == 422
