"""Annotations that the controller reads are understood at admission, in the place that has them."""

import pytest

from tests.builders import Manifest as Json
from tests.builders import bare_pod, server
from tests.rules.case import settings_of
from webhook.admission.workload import Hook, Request, Scope, read_workload
from webhook.pods.fields import Violation
from webhook.pods.patch import Patch
from webhook.pods.pod import Pod
from webhook.rules.checks.annotations import RULE
from webhook.settings.model import Settings

SETTINGS = settings_of(
    mcpNamespace={
        "networkPolicy": {
            "egressCeilings": ["10.1.0.0/16"],
            "egressProfiles": {"db": {"to": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]}},
            "ingressProfiles": {"metrics": {"from": [{"podSelector": {}}]}},
        }
    }
)
RESOURCES = {"Deployment": "deployments.apps", "Pod": "pods", "StatefulSet": "statefulsets.apps"}
ONE_PORT = {"ports": [{"name": "web", "containerPort": 3001}]}
NONE_CALLED = {"ports": [{"containerPort": 3001}, {"containerPort": 3002}]}


def violations(document: Json, settings: Settings = SETTINGS) -> list[Violation]:
    request = Request(
        Hook.MUTATE,
        RESOURCES[document["kind"]],
        "CREATE",
        document,
        namespace="tools",
        name="github-tools",
    )
    workload = read_workload(document, request, Scope.OPTED_IN, Patch())
    return list(RULE.check(Pod(workload.head), settings))


def of_kind(kind: str, asks: dict[str, str]) -> Json:
    if kind == "Pod":
        return bare_pod(asks=asks)
    return server(asks=asks) | {"kind": kind}


OUTSIDE = (
    "which is outside the egressCeilings of the settings (10.1.0.0/16): "
    "ask the cluster administrator"
)
UNKNOWN = "which is none of the administrator's ingressProfiles: there is metrics"
SERVER_SAYS = "of the server container: write a number"
TABLE = [
    pytest.param({"egress": "10.1.0.0/24:443, db"}, {}, [], id="egress"),
    pytest.param({"egress": ""}, {}, [], id="nothing-asked"),
    pytest.param(
        {"egress": "10.1.0.1/24,10.2.0.0/16"},
        {},
        [
            'egress] holds "10.1.0.1/24", which is no block of addresses: write 10.1.0.0/24',
            f'egress] holds "10.2.0.0/16", {OUTSIDE}',
        ],
        id="every-entry-that-is-not-granted",
    ),
    pytest.param({"ingress-from": "metrics"}, {}, [], id="ingress-from"),
    pytest.param(
        {"ingress-from": "10.1.0.0/16"},
        {},
        [
            f'ingress-from] holds "10.1.0.0/16", {UNKNOWN}'
        ],
        id="callers-by-address",
    ),
    pytest.param({"config-from": "values", "file-keys": "a.pem"}, {}, [], id="config"),
    pytest.param(
        {"config-from": "github-tools-mcp-config"},
        {},
        ["config-from] names the Secret that is made from it: name yours"],
        id="config-from-what-is-made",
    ),
    pytest.param(
        {"config-from": "github-tools-mcp-files"},
        {},
        ["config-from] names the Secret that is made from it: name yours"],
        id="config-from-the-files-that-are-made",
    ),
    *(
        pytest.param(
            {"config-from": "values", "file-keys": keys},
            {},
            ["file-keys] must be keys of a Secret, separated by commas"],
            id=f"file-keys-{at}",
        )
        for at, keys in enumerate([".", "..", "..data", "a/b", "a,", "ä", "a" * 254, ""])
    ),
    pytest.param({"port": "web"}, ONE_PORT, [], id="port-by-name"),
    pytest.param({"port": "3001"}, ONE_PORT, [], id="port-by-number"),
    pytest.param(
        {"port": "8080"}, ONE_PORT, ["port] is not read: the container declares web"], id="one-port"
    ),
    pytest.param({"port": "3002"}, NONE_CALLED, [], id="one-of-two"),
    pytest.param({"port": "8080"}, NONE_CALLED, [], id="neither-of-two"),
    pytest.param(
        {"port": "mtrics"},
        {"ports": [{"name": "http", "containerPort": 1}, {"name": "metrics", "containerPort": 2}]},
        ["port] names no port of the server container: there are http and metrics"],
        id="misspelled",
    ),
    pytest.param({"port": "web"}, NONE_CALLED, [f"port] names no port {SERVER_SAYS}"], id="name"),
    pytest.param({"port": "web"}, {}, [f"port] names no port {SERVER_SAYS}"], id="none-declared"),
]  # fmt: skip


@pytest.mark.parametrize(("asks", "container", "sentences"), TABLE)
def test_what_a_deployment_asks_of_the_controller_is_checked(
    asks: dict[str, str], container: Json, sentences: list[str]
) -> None:
    found = [each.message for each in violations(server(asks=asks, container=container))]

    assert found == [f"metadata.annotations[mcp-admission.dev/{each}" for each in sentences]


def test_only_a_port_that_is_not_read_is_mere_advice() -> None:
    (unread,) = violations(server(asks={"port": "8080"}, container=ONE_PORT))
    (unknown,) = violations(server(asks={"port": "web"}))

    assert (unread.advice, unknown.advice) == (True, False)
    assert unread.pointer == "/metadata/annotations/mcp-admission.dev~1port"


def test_what_the_template_asks_is_read_there() -> None:
    document = server()
    asked = {"mcp-admission.dev/egress": "10.2.0.0/16"}
    document["spec"]["template"]["metadata"]["annotations"] = asked

    (violation,) = violations(document)

    at = "/spec/template/metadata/annotations/mcp-admission.dev~1egress"
    assert violation.pointer == at


@pytest.mark.parametrize("kind", ["Pod", "StatefulSet"])
@pytest.mark.parametrize("asks", [{"egress": "10.1.0.0/24"}, {"ingress-from": "metrics"}])
def test_other_kinds_get_no_policy_and_hear_so(kind: str, asks: dict[str, str]) -> None:
    (violation,) = violations(of_kind(kind, asks))

    assert violation.message.endswith("is for Deployments: no network policy is made for this one")
    # Beside the template of a StatefulSet they reach no pod, and refuse none.
    assert violation.advice == (kind == "StatefulSet")


def test_a_pod_of_a_deployment_starts_whatever_its_template_asked() -> None:
    pod = bare_pod(asks={"egress": "10.2.0.0/16"})
    owner = {"kind": "ReplicaSet", "name": "github-tools-5d8", "controller": True}
    pod["metadata"]["ownerReferences"] = [owner]

    assert violations(pod) == []


@pytest.mark.parametrize(
    ("asks", "expected"),
    [
        ({"config-from": "values"}, ["config-from"]),
        ({"config-from": "values", "file-keys": "a.pem"}, ["config-from", "file-keys"]),
        ({"file-keys": "a.pem"}, ["file-keys"]),
        ({"env-from": "values", "files-from": "certificates"}, []),
    ],
)
def test_where_no_secrets_are_copied_what_needs_a_copy_is_refused(
    asks: dict[str, str], expected: list[str]
) -> None:
    found = violations(of_kind("Deployment", asks), settings_of(secrets={"copy": False}))

    assert [each.key.rpartition("/")[2] for each in found] == expected
    for each in found:
        assert not each.advice
        assert "is not available: the setting secrets.copy is false" in each.message
        assert "files-from instead" in each.message + each.detail


def test_pods_of_a_server_that_has_its_copy_are_not_refused() -> None:
    pod = bare_pod(asks={"config-from": "values"})
    pod["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "1", "controller": True}
    ]

    assert violations(pod, settings_of(secrets={"copy": False})) == []
