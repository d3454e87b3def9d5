"""A real API server that traces: its trace goes on in the webhook, and hostile users begin none."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme

from tests.builders import bare_pod
from tests.observe.collector import Collector
from tests.server.certificates import HOST, Volume
from tests.server.process import LOOPBACK, Server, command
from tools.cluster.clients import Response
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User
from tools.cluster.waiting import wait_for

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
API = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"

Create = Callable[[str, str], Response]


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Where the spans of the webhook go."""
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> Iterator[tuple[Server, bytes]]:
    """A webhook that records, and its authority."""
    authority, volume = trustme.CA(), Volume(tmp_path_factory.mktemp("server") / "tls")
    volume.write_pair(authority.issue_cert(HOST, LOOPBACK))
    words = command(volume, "--log-level", "debug")
    with Server(authority, words, collector.environment) as running:
        yield running, authority.cert_pem.bytes()


@pytest.fixture(scope="module")
def place(control_plane: ControlPlane, server: tuple[Server, bytes]) -> Iterator[str]:
    """A namespace whose pods this webhook reviews, as they are created."""
    namespace = control_plane.namespace("traced")
    running, authority = server
    entry = {
        "name": "traced.example.com",
        "clientConfig": {
            "url": f"https://{LOOPBACK}:{running.review_port}/validate",
            "caBundle": base64.b64encode(authority).decode(),
        },
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["pods"],
            }
        ],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    registration: dict[str, Any] = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": namespace},
        "webhooks": [entry],
    }
    control_plane.create(API, registration)

    def reviewed() -> bool:
        created(control_plane, namespace, "probe", "")
        return bool(running.logged("review"))

    wait_for("review", reviewed)
    yield namespace
    control_plane.raw("DELETE", f"{API}/{namespace}")


def created(
    cluster: ControlPlane, namespace: str, name: str, parent: str, user: User | None = None
) -> Response:
    """Create a pod that is no MCP server, as a dry run, with a `traceparent`."""
    pod = bare_pod(name)
    del pod["metadata"]["labels"]
    return cluster.raw(
        "POST",
        f"/api/v1/namespaces/{namespace}/pods?dryRun=All",
        pod,
        as_user=user,
        headers={"traceparent": parent} if parent else {},
    )


def reviews(server: Server, name: str) -> list[dict[str, Any]]:
    """The lines of the log about reviews of this pod, once there are some."""

    def found() -> list[dict[str, Any]]:
        return [each for each in server.logged("review") if each["name"] == name]

    return wait_for(f"review of {name}", found)


def test_the_trace_of_the_api_server_goes_on_in_the_review(
    control_plane: ControlPlane, place: str, server: tuple[Server, bytes], collector: Collector
) -> None:
    """The API server samples by its configuration, or as an administrator asks it to."""
    answer = created(control_plane, place, "traced", f"00-{TRACE}-{SPAN}-01")
    assert answer.status == 201, answer.body
    (span,) = collector.wait_for(1)

    assert span.trace_id == TRACE
    assert span.parent_id not in {"", SPAN}
    (line,) = reviews(server[0], "traced")
    assert (line["trace_id"], line["uid"]) == (TRACE, span.attributes["admission.uid"])
    assert span.attributes["k8s.namespace.name"] == place
    assert span.attributes["admission.kind"] == "Pod"


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        ("malformed", "00-trace-me-01"),
        ("zeros", f"00-{'0' * 32}-{'0' * 16}-01"),
        ("endless", "x" * 60_000),
        ("unsampled", f"00-{TRACE}-{SPAN}-00"),
    ],
    ids=["malformed", "zeros", "endless", "unsampled"],
)
def test_a_hostile_trace_disturbs_no_review(
    control_plane: ControlPlane, place: str, server: tuple[Server, bytes], name: str, parent: str
) -> None:
    answer = created(control_plane, place, name, parent)
    assert answer.status == 201, answer.body

    (line,) = reviews(server[0], name)
    assert "trace_id" not in line


def test_who_is_no_administrator_turns_no_trace_on(
    control_plane: ControlPlane, place: str, server: tuple[Server, bytes]
) -> None:
    user = control_plane.user("mallory")
    control_plane.kubectl(
        *("create", "rolebinding", "mallory", "-n", place),
        *("--clusterrole=edit", "--user=mallory"),
    )
    pods = f"/api/v1/namespaces/{place}/pods"
    control_plane.wait_for(
        "rights of mallory", lambda: control_plane.raw("GET", pods, as_user=user).status == 200
    )
    created_by_user = created(control_plane, place, "mine", f"00-{TRACE}-{SPAN}-01", user)
    assert created_by_user.status == 201, created_by_user.body

    (line,) = reviews(server[0], "mine")
    assert "trace_id" not in line
