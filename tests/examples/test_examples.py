"""The shipped examples: each is valid Kubernetes, and the cluster answers what its head says."""

from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.examples.by_default import BY_DEFAULT
from tests.examples.by_settings import BY_SETTINGS
from tests.examples.row import MANAGED, Row
from tests.in_memory.api_server import ApiServer, Outcome
from tests.in_memory.controllers import beside_given, pod_of, restarted
from tests.in_memory.defaults import copied, template_of
from tests.in_memory.places import found
from tests.in_memory.requests import RESOURCES
from tests.manifests.apiserver import Request, calls
from tests.rules.standard import violations
from webhook.settings.model import Settings

FOLDER = Path(__file__).parents[2] / "manifests" / "examples"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))
ROWS = BY_DEFAULT + BY_SETTINGS
DOCUMENTS = {
    f"{name}#{index}": document
    for name in FILES
    for index, document in enumerate(yaml.safe_load_all((FOLDER / name).read_text()), 1)
}
NAMESPACE = {"kubernetes.io/metadata.name": "tools"}

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.source} {row.case}")


def api_server(row: Row, *, bare: bool = False) -> ApiServer:
    return ApiServer(Settings.model_validate(row.settings), row.scope, bare)


def assert_outcome(row: Row, outcome: Outcome) -> None:
    assert outcome.refused_by == list(row.refused_by), outcome.message
    assert outcome.warned_by == list(row.warned_by), outcome.warnings
    assert outcome.allowed == (row.answer != "refused")
    assert outcome.covered == (row.answer != "passes")
    if outcome.allowed:
        assert bool(outcome.answers and outcome.patch) == (row.answer == "filled")
        assert {place: found(outcome.stored, place) for place in row.fields} == row.fields


@each_row
def test_an_example_is_admitted_or_refused_as_its_row_says(row: Row) -> None:
    assert_outcome(row, api_server(row).create(DOCUMENTS[row.source]))


@each_row
def test_an_offline_review_of_an_example_answers_as_the_cluster_does(row: Row) -> None:
    assert_outcome(row, api_server(row, bare=True).create(DOCUMENTS[row.source]))


@each_row
def test_an_admitted_example_is_admitted_again_unchanged(row: Row) -> None:
    first = api_server(row).create(DOCUMENTS[row.source])
    if first.covered and first.allowed:
        again = api_server(row).create(first.stored)

        assert again.allowed
        assert again.patch == []


@each_row
def test_applying_an_example_again_and_restarting_it_change_no_template(row: Row) -> None:
    """Neither a sync, nor an operator that writes its own version again, makes a new ReplicaSet."""
    manifest = DOCUMENTS[row.source]
    server = api_server(row)
    live = server.create(manifest)
    if manifest["kind"] != "Deployment" or not (live.covered and live.allowed):
        return

    assert template_of(server.update(live.stored, manifest).stored) == template_of(live.stored)
    assert server.update(live.stored, restarted(live.stored)).patch == []


@each_row
def test_pods_of_an_admitted_example_are_admitted_or_refused_as_its_row_says(row: Row) -> None:
    """A Deployment's need the gate and what is for pods; others are filled in themselves."""
    stored = api_server(row).create(DOCUMENTS[row.source]).stored
    if row.answer in {"passes", "refused"} or stored["kind"] == "Pod":
        return

    pod = api_server(row).create(pod_of(stored))

    assert pod.refused_by == list(row.pods_refused_by)
    if stored["kind"] == "Deployment":
        assert beside_given(pod.patch) == {"/spec/schedulingGates"}
        assert {place: found(pod.stored, place) for place in row.of_pods} == row.of_pods


@each_row
def test_pods_of_examples_comply_with_the_restricted_standard(row: Row) -> None:
    admitted = api_server(row).create(DOCUMENTS[row.source])
    level_is_lower = "podSecurity" in row.settings.get("mcpNamespace", {})
    if level_is_lower or not (admitted.covered and admitted.allowed):
        return
    stored = admitted.stored
    pod = stored if stored["kind"] == "Pod" else pod_of(stored)

    started = api_server(row).create(pod)

    if started.covered and started.allowed:
        assert violations(started.stored, "restricted") == []


@each_row
def test_the_registrations_send_the_examples_that_are_reviewed(row: Row) -> None:
    """A selector is rendered into the registrations by the chart, so those rows are left out."""
    document = DOCUMENTS[row.source]
    if "selectors" in row.settings or document["kind"] not in RESOURCES:
        return
    resource, _, group = RESOURCES[document["kind"]].partition(".")
    managed = {"mcp-admission.dev/managed": "true"} if row.scope is MANAGED else {}

    called = calls(
        Request(group, resource, "CREATE", document["kind"], NAMESPACE | managed, document)
    )

    entry = "managed-namespace" if managed else "opted-in"
    hooks = "MV" if document["kind"] in {"Pod", "Deployment"} else "V"
    expected = [] if row.answer == "passes" else [f"{hook} {entry}" for hook in hooks]
    assert called == expected


@pytest.mark.parametrize("source", DOCUMENTS)
def test_an_example_is_valid_kubernetes(source: str) -> None:
    kubernetes_validate.validate(DOCUMENTS[source], "1.37", strict=True)


@pytest.mark.parametrize("name", FILES)
def test_an_example_starts_by_saying_what_comes_of_it(name: str) -> None:
    head = [*(FOLDER / name).read_text().splitlines()]
    comment = next(at for at, line in enumerate(head) if not line.startswith("# "))

    assert 2 <= comment <= 4


def test_each_example_has_one_row_for_the_default_settings() -> None:
    assert sorted(row.source for row in BY_DEFAULT) == sorted(DOCUMENTS)
    assert all(row.by_default for row in BY_DEFAULT)
    assert not any(row.by_default for row in BY_SETTINGS)


def test_the_contradictions_of_the_bridge_are_all_named_at_once() -> None:
    refused = ApiServer().create(DOCUMENTS["contradictory-bridge.yaml#1"])

    context = "containers[bridge].securityContext"
    assert refused.message.splitlines()[:-1] == [
        'MCP server "vpn-bridge" refused:',
        f"  {context}.runAsUser must be a UID other than 0 (run-as-user)",
        f"  {context}.allowPrivilegeEscalation must be false (privilege-escalation)",
        f"  {context}.capabilities.add: NET_ADMIN is not allowed (capabilities)",
        f"  {context}.capabilities.drop must include ALL (capabilities)",
    ]


@pytest.mark.parametrize(
    ("policy", "refused_by"), [("override", ["replicas"]), ("deny", ["replicas"]), ("off", [])]
)
def test_an_autoscaler_scales_a_managed_server_as_the_replica_policy_says(
    policy: str, refused_by: list[str]
) -> None:
    settings = Settings.model_validate({"replicas": {"policy": policy}})
    server = ApiServer(settings, MANAGED)
    deployment = server.create(DOCUMENTS["hpa.yaml#1"]).stored

    assert server.scale(deployment, 5).refused_by == refused_by


@pytest.mark.parametrize(
    ("asks", "refused_by"), [("false", ["service-account-token"]), ("true", [])]
)
def test_a_token_that_a_cloud_projects_is_admitted_where_the_server_asks_for_it(
    asks: str, refused_by: list[str]
) -> None:
    manifest = copied(DOCUMENTS["cloud-identity.yaml#1"])
    manifest["metadata"]["annotations"] = {"mcp-admission.dev/service-account-token": asks}
    pod = pod_of(ApiServer().create(manifest).stored)
    token = {"serviceAccountToken": {"audience": "sts.cloud.example", "path": "token"}}
    pod["spec"]["volumes"] = [{"name": "cloud-identity", "projected": {"sources": [token]}}]

    assert ApiServer().create(pod).refused_by == refused_by


def test_no_value_of_the_environment_is_ever_repeated() -> None:
    manifest = copied(DOCUMENTS["two-ports.yaml#1"])
    template_of(manifest)["spec"]["hostNetwork"] = True

    refused = ApiServer().create(manifest)

    assert refused.refused_by == ["host-namespaces"]
    assert "not-a-password" not in refused.message
