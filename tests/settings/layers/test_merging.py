"""Layers of settings: what merges by key, what is replaced as a whole, and whose fault it is."""

from typing import Any

import pytest

from webhook.settings import faults
from webhook.settings.faults import SettingsError
from webhook.settings.layers import Layer, merge_layers
from webhook.settings.model_keys import dotted


def layer(name: str, **values: Any) -> Layer:
    return Layer(values, lambda key: f"{name}: {dotted(key)}")


@pytest.mark.parametrize(
    ("key", "low", "high", "merged"),
    [
        ("rules", {"sysctls": "warn", "seccomp-profile": "deny"}, {"sysctls": "off"},
         {"sysctls": "off", "seccomp-profile": "deny"}),
        ("replicas", {"policy": "deny"}, {}, {"policy": "deny"}),
        ("replicas", {"policy": "deny"}, {"policy": None}, {"policy": "deny"}),
        ("replicas", {"policy": "deny"}, None, {"policy": "deny"}),
        ("selectors", [{"a": "b"}], [{"c": "d"}], [{"c": "d"}]),
        ("selectors", [{"a": "b"}], [], []),
        ("onConflict", "warn", "override", "override"),
        ("mcpServerDefaults", {"nodeSelector": {"a": "b"}}, {"nodeSelector": {"c": "d"}},
         {"nodeSelector": {"c": "d"}}),
        ("mcpServerDefaults", {"nodeSelector": {"a": "b"}}, {"perServer": "forbid"},
         {"nodeSelector": {"a": "b"}, "perServer": "forbid"}),
        ("mcpServerDefaults", {"resources": {"limits": {"cpu": "1"}}},
         {"resources": {"requests": {"cpu": "1"}}}, {"resources": {"requests": {"cpu": "1"}}}),
        ("mcpServerMaximums", {"limits": {"cpu": "1"}}, {"requests": {"cpu": "1"}},
         {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}),
    ],
)  # fmt: skip
def test_settings_of_layers_are_merged_key_by_key(
    key: str, low: Any, high: Any, merged: Any
) -> None:
    settings = merge_layers([layer("file", **{key: low}), layer("chart", **{key: high})])

    assert settings.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)[key] == merged


def test_a_layer_is_not_edited() -> None:
    values = {"rules": {"sysctls": "warn"}, "replicas": None}
    merge_layers([Layer(values, dotted), layer("chart", rules={"capabilities": "warn"})])

    assert values == {"rules": {"sysctls": "warn"}, "replicas": None}


def test_each_layer_answers_for_its_own_faults() -> None:
    with pytest.raises(SettingsError) as error:
        merge_layers(
            [layer("file", platform="vms"), layer("chart", platform="openshift", replicas=3)]
        )

    assert str(error.value).splitlines() == [
        'file: platform: "vms" is not accepted: write kubernetes or openshift',
        "chart: replicas: 3 is not accepted: write a mapping of keys and values",
    ]


def test_what_stands_in_a_list_is_told_where_the_list_is_set() -> None:
    layers = [layer("file", delegated=["mode"]), layer("chart", delegated=["mode", "modes"])]

    with pytest.raises(SettingsError) as error:
        merge_layers(layers)

    assert str(error.value) == (
        'chart: delegated[1]: "modes" is no key that a namespace can set, did you mean mode?'
    )


MANY = 30_000


@pytest.mark.parametrize(
    "values",
    [
        {f"mod{at}": 1 for at in range(MANY)},
        {"rules": {f"privilege{at}": "off" for at in range(MANY)}},
        {"delegated": [f"mode{at}" for at in range(MANY)]},
    ],
    ids=["keys", "rules", "delegated"],
)
def test_only_what_is_told_of_many_faults_is_put_into_words(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    compared = []
    monkeypatch.setattr(faults, "nearest", lambda word, *_: compared.append(word))

    with pytest.raises(SettingsError) as error:
        merge_layers([layer("file", **values)])

    assert str(error.value).splitlines()[-1] == f"and {MANY - faults.MOST_FAULTS} more"
    assert len(compared) == faults.MOST_FAULTS


def test_a_contradiction_between_layers_is_told_where_the_bound_is_set() -> None:
    defaults = {"resources": {"requests": {"memory": "1Gi"}}}
    maximums = {"requests": {"memory": "1023Mi"}, "limits": {"memory": "2Gi"}}

    with pytest.raises(SettingsError) as error:
        merge_layers([
            layer("file", mcpServerMaximums=maximums),
            layer("chart", mcpServerDefaults=defaults, mcpServerMaximums={"limits": {}}),
        ])  # fmt: skip

    assert str(error.value) == (
        "file: mcpServerMaximums.requests.memory: 1023Mi is less than "
        "mcpServerDefaults.resources.requests.memory, 1Gi: raise the one or lower the other"
    )
