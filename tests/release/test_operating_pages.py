"""The pages on installing without a network and on operation, followed command by command.

Each disaster is produced before the commands of its section are run. Then all is as the page says.
"""

import base64
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import yaml

from tests.cluster.fixtures import binaries_or_skip, etcd_tools_or_skip, helm_or_skip
from tests.release import servers
from tests.release.load import load
from tests.release.operated import SECRETS, WITH_AN_INDEX, Operated, is_ready, names, of_page
from tools.chart.helm import MANIFESTS, NAMESPACE
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.release.release import TOOLS, Release

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]

AIR_GAPPED, SIZING = "air-gapped.md", "sizing.md"
AVAILABLE, DISASTER = "high-availability.md", "disaster.md"
PAGES = (AIR_GAPPED, SIZING, AVAILABLE, DISASTER)
NODES = ("node-1", "node-2")
NEEDS = [
    "a container engine",
    "a container engine and a registry",
    WITH_AN_INDEX,
    "nodes that run images",
    "the nodes of the control plane",
]
GROUP = "/apis/mcp-admission.dev/v1alpha1"
SETTINGS = f"{GROUP}/mcpserversettings/default"
CONFIG_MAP = f"/api/v1/namespaces/{NAMESPACE}/configmaps/mcp-admission-settings"
DEPLOYMENTS = servers.DEPLOYMENTS.format(TOOLS)
POLICY = f"/apis/networking.k8s.io/v1/namespaces/{TOOLS}/networkpolicies/mcp-admission-baseline"
LATER = ("later", "--image=mcp:1", "--port=8099")
PAST_ITS_END = timedelta(days=100).total_seconds()


@pytest.fixture(scope="module")
def operated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operated]:
    """An installation without a network, on two nodes, with a server."""
    binaries, helm = binaries_or_skip(request.config), helm_or_skip("4", request.config)
    etcd_tools = etcd_tools_or_skip(request.config)
    with (
        ControlPlane(binaries, kwok=False) as cluster,
        Kubelet(cluster, NODES) as kubelet,
    ):
        found = Operated(
            Release(cluster, kubelet, helm), etcd_tools, tmp_path_factory.mktemp("operated")
        )
        for section in ("Where there is a network", "The image", "The product without a network"):
            found.follow(AIR_GAPPED, section)
        servers.deploy(cluster, TOOLS)
        servers.assert_served(found.release, TOOLS)
        yield found


def test_each_command_of_a_page_that_is_not_run_says_why() -> None:
    found = [block for page in PAGES for block in of_page(page)]

    assert sorted({block.needs for block in found if block.needs}) == NEEDS


def test_the_command_is_installed_from_files_alone(operated: Operated) -> None:
    operated.pack(AIR_GAPPED)

    operated.follow(AIR_GAPPED, "The command without a network")


def test_every_process_has_two_replicas_on_two_nodes(operated: Operated) -> None:
    operated.follow(AVAILABLE, "What stands by")

    for process in ("serve", "control", "certificates"):
        assert [len(operated.on_node(node, process)) for node in NODES] == [1, 1]


def test_no_pod_is_refused_while_a_node_is_drained(operated: Operated) -> None:
    with load(operated.cluster, filled_in=True, stored=False):
        operated.follow(AVAILABLE, "Maintenance of a node")

    for process in ("serve", "control", "certificates"):
        assert [len(operated.on_node(node, process)) for node in NODES] == [1, 1]


def test_a_replica_whose_clock_is_past_the_certificate_gets_no_request(operated: Operated) -> None:
    release = operated.release
    release.kubelet.ahead["node-2"] = PAST_ITS_END
    words = ("delete", "pods", "--field-selector", "spec.nodeName=node-2")
    operated.cluster.kubectl(*words, "--namespace", NAMESPACE)

    def out_of_use() -> bool:
        found = operated.on_node("node-2", "serve")
        return bool(found) and not any(map(is_ready, found))

    release.wait_for("replica that is not ready", out_of_use)
    release.kubelet.ahead.clear()
    with load(operated.cluster, filled_in=True, stored=False):
        operated.follow(DISASTER, "A clock is wrong on a node")


def test_a_lost_namespace_is_brought_back_with_the_values_and_servers_run_on(
    operated: Operated,
) -> None:
    cluster = operated.cluster
    operated.follow(DISASTER, "Before")
    service = f"/api/v1/namespaces/{TOOLS}/services/{servers.NAME}-mcp"
    before = [cluster.get(path)["metadata"]["uid"] for path in (service, POLICY)]
    (pod,) = servers.runs(operated.release, TOOLS)
    # The namespace controller would wait for the grace periods of the pods.
    cluster.kubectl("delete", "deployments", "--all", "--namespace", NAMESPACE)
    operated.release.wait_for("end of the pods", lambda: not operated.release.pods(NAMESPACE))
    cluster.kubectl("delete", "namespace", NAMESPACE, "--timeout=120s")
    assert servers.create(cluster, TOOLS, servers.uncovered()).status == 500
    assert servers.create(cluster, "default", servers.uncovered()).status == 201

    operated.follow(DISASTER, "The release namespace is lost")

    assert [cluster.get(path)["metadata"]["uid"] for path in (service, POLICY)] == before
    (still,) = servers.runs(operated.release, TOOLS)
    assert still["metadata"]["uid"] == pod["metadata"]["uid"]
    assert len(operated.release.component("serve")) == 2
    deployed_anew(operated)


def deployed_anew(operated: Operated) -> None:
    """Everything is done for a server that is deployed now."""
    operated.cluster.kubectl("delete", "deployment", servers.NAME, "--namespace", TOOLS)
    operated.release.wait_for(
        "end of the server", lambda: not operated.release.pods(TOOLS, app=servers.NAME)
    )
    servers.deploy(operated.cluster, TOOLS)
    servers.assert_served(operated.release, TOOLS)


class Saved(NamedTuple):
    """What a snapshot of etcd holds."""

    authority: str
    exception: Json


@pytest.fixture(scope="module")
def saved(operated: Operated) -> Saved:
    """The page's snapshot; since then everything that it holds was changed."""
    cluster = operated.cluster
    exception = yaml.safe_load((MANIFESTS / "settings" / "exception.yaml").read_text())
    exception["spec"]["expires"] = f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}"
    set_to(operated, "3Gi")
    cluster.kubectl("apply", "--filename", "-", sent=exception)
    operated.release.wait_for("exception", lambda: "old-bridge" in distributed(operated))
    found = Saved(operated.authority(), exception)
    operated.follow(DISASTER, "Before")
    set_to(operated, "5Gi")
    cluster.kubectl("delete", "--filename", "-", sent=exception)
    cluster.kubectl("create", "deployment", *LATER, "--namespace", TOOLS)
    return found


def distributed(operated: Operated) -> str:
    """What replicas are told of namespaces and exceptions."""
    data = operated.cluster.get(CONFIG_MAP).get("binaryData") or {}
    packed = base64.b64decode(data.get("namespaces.json.gz", ""))
    return gzip.decompress(packed).decode() if packed else ""


def test_no_pod_is_refused_after_the_authority_was_lost(operated: Operated, saved: Saved) -> None:
    with load(operated.cluster, filled_in=True):
        for name in ("mcp-admission-ca", "mcp-admission-tls"):
            assert operated.cluster.raw("DELETE", f"{SECRETS}/{name}").status == 200
        operated.follow(DISASTER, "The authority is lost")
        operated.release.wait_for("rotation", lambda: operated.authority() != saved.authority)


def test_the_product_is_as_it_was_at_the_snapshot_of_etcd(operated: Operated, saved: Saved) -> None:
    """A rotation that has begun is forgotten, too."""
    cluster = operated.cluster
    operated.follow(DISASTER, "Somebody else has the key of the authority")

    operated.follow(DISASTER, "Etcd is restored from a snapshot")

    assert "later" not in names(cluster, DEPLOYMENTS)
    assert "3Gi" in cluster.get(CONFIG_MAP)["data"]["settings.yaml"]
    operated.release.wait_for("exception", lambda: "old-bridge" in distributed(operated))
    assert operated.authority() == saved.authority
    deployed_anew(operated)


def set_to(operated: Operated, memory: str) -> None:
    """Settings that every replica has."""
    named = {"apiVersion": "mcp-admission.dev/v1alpha1", "kind": "MCPServerSettings"}
    spec = {"mcpServerMaximums": {"limits": {"memory": memory}}}
    sent = {**named, "metadata": {"name": "default"}, "spec": spec}
    operated.cluster.kubectl("apply", "--filename", "-", sent=sent)

    def is_distributed() -> bool:
        found = operated.cluster.get(SETTINGS)
        conditions = found.get("status", {}).get("conditions", [])
        (told, *_) = [each for each in conditions if each["type"] == "Distributed"] or [{}]
        seen = told.get("observedGeneration"), told.get("status")
        return bool(seen == (found["metadata"]["generation"], "True"))

    operated.release.wait_for(f"settings with {memory}", is_distributed)


def test_versions_that_went_back_are_noticed_by_the_leader(operated: Operated) -> None:
    """Without the options of the page, what is watched has been seen in later versions."""
    cluster = operated.cluster
    snapshot = operated.save()
    for number in range(30):
        name = {"metadata": {"name": f"later-{number}"}}
        cluster.create(f"/api/v1/namespaces/{TOOLS}/configmaps", name)
    cluster.kubectl("create", "deployment", *LATER, "--namespace", TOOLS)
    cluster.kubectl("rollout", "status", "deployment/later", "--timeout=60s", "--namespace", TOOLS)

    operated.restore(snapshot)

    deployed_anew(operated)
    assert "later-mcp" not in names(cluster, f"/api/v1/namespaces/{TOOLS}/services")


def test_more_replicas_are_a_value_and_so_is_how_soon_those_of_a_lost_node_are_replaced(
    operated: Operated,
) -> None:
    operated.follow(AVAILABLE, "More replicas")

    pods = [pod for node in NODES for pod in operated.on_node(node, "serve")]
    assert len(pods) == 3
    for pod in pods:
        seconds = {each.get("tolerationSeconds") for each in pod["spec"]["tolerations"]}
        assert seconds == {30}


def test_requests_and_limits_are_values(operated: Operated) -> None:
    operated.follow(SIZING, "In short")

    for process, which, resource, value in (
        ("serve", "requests", "cpu", "200m"),
        ("control", "limits", "memory", "512Mi"),
    ):
        for pod in (pod for node in NODES for pod in operated.on_node(node, process)):
            assert pod["spec"]["containers"][0]["resources"][which][resource] == value
