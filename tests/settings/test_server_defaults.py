"""Tolerations and affinity: what an API server could not read is refused where it is written."""

from typing import Any

import pytest

from tools.chart.model_schema import model_schema
from tools.kubernetes_fields import definitions
from webhook.settings.faults import SettingsError
from webhook.settings.layers import Layer, merge_layers
from webhook.settings.model import Settings
from webhook.settings.model_keys import dotted

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
NODE, POD, ANTI = "nodeAffinity", "podAffinity", "podAntiAffinity"
TERMS = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "Exists"}]}]}


def settled(kind: str, value: Any) -> Settings:
    return merge_layers([Layer({"mcpServerDefaults": {"affinity": {kind: value}}}, dotted)])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (NODE, {REQUIRED: TERMS}),
        (NODE, {PREFERRED: [{"weight": 1, "preference": {}}]}),
        (POD, {REQUIRED: [{"topologyKey": "zone"}]}),
        (ANTI, {REQUIRED: [], PREFERRED: []}),
        (ANTI, {}),
    ],
)
def test_is_handed_through(kind: str, value: Any) -> None:
    affinity = settled(kind, value).mcp_server_defaults.affinity

    assert affinity is not None
    assert affinity.model_dump(by_alias=True, exclude_none=True) == {kind: value}


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (NODE, {REQUIRED: "x"}, '"x" is not accepted: write a mapping of keys and values'),
        (NODE, {REQUIRED: []}, "a list is not accepted: write a mapping of keys and values"),
        (NODE, {REQUIRED: None}, "null is not accepted: write a mapping of keys and values"),
        (NODE, {PREFERRED: {}}, "a mapping is not accepted: write a list"),
        (POD, {REQUIRED: TERMS}, "a mapping is not accepted: write a list"),
        (ANTI, {"required": []}, "required: unknown key: known here are requiredDuring"),
        (
            POD,
            {PREFERRED: [{"podAffinityTerm": {"topologyKy": "zone"}}]},
            "podAffinityTerm.topologyKy: unknown key, did you mean topologyKey",
        ),
        (
            NODE,
            {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [{"operator": "is"}]}]}},
            '"is" is not accepted: write In, NotIn, Exists, DoesNotExist, Gt or Lt',
        ),
    ],
)
def test_is_refused(kind: str, value: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settled(kind, value)


def kubernetes(name: str) -> Any:
    return definitions("1.37")[f"io.k8s.api.{name}"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("core.v1.Toleration", "mcpServerDefaults/tolerations/items"),
        ("core.v1.Affinity", "mcpServerDefaults/affinity"),
        ("networking.v1.NetworkPolicyPeer", "mcpNamespace/networkPolicy/egressProfiles/*/to/items"),
        (
            "networking.v1.NetworkPolicyPort",
            "mcpNamespace/networkPolicy/ingressProfiles/*/ports/items",
        ),
    ],
)
def test_what_is_handed_through_has_the_keys_that_kubernetes_has(name: str, path: str) -> None:
    def same(here: Any, there: Any) -> None:
        if "$ref" in there:
            there = definitions("1.37")[there["$ref"].rpartition("/")[2]]
        if "items" in here:
            same(here["items"], there["items"])
        elif "properties" in here:
            assert here["properties"].keys() == there["properties"].keys()
            for key, held in here["properties"].items():
                same(held, there["properties"][key])

    at = model_schema()
    for step in path.split("/"):
        at = at["additionalProperties"] if step == "*" else at.get(step) or at["properties"][step]
    same(at, kubernetes(name))
