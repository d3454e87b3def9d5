"""The Service: port 80 to the port that speaks MCP, in the words of the API."""

from typing import Any

import pytest

from tests.objects.case import UID, Json, assert_valid, deployment, server
from webhook.objects.deployed_server import Refused, server_of
from webhook.objects.service import build_service, leads_to

WEB, METRICS = {"name": "web", "containerPort": 3001}, {"name": "metrics", "containerPort": 9090}


def test_a_service_has_these_fields_and_no_more() -> None:
    made = build_service(server())

    assert_valid(made)
    assert made == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "github-tools-mcp",
            "namespace": "tools",
            "labels": {
                "app.kubernetes.io/managed-by": "mcp-admission",
                "mcp-admission.dev/name": "github-tools",
            },
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": "github-tools", "uid": UID}
            ],
        },
        "spec": {
            "type": "ClusterIP",
            "ports": [{"name": "mcp", "port": 80, "protocol": "TCP", "targetPort": "mcp"}],
            "selector": {
                "mcp-admission.dev/server": "true",
                "mcp-admission.dev/name": "github-tools",
            },
        },
    }


def test_a_service_selects_nothing_until_the_pods_carry_the_labels() -> None:
    made = build_service(server(), selecting=False)

    assert_valid(made)
    assert "selector" not in made["spec"]


SIDECAR = {"name": "proxy", "image": "a", "ports": [{"name": "mcp", "containerPort": 1}]}
INJECTED = {"name": "istio-proxy", "image": "a", "ports": [{"containerPort": 15090}]}
MAIN = {"name": "main", "image": "a"}
TARGETS = [
    pytest.param({"ports": [METRICS, WEB]}, "metrics", id="the-first"),
    pytest.param({"ports": [{"containerPort": 3001}]}, 3001, id="without-a-name"),
    pytest.param({"ports": [METRICS, WEB], "asks": {"port": "3001"}}, "web", id="annotated"),
    pytest.param({"ports": [], "asks": {"port": "65535"}}, 65535, id="annotated-and-not-declared"),
    pytest.param({"initContainers": [SIDECAR]}, 8080, id="a-name-that-a-sidecar-has-too"),
    pytest.param(
        {
            "containers": [SIDECAR, {**MAIN, "ports": [WEB]}],
            "asks": {"container": "main"},
        },
        "web",
        id="of-the-container-that-is-named",
    ),
    pytest.param({"containers": [{**MAIN, "ports": [WEB]}, SIDECAR]}, "mcp", id="of-port-mcp"),
    pytest.param(
        {"containers": [INJECTED, {**MAIN, "ports": [WEB]}]}, "web", id="not-of-an-injected-proxy"
    ),
    pytest.param(
        {"containers": [{**MAIN, "ports": [METRICS]}, {**MAIN, "name": "b", "ports": [WEB]}]},
        "metrics",
        id="of-a-guess",
    ),
]


@pytest.mark.parametrize(("tweak", "target"), TARGETS)
def test_port_80_leads_to(tweak: Json, target: int | str) -> None:
    made = build_service(server(**tweak))

    assert_valid(made)
    (port,) = made["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, target)


ADVICE = "name one mcp, or set the annotation mcp-admission.dev/port"
NOT_DECLARED = "names no port of the server container: write a number from 1 to 65535"
REFUSALS = [
    ({"ports": []}, "PortUnknown", f"containers[mcp].ports declares no TCP port: {ADVICE}"),
    (
        {"ports": [], "asks": {"port": "web"}},
        "PortUnknown",
        f"metadata.annotations[mcp-admission.dev/port] {NOT_DECLARED}",
    ),
    (
        {"asks": {"container": "nobody"}},
        "ContainerMissing",
        "metadata.annotations[mcp-admission.dev/container] names no container of the pod",
    ),
]


@pytest.mark.parametrize(("tweak", "reason", "sentence"), REFUSALS)
def test_a_service_without_any_port_is_refused(tweak: Any, reason: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        build_service(server(**tweak))

    assert (refused.value.reason, str(refused.value)) == (reason, sentence)


SERVER = "mcp-admission.dev/server"
THEIRS = {"selector": {"app": "tools"}, "ports": [{"port": 80, "targetPort": 8080}]}
LEADS = [
    ({}, True),
    ({"selector": {}}, False),
    ({"selector": None}, False),
    ({"selector": {"app": "other"}}, False),
    ({"selector": {"app": "tools", "mcp-admission.dev/name": "github-tools"}}, True),
    ({"selector": {"app": "tools", "more": "labels"}}, False),
    ({"selector": {SERVER: "true"}}, False),
    ({"selector": {SERVER: "true", "app": "tools"}}, True),
    ({"type": "NodePort"}, True),
    ({"clusterIP": "None"}, True),
    ({"type": "ExternalName", "externalName": "elsewhere.example"}, False),
    ({"ports": []}, False),
    ({"ports": [{"port": 8080}]}, True),
    ({"ports": [{"port": 80}]}, False),
    ({"ports": [{"port": 80, "targetPort": "mcp"}]}, True),
    ({"ports": [{"port": 80, "targetPort": "other"}]}, False),
    ({"ports": [{"port": 8080, "protocol": "UDP"}]}, False),
    ({"ports": [{"port": 1}, {"port": 80, "protocol": "TCP", "targetPort": 8080}]}, True),
]


@pytest.mark.parametrize(("change", "leads"), LEADS)
def test_a_service_of_somebody_else_leads_to_the_server(change: Json, leads: bool) -> None:
    document = deployment()
    labels = {"app": "tools", SERVER: "true", "mcp-admission.dev/name": "github-tools"}
    document["spec"]["template"]["metadata"] = {"labels": labels}

    assert leads_to(server_of(document), {"spec": {**THEIRS, **change}}) is leads


def test_a_port_without_a_name_is_led_to_by_its_number_alone() -> None:
    document = deployment(ports=[{"containerPort": 8080}])
    document["spec"]["template"]["metadata"] = {"labels": {"app": "tools"}}
    found = server_of(document)

    assert leads_to(found, {"spec": THEIRS})
    assert not leads_to(found, {"spec": {**THEIRS, "ports": [{"port": 80, "targetPort": "mcp"}]}})
