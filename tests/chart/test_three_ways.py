"""Each setting with a name of the reference, three ways to set it, and who wins, field by field.

Locked by chart or environment, over the resource, over what is built in.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.chart.value_sets import VALUE_SETS
from tools.chart.helm import Helm, HelmError, Json
from webhook.controller.settings.effective import (
    EffectiveSettings,
    effective_settings,
    ignored,
    locked,
)
from webhook.server.settings_file import SettingsFiles
from webhook.settings import Layer, chart_only_keys, dotted, layers, read_layers
from webhook.settings.environment import VARIABLES
from webhook.settings.server_defaults import DEFAULT_IMAGE

POD_SECURITY = "mcpNamespace.podSecurity"
RUNTIME_CLASS = "mcpServerDefaults.runtimeClassName"


class Way(NamedTuple):
    """A setting; values of it that differ from each other and from what is built in."""

    key: str
    name: str | None
    built_in: Any
    by_chart: Any
    by_environment: Any
    by_resource: Any

    @property
    def lock(self) -> str:
        """The key that is locked with it: ceilings are one value."""
        parts = self.key.split(".")
        return ".".join(parts[:2]) if parts[0] == "mcpServerMaximums" else self.key


def pod_security(key: str, name: str, built_in: Any, *values: Any) -> Way:
    return Way(f"{POD_SECURITY}.{key}", f"OBOT_SERVER_MCPPOD_SECURITY_{name}", built_in, *values)


def ceiling(key: str, name: str) -> Way:
    variable = f"OBOT_SERVER_MCPK8S_MAX_{name}"
    return Way(f"mcpServerMaximums.{key}", variable, None, "1Gi", "2Gi", "3Gi")


def affinity(key: str) -> Json:
    term = {"matchExpressions": [{"key": key, "operator": "Exists"}]}
    preferred = [{"weight": 1, "preference": term}]
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def toleration(key: str) -> Json:
    return {"key": key, "operator": "Exists"}


LEVELS = ("restricted", "baseline", "privileged", "baseline")
VERSIONS = ("latest", "v1.30", "v1.31", "v1.32")
WAYS = [
    pod_security("enabled", "ENABLED", True, False, False, True),
    pod_security("enforce", "ENFORCE", *LEVELS),
    pod_security("enforceVersion", "ENFORCE_VERSION", *VERSIONS),
    pod_security("audit", "AUDIT", *LEVELS),
    pod_security("auditVersion", "AUDIT_VERSION", *VERSIONS),
    pod_security("warn", "WARN", *LEVELS),
    pod_security("warnVersion", "WARN_VERSION", *VERSIONS),
    Way(RUNTIME_CLASS, "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME", None, "a", "b", "c"),
    Way(RUNTIME_CLASS, "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIME_CLASS_NAME", None, "a", "b", "c"),
    Way("mcpServerDefaults.image", "OBOT_SERVER_MCPBASE_IMAGE", DEFAULT_IMAGE, "a:1", "b:1", "c:1"),
    Way(
        "mcpServerDefaults.imagePullSecrets",
        "OBOT_SERVER_MCPIMAGE_PULL_SECRETS",
        None,
        [{"name": "a"}],
        [{"name": "b"}, {"name": "c"}],
        [{"name": "d"}],
    ),
    Way(
        "mcpServerDefaults.affinity",
        "OBOT_SERVER_MCPK8S_SETTINGS_AFFINITY",
        None,
        *(affinity(name) for name in "abc"),
    ),
    Way(
        "mcpServerDefaults.tolerations",
        "OBOT_SERVER_MCPK8S_SETTINGS_TOLERATIONS",
        None,
        *([toleration(name)] for name in "abc"),
    ),
    Way(
        "mcpServerDefaults.resources",
        "OBOT_SERVER_MCPK8S_SETTINGS_RESOURCES",
        {"requests": {"memory": "400Mi"}, "limits": {}},
        *({"requests": {"memory": f"{size}Mi"}, "limits": {"cpu": "1"}} for size in (1, 2, 3)),
    ),
    ceiling("requests.cpu", "CPUREQUEST"),
    ceiling("requests.memory", "MEMORY_REQUEST"),
    ceiling("limits.cpu", "CPULIMIT"),
    ceiling("limits.memory", "MEMORY_LIMIT"),
    Way("mcpNamespace.networkPolicy.enabled", None, True, False, None, True),
]
NAMED = [way for way in WAYS if way.name is not None]
ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name or way.key)
named_ways = pytest.mark.parametrize("way", NAMED, ids=lambda way: way.name)


def nested(key: str, value: Any) -> Json:
    for step in reversed(key.split(".")):
        value = {step: value}
    found: Json = value
    return found


def held(effective: EffectiveSettings, key: str) -> Any:
    found: Any = effective.settings.model_dump(by_alias=True, exclude_none=True)
    for step in key.split("."):
        found = found.get(step)
    return found


def as_text(way: Way, value: Any) -> str:
    """A value as the reference writes it."""
    if way.key.endswith("imagePullSecrets"):
        return ", ".join(each["name"] for each in value)
    return value if isinstance(value, str) else json.dumps(value)


def chart(helm: Helm, folder: Path, values: Json, **environment: str) -> list[Layer]:
    """The locks of a controller that the chart with these values starts, in this environment."""
    (found,) = (
        each for each in helm.objects(values) if each["metadata"]["name"] == "mcp-admission-locked"
    )
    file = folder / "settings.yaml"
    file.write_text(found["data"]["settings.yaml"], encoding="utf-8")
    return read_layers(file, environment)


def test_every_name_of_the_reference_is_in_the_table() -> None:
    assert {way.name: tuple(way.key.split(".")) for way in NAMED} == VARIABLES


@ways
def test_a_setting_that_nobody_sets_has_its_default(helm: Helm, tmp_path: Path, way: Way) -> None:
    locks = chart(helm, tmp_path, {})

    assert held(effective_settings({}, locks), way.key) == way.built_in
    assert way.lock not in locked(locks)


@ways
def test_the_settings_resource_wins_over_the_default(helm: Helm, tmp_path: Path, way: Way) -> None:
    # Where there are two values alone, the one that is not built in.
    value = way.by_chart if isinstance(way.built_in, bool) else way.by_resource
    locks = chart(helm, tmp_path, {})
    spec = nested(way.key, value)

    assert held(effective_settings(spec, locks), way.key) == value
    assert ignored(spec, locks) == frozenset()


@ways
def test_the_chart_wins_over_the_settings_resource(helm: Helm, tmp_path: Path, way: Way) -> None:
    locks = chart(helm, tmp_path, nested(way.key, way.by_chart))
    spec = nested(way.key, way.by_resource)

    assert held(effective_settings(spec, locks), way.key) == way.by_chart
    assert ignored(spec, locks) == {way.lock}


@named_ways
def test_the_chart_by_the_name_of_the_reference_wins_over_the_settings_resource(
    helm: Helm, tmp_path: Path, way: Way
) -> None:
    locks = chart(helm, tmp_path, {"config": {way.name: as_text(way, way.by_chart)}})
    spec = nested(way.key, way.by_resource)

    assert held(effective_settings(spec, locks), way.key) == way.by_chart
    assert ignored(spec, locks) == {way.lock}


@named_ways
def test_the_environment_wins_over_the_settings_resource(
    helm: Helm, tmp_path: Path, way: Way
) -> None:
    assert way.name is not None
    locks = chart(helm, tmp_path, {}, **{way.name: as_text(way, way.by_environment)})
    spec = nested(way.key, way.by_resource)

    assert held(effective_settings(spec, locks), way.key) == way.by_environment
    assert ignored(spec, locks) == {way.lock}


@named_ways
def test_the_environment_of_the_process_wins_over_its_settings_file(
    helm: Helm, tmp_path: Path, way: Way
) -> None:
    """The chart sets none: whoever does, to one Deployment, means just that."""
    assert way.name is not None
    values = nested(way.key, way.built_in if isinstance(way.built_in, bool) else way.by_chart)
    locks = chart(helm, tmp_path, values, **{way.name: as_text(way, way.by_environment)})

    assert held(effective_settings({}, locks), way.key) == way.by_environment


@named_ways
def test_a_chart_that_sets_a_key_in_two_ways_differently_is_refused(helm: Helm, way: Way) -> None:
    other = not way.by_chart if isinstance(way.by_chart, bool) else way.by_environment
    values = {**nested(way.key, way.by_chart), "config": {way.name: as_text(way, other)}}

    with pytest.raises(HelmError, match=rf"config\.{way.name} .* and {way.key} .* differ"):
        helm.rendered(values)


@named_ways
def test_an_empty_environment_variable_of_the_chart_sets_nothing(
    helm: Helm, tmp_path: Path, way: Way
) -> None:
    assert way.name is not None
    locks = chart(helm, tmp_path, {"config": {way.name: ""}}, **{way.name: ""})

    assert held(effective_settings({}, locks), way.key) == way.built_in


def test_one_field_of_a_group_locks_no_other(helm: Helm, tmp_path: Path) -> None:
    locks = chart(helm, tmp_path, nested(f"{POD_SECURITY}.enforce", "baseline"))
    spec = {"mcpNamespace": {"podSecurity": {"enforce": "privileged", "warn": "privileged"}}}
    found = effective_settings(spec, locks).settings.mcp_namespace.pod_security

    assert (found.enforce, found.warn, found.audit) == ("baseline", "privileged", "restricted")
    assert ignored(spec, locks) == {f"{POD_SECURITY}.enforce"}


@pytest.mark.parametrize("name", VALUE_SETS)
def test_serve_knows_what_the_chart_locks(helm: Helm, tmp_path: Path, name: str) -> None:
    locks = chart(helm, tmp_path, VALUE_SETS[name])
    file = tmp_path / "settings.yaml"
    known = Layer(dict(SettingsFiles(file, locked=file).read().locked), dotted)

    assert layers.keys_set(known) - chart_only_keys() == locked(locks)


@pytest.mark.parametrize("by_environment", [True, False])
def test_a_ceiling_of_the_reference_joins_those_of_the_chart(
    helm: Helm, tmp_path: Path, *, by_environment: bool
) -> None:
    values: Json = {"mcpServerMaximums": {"limits": {"cpu": "2", "ephemeral-storage": "1Gi"}}}
    variable = {"OBOT_SERVER_MCPK8S_MAX_MEMORY_LIMIT": "3Gi"}
    locks = (
        chart(helm, tmp_path, values, **variable)
        if by_environment
        else chart(helm, tmp_path, {**values, "config": variable})
    )

    found = effective_settings({}, locks).settings.mcp_server_maximums.limits

    assert found == {"cpu": "2", "ephemeral-storage": "1Gi", "memory": "3Gi"}


@pytest.mark.parametrize("name", ["AFFINITY", "TOLERATIONS", "RESOURCES"])
@pytest.mark.parametrize("value", ["{", "x", "3", '"{}"'])
def test_an_environment_variable_of_the_chart_that_is_no_json_of_its_kind_is_refused(
    helm: Helm, name: str, value: str
) -> None:
    with pytest.raises(HelmError, match=rf"{name}: .* cannot be read: write JSON"):
        helm.rendered({"config": {f"OBOT_SERVER_MCPK8S_SETTINGS_{name}": value}})
