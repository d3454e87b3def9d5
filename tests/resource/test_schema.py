"""What the API server accepts as settings, what it refuses, and in which words."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.settings.test_network_settings import BAD_PEERS, BAD_PORTS, GOOD_PEERS, GOOD_PORTS
from tools.chart.definition import definition, definitions
from tools.chart.settings_schema import settings_schema
from tools.cluster.clients import KubectlError
from tools.cluster.control_plane import ControlPlane
from webhook.settings.layers import faults_of_source
from webhook.settings.load import GROUP, KIND, NAME, PLURAL, VERSION, parse_settings
from webhook.settings.model import Settings
from webhook.settings.model_keys import chart_only_keys, descriptions

Json = dict[str, Any]

PROFILE = (
    "mcpNamespace: {{networkPolicy: {{egressProfiles: {{db: {{to: {to}, ports: {ports}}}}}}}}}"
)
ACCEPTED = {
    "nothing": "{}",
    "quantities": "mcpServerMaximums: {requests: {memory: 2Gi, cpu: 1}, limits: {cpu: 1500m}}",
    "equal in another spelling": (
        "mcpServerMaximums: {requests: {memory: 1024Mi}}\n"
        "mcpServerDefaults: {resources: {requests: {memory: 1Gi}}}"
    ),
    "scheduling": (
        "mcpServerDefaults: {tolerations: [{key: mcp, operator: Exists}], nodeSelector: {a: b},\n"
        "  imagePullSecrets: [{name: registry}], runtimeClassName: gvisor, perServer: forbid,\n"
        "  affinity: {podAffinity:\n"
        "    {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1}]}}}"
    ),
    "rules": 'rules: {capabilities: warn, replicas: "off"}',
    "pod security": "mcpNamespace: {podSecurity: {enabled: false, enforceVersion: v1.31}}",
    "network": (
        "mcpNamespace: {networkPolicy: {dnsPeers: [169.254.20.10/32], egressCeilings: [\n"
        "  'fd00::/8'], egressProfiles: {db: {to: [{ipBlock: {cidr: 10.1.0.0/16}}], ports: [\n"
        "  {port: 5432}]}}, ingressProfiles: {jobs: {from: [{podSelector: {}}]}}}}"
    ),
    "tokens": "serviceAccountTokens: {managed: allow, names: [team-a/tools]}",
    "isolation": "isolation: {gate: false, breakGlassGroups: [sre]}\nplatform: openshift",
}
ACCEPTED["every kind of peer and port"] = PROFILE.format(
    to=json.dumps(GOOD_PEERS), ports=json.dumps(GOOD_PORTS)
)
ASKED = "mcpServerDefaults: {resources: {requests: {memory: 1025Mi}}}"
REFUSED = {
    "unknown key": ("onConflicts: deny", 'unknown field "spec.onConflicts"'),
    "unknown rule": ("rules: {capability: warn}", 'unknown field "spec.rules.capability"'),
    "chart-only key": ("selectors: [{a: b}]", 'unknown field "spec.selectors"'),
    "level": (
        "mcpNamespace: {podSecurity: {enforce: restrictive}}",
        'enforce: Unsupported value: "restrictive": supported values: "privileged", "baseline"',
    ),
    "version": (
        "mcpNamespace: {podSecurity: {warnVersion: 1.30}}",
        "spec.mcpNamespace.podSecurity.warnVersion: Invalid value",
    ),
    "quantity": (
        "mcpServerMaximums: {limits: {memory: 400MB}}",
        "spec.mcpServerMaximums.limits.memory: Invalid value",
    ),
    "resource name": (
        "mcpServerMaximums: {limits: {memry: 1Gi}}",
        "names are cpu, memory, ephemeral-storage, hugepages-2Mi, or one with a domain",
    ),
    "label key": (
        "mcpServerDefaults: {nodeSelector: {a b: c}}",
        "names are letters, digits, hyphens, dots and underscores",
    ),
    "label value": (
        "mcpServerDefaults: {nodeSelector: {a: b c}}",
        "spec.mcpServerDefaults.nodeSelector.a: Invalid value",
    ),
    "no user": ("isolation: {controllerUser: ''}", "spec.isolation.controllerUser: Invalid value"),
    "negative quantity": (
        "mcpServerDefaults: {resources: {requests: {memory: -1Mi}}}",
        "spec.mcpServerDefaults.resources.requests.memory: Invalid value",
    ),
    "host bits": (
        "mcpNamespace: {networkPolicy: {egressCeilings: [10.0.0.1/8]}}",
        "must be a block of addresses without host bits, such as 203.0.113.0/24",
    ),
    "no block": (
        "mcpNamespace: {networkPolicy: {dnsPeers: [example.test]}}",
        "spec.mcpNamespace.networkPolicy.dnsPeers[0]",
    ),
    "profile name": (
        "mcpNamespace: {networkPolicy: {egressProfiles: {Data_Base: {to: []}}}}",
        "names are lower-case letters, digits and hyphens, such as team-a",
    ),
    "request above its ceiling": (
        f"mcpServerMaximums: {{requests: {{memory: 1Gi}}}}\n{ASKED}",
        "mcpServerMaximums.requests.memory is less than mcpServerDefaults.resources.requests.",
    ),
    "request above the ceiling of limits": (
        f"mcpServerMaximums: {{limits: {{memory: 1Gi}}}}\n{ASKED}",
        "mcpServerMaximums.limits.memory is less than mcpServerDefaults.resources.requests.memory",
    ),
    "wrong type": ("isolation: {gate: 'yes'}", "spec.isolation.gate: Invalid value"),
    "port": (
        "mcpNamespace: {networkPolicy: {gateway: {port: 0}}}",
        "spec.mcpNamespace.networkPolicy.gateway.port: Invalid value",
    ),
    "null rule": ("rules: {capabilities: deni}", "spec.rules.capabilities: Unsupported value"),
}


def resource(text: str, name: str = NAME) -> Json:
    """The settings of this text as a resource."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {"name": name},
        "spec": yaml.safe_load(text),
    }


@pytest.mark.parametrize("peer", [peer for peer, _ in BAD_PEERS], ids=str)
def test_peers_that_no_policy_can_have(settings_resource: ControlPlane, peer: Json) -> None:
    assert not in_force(settings_resource, PROFILE.format(to=json.dumps([peer]), ports="[]"))


@pytest.mark.parametrize("port", [port for port, _ in BAD_PORTS], ids=str)
def test_ports_that_no_policy_can_have(settings_resource: ControlPlane, port: Json) -> None:
    text = PROFILE.format(to="[{podSelector: {}}]", ports=json.dumps([port]))

    assert not in_force(settings_resource, text)


def test_a_null_selects_nothing_in_silence(settings_resource: ControlPlane) -> None:
    text = PROFILE.format(to="[{podSelector: {matchLabels: null}}]", ports="[]")

    assert not in_force(settings_resource, text)


def in_force(cluster: ControlPlane, text: str) -> bool:
    """Whether the API server takes the settings, and the controller what is stored of them."""
    path = f"/apis/{GROUP}/{VERSION}/{PLURAL}?dryRun=All&fieldValidation=Strict"
    answer = cluster.raw("POST", path, resource(text))
    assert answer.status in {201, 400, 422}, answer.body
    return answer.status == 201 and not faults_of_source(json.loads(answer.body)["spec"])


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_model_and_schema_accept_these_settings(settings_resource: ControlPlane, text: str) -> None:
    assert isinstance(parse_settings(text, "settings.yaml"), Settings)

    applied = settings_resource.kubectl(
        "apply", "--dry-run=server", "-o", "json", "-f", "-", sent=resource(text)
    ).json()

    assert applied["spec"] == yaml.safe_load(text)


@pytest.mark.parametrize(("text", "sentence"), REFUSED.values(), ids=REFUSED)
def test_the_schema_refuses_wrong_settings(
    settings_resource: ControlPlane, text: str, sentence: str
) -> None:
    with pytest.raises(KubectlError) as refused:
        settings_resource.kubectl("apply", "--dry-run=server", "-f", "-", sent=resource(text))

    assert sentence in str(refused.value)


def test_there_is_one_for_the_cluster(settings_resource: ControlPlane) -> None:
    with pytest.raises(KubectlError, match="there is one MCPServerSettings for the cluster"):
        settings_resource.kubectl(
            "apply", "--dry-run=server", "-f", "-", sent=resource("{}", "mine")
        )


@pytest.mark.parametrize("plural", definitions())
def test_a_definition_spells_every_default_out(
    settings_resource: ControlPlane, plural: str
) -> None:
    given = definitions()[plural]
    name = given["metadata"]["name"]
    held = settings_resource.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")

    assert held["spec"] == given["spec"]


def test_every_key_is_explained(settings_resource: ControlPlane) -> None:
    said = settings_resource.kubectl("explain", "mcpsettings.spec", "--recursive").stdout

    assert "mcpServerDefaults" in said
    for key, sentence in descriptions():
        if key in chart_only_keys():
            continue
        told = settings_resource.kubectl("explain", f"{PLURAL}.spec.{key}").stdout
        assert sentence.split()[0] in told.partition("DESCRIPTION:")[2]


def test_every_key_is_described() -> None:
    def undescribed(schema: Json, key: str) -> Iterator[str]:
        for name, held in schema.get("properties", {}).items():
            at = f"{key}.{name}".lstrip(".")
            if "description" not in held and not at.startswith("rules."):
                yield at
            yield from undescribed(held, at)
        for inside in ("items", "additionalProperties"):
            if isinstance(schema.get(inside), dict):
                yield from undescribed(schema[inside], f"{key}.*")

    assert list(undescribed(settings_schema(), "")) == []


def test_the_api_server_knows_every_key() -> None:
    assert "preserve-unknown-fields" not in json.dumps(definition())
