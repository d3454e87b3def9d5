"""affinity: what an API server could not read is refused where it is written."""

from typing import Any

import pytest

from webhook.settings.affinity import PREFERRED, REQUIRED
from webhook.settings.layers import Layer, settle
from webhook.settings.model import Settings
from webhook.settings.settings_error import SettingsError

NODE, POD, ANTI = "nodeAffinity", "podAffinity", "podAntiAffinity"
TERMS = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "Exists"}]}]}


def settled(kind: str, value: Any) -> Settings:
    return settle([Layer({"mcpServerDefaults": {"affinity": {kind: value}}}, lambda _: "here")])


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
        (NODE, {REQUIRED: "x"}, "write a mapping of terms"),
        (NODE, {REQUIRED: []}, "write a mapping of terms"),
        (NODE, {PREFERRED: {}}, "write a list of terms"),
        (POD, {REQUIRED: TERMS}, "write a list of terms"),
        (ANTI, {"required": []}, "unknown key required: known here are"),
    ],
)
def test_is_refused(kind: str, value: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settled(kind, value)
