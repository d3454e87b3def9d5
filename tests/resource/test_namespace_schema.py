"""The settings of a namespace on an API server: the keys it knows, and what kubectl shows."""

import json
from typing import Any

import pytest
import yaml

from tests.e2e.namespace import MERGE_PATCH
from tests.resource.test_schema import ACCEPTED, REFUSED
from tools.chart.definition import namespace_definition
from tools.chart.settings_schema import namespace_schema
from tools.cluster.clients import KubectlError
from tools.cluster.control_plane import ControlPlane
from webhook.settings.load import GROUP, NAME, VERSION
from webhook.settings.model_keys import chart_only_keys, cluster_only_keys, descriptions
from webhook.settings.namespace_layer import NAMESPACE_KIND, NAMESPACE_PLURAL

Json = dict[str, Any]
SPEC = "mcpServerMaximums: {limits: {memory: 1Gi}}\nmode: enforce"
SHARED = {what: case for what, case in REFUSED.items() if what != "no user"}
TRIED = ("apply", "--dry-run=server", "-o", "json", "-f", "-")


def resource(text: str, name: str = NAME, namespace: str = "default") -> Json:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": NAMESPACE_KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": yaml.safe_load(text),
    }


@pytest.mark.parametrize("text", [SPEC, *ACCEPTED.values()], ids=["mode", *ACCEPTED])
def test_a_namespace_has_the_keys_of_the_cluster(
    settings_resource: ControlPlane, text: str
) -> None:
    given = yaml.safe_load(text)

    applied = settings_resource.kubectl(*TRIED, sent=resource(text)).json()

    assert applied["spec"] == given


@pytest.mark.parametrize(("text", "sentence"), SHARED.values(), ids=SHARED)
def test_the_schema_refuses_what_it_refuses_of_the_cluster(
    settings_resource: ControlPlane, text: str, sentence: str
) -> None:
    with pytest.raises(KubectlError) as refused:
        settings_resource.kubectl(*TRIED, sent=resource(text))

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("delegated: [mode]", "delegated"),
        ("exceptions: {longestDays: 400}", "exceptions"),
        ("isolation: {controllerUser: me}", "isolation.controllerUser"),
        ("mcpNamespace: {name: mine}", "mcpNamespace.name"),
        ("excludedNamespaces: [mine]", "excludedNamespaces"),
    ],
)
def test_keys_of_chart_and_cluster_are_unknown(
    settings_resource: ControlPlane, text: str, key: str
) -> None:
    with pytest.raises(KubectlError) as refused:
        settings_resource.kubectl(*TRIED, sent=resource(text))

    assert f'unknown field "spec.{key}"' in str(refused.value)


def test_there_is_one_for_a_namespace(settings_resource: ControlPlane) -> None:
    with pytest.raises(KubectlError, match="there is one MCPNamespaceSettings for a namespace"):
        settings_resource.kubectl(*TRIED, sent=resource("{}", "mine"))


def test_what_is_not_in_force_is_shown(settings_resource: ControlPlane, namespace: str) -> None:
    path = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{NAMESPACE_PLURAL}"
    settings_resource.create(path, resource(SPEC, namespace=namespace))
    reason = "observe is looser than enforce"
    status = {"refused": [{"key": "mode", "reason": reason}, {"key": "fillIn", "reason": "no"}]}
    answer = settings_resource.raw(
        "PATCH", f"{path}/{NAME}/status", {"status": status}, MERGE_PATCH
    )
    assert answer.status == 200, answer.body

    shown = settings_resource.kubectl("get", "mcpnssettings", "-n", namespace, "-o", "wide").stdout

    head, line = shown.splitlines()
    assert head.split("   ")[0] == "NAME"
    assert "NOT IN FORCE" in head
    assert line[head.index("NOT IN FORCE") :].split()[0] == "mode"
    assert reason in line


def test_the_schema_has_every_other_key() -> None:
    left_out = chart_only_keys() | cluster_only_keys()

    for key, _ in descriptions():
        held: Json | None = namespace_schema()
        for step in key.split("."):
            held = (held or {}).get("properties", {}).get(step)
        assert (held is None) is (key in left_out), key


def test_no_default_is_told_because_the_cluster_has_them() -> None:
    assert "Default: " not in json.dumps(namespace_definition())
