"""A settings file may hold the resource as kubectl prints it; what it cannot hold has its line."""

import json
from typing import Any

import pytest

from webhook.settings.faults import SettingsError
from webhook.settings.load import KIND, faults_of_resource, parse_settings

HEAD = {"apiVersion": "mcp-admission.dev/v1alpha1", "kind": KIND, "metadata": {"name": "default"}}
SPEC = {"replicas": {"policy": "deny"}}


def refused(value: Any) -> str:
    with pytest.raises(SettingsError) as error:
        parse_settings(json.dumps(value), "settings.yaml")
    return str(error.value).removeprefix("settings.yaml:1: ")


@pytest.mark.parametrize(
    "value",
    [
        {**HEAD, "spec": SPEC},
        {**HEAD, "spec": SPEC, "status": {"conditions": [{"type": "Valid"}]}},
        {"apiVersion": "v1", "kind": "List", "items": [{**HEAD, "spec": SPEC}]},
        {"kind": f"{KIND}List", "items": [{**HEAD, "spec": SPEC}]},
    ],
)
def test_the_settings_of_the_resource_are_read(value: Any) -> None:
    assert parse_settings(json.dumps(value), "settings.yaml").replicas.policy == "deny"


@pytest.mark.parametrize("spec", [{}, {"spec": None}, {"spec": {}}])
def test_a_resource_may_set_nothing(spec: dict[str, Any]) -> None:
    assert parse_settings(json.dumps({**HEAD, **spec}), "s") == parse_settings("{}", "s")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"kind": "List", "items": []}, f"items: must hold one {KIND}, and nothing else"),
        ({"kind": "List", "items": [HEAD, HEAD]}, f"items: must hold one {KIND}, and nothing"),
        ({"kind": "List", "items": ["a"]}, f"items[0]: must be an {KIND}"),
        ({**HEAD, "kind": "ConfigMap"}, f"kind: must be {KIND}"),
        ({**HEAD, "apiVersion": "v1"}, "apiVersion: must be mcp-admission.dev/v1alpha1"),
        ({**HEAD, "metadata": {"name": "mine"}}, "metadata.name: must be default: there is one"),
        ({**HEAD, "sepc": {}}, "sepc: unknown key: did you mean spec?"),
        ({**HEAD, "other": {}}, "other: unknown key"),
        ({**HEAD, "spec": []}, "spec: must be a mapping of keys and values"),
        ({**HEAD, "spec": {"platform": "vms"}}, 'spec.platform: "vms" is not accepted: write kub'),
        ({**HEAD, "spec": {"selectors": []}}, "spec.selectors: is read by the chart alone"),
    ],
)
def test_what_is_no_resource_is_refused(value: Any, sentence: str) -> None:
    assert refused(value).startswith(sentence)


def test_a_contradiction_of_the_resource_is_its_fault() -> None:
    spec = {
        "mcpServerDefaults": {"resources": {"limits": {"cpu": 2}}},
        "mcpServerMaximums": {"limits": {"cpu": 1}},
    }

    (fault,) = faults_of_resource({**HEAD, "spec": spec})

    assert fault.key == ("spec", "mcpServerMaximums", "limits", "cpu")
