"""Where values come from: the strongest source that sets a key, and why others have no effect."""

from typing import Any

import pytest

from webhook.settings.environment import VARIABLES
from webhook.settings.layers import Layer, merge_layers
from webhook.settings.model import Settings
from webhook.settings.origins import (
    SettingsOrigins,
    SettingsSource,
    differing_values,
    effective_values,
    variable_of,
    variable_source,
)

CHART: dict[str, Any] = {"mode": "warn", "mcpServerMaximums": {"limits": {"cpu": "2"}}}
CLUSTER: dict[str, Any] = {
    "mode": "enforce",
    "onConflict": "warn",
    "delegated": ["mcpServerDefaults.image"],
    "mcpServerMaximums": {"limits": {"memory": "2Gi"}},
}


def source(origin: str, values: dict[str, Any]) -> SettingsSource:
    return SettingsSource(origin, Layer(values, lambda key: f"{origin}.yaml:{len(key)}: here"))


SOURCES = (source("cluster", CLUSTER), source("chart", CHART))
MERGED = merge_layers([each.layer for each in SOURCES])


def found(**given: Any) -> SettingsOrigins:
    return SettingsOrigins(**{"cluster": MERGED, "sources": SOURCES, **given})


def by_key(origins: SettingsOrigins) -> dict[str, tuple[Any, str]]:
    return {each.key: (each.value, each.origin) for each in origins.values()}


def reasons(origins: SettingsOrigins) -> dict[tuple[str, str], str]:
    return {(each.origin, each.key): each.reason for each in origins.not_in_force()}


def test_the_strongest_source_that_sets_a_key_is_its_origin() -> None:
    assert by_key(found()) == {
        "mode": ("warn", "chart"),
        "delegated": (["mcpServerDefaults.image"], "cluster"),
        "mcpServerMaximums.limits.cpu": ("2", "chart"),
        "onConflict": ("warn", "cluster"),
    }
    assert {each.place for each in found().values()} == {
        "chart.yaml:1", "chart.yaml:3", "cluster.yaml:1",
    }  # fmt: skip


def test_what_a_stronger_source_sets_is_not_in_force_and_says_which() -> None:
    assert reasons(found()) == {
        ("cluster", "mode"): "the chart sets it, too, and is stronger (chart.yaml:1)",
        ("cluster", "mcpServerMaximums.limits.memory"): (
            "the chart sets mcpServerMaximums.limits as a whole, and is stronger (chart.yaml:2)"
        ),
    }


def test_the_same_value_in_two_sources_is_in_force() -> None:
    same = (source("cluster", {"mode": "warn"}), source("chart", {"mode": "warn"}))

    assert reasons(found(cluster=Settings(mode="warn"), sources=same)) == {}


def test_what_is_written_and_not_accepted_yet_has_the_reason_of_its_source() -> None:
    written = (source("cluster", {**CLUSTER, "onConflict": "deny"}), SOURCES[1])

    origins = found(written=written, waiting={"cluster": "waits for a replica"})

    assert by_key(origins)["onConflict"] == ("warn", "cluster")
    assert reasons(origins)["cluster", "onConflict"] == "waits for a replica"


def test_what_the_model_does_not_accept_is_not_in_force() -> None:
    written = (source("cluster", {"mode": "sleep"}), SOURCES[1])

    origins = found(written=written, waiting={"cluster": "is refused"})

    assert reasons(origins)["cluster", "mode"].startswith("the chart sets it")


def test_a_namespace_sets_what_it_may_and_reads_why_not_the_rest() -> None:
    values: dict[str, Any] = {
        "mode": "observe",
        "mcpServerDefaults": {"image": "a/b:1"},
        "mcpServerMaximums": {"limits": {"memory": "1Gi"}},
    }
    origins = found(namespace=source("namespace", values))

    assert by_key(origins) == {
        **by_key(found()),
        "mcpServerDefaults.image": ("a/b:1", "namespace"),
        "mcpServerMaximums.limits.memory": ("1Gi", "namespace"),
    }
    (fault,) = (each for each in origins.not_in_force() if each.origin == "namespace")
    assert (fault.key, fault.value, fault.place) == ("mode", "observe", "namespace.yaml:1")
    assert fault.reason.startswith("observe is looser than warn, which the cluster has")


def test_a_fault_of_all_settings_of_a_namespace_has_no_key() -> None:
    large = {"mcpServerDefaults": {"image": "a" * 20_000}}
    origins = found(namespace=source("namespace", large))

    (fault,) = (each for each in origins.not_in_force() if each.origin == "namespace")
    assert (fault.key, fault.value) == ("", None)


def test_what_a_namespace_sets_is_in_force_once_it_is_distributed() -> None:
    values = {"mcpServerDefaults": {"image": "a/b:1"}}
    namespace = source("namespace", values)
    waiting = {"namespace": "waits"}

    before = found(namespace=namespace, distributed={}, waiting=waiting)
    after = found(namespace=namespace, distributed=values, waiting=waiting)

    assert "mcpServerDefaults.image" not in by_key(before)
    assert reasons(before)["namespace", "mcpServerDefaults.image"] == "waits"
    assert by_key(after)["mcpServerDefaults.image"] == ("a/b:1", "namespace")
    assert ("namespace", "mcpServerDefaults.image") not in reasons(after)


def test_every_key_is_shown_where_it_is_asked_for() -> None:
    every = list(effective_values(Settings(), (), all_keys=True))

    assert {each.origin for each in every} == {"built-in"}
    assert {"rules", "mcpServerMaximums.limits", "mcpServerDefaults.resources", "mode"} <= {
        each.key for each in every
    }
    assert list(effective_values(Settings(), ())) == []


def test_each_value_of_the_environment_names_its_variable() -> None:
    name = "OBOT_SERVER_MCPK8S_MAX_CPULIMIT"
    environment = variable_source({name: "1"})

    (value,) = effective_values(merge_layers([environment.layer]), [environment])

    assert (value.key, value.origin) == ("mcpServerMaximums.limits.cpu", "environment")
    assert value.place == name


@pytest.mark.parametrize(("name", "key"), VARIABLES.items())
def test_a_key_has_the_name_of_its_variable(name: str, key: tuple[str, ...]) -> None:
    assert VARIABLES[variable_of(key)] == VARIABLES[name]
    assert variable_of((*key, "inside")) == variable_of(key)


def test_a_key_without_a_variable_has_none() -> None:
    assert variable_of(("mode",)) == ""


def test_the_part_that_differs() -> None:
    values = {"mode": "warn", "rules": {"capabilities": "warn", "host-path": "deny"}}
    others: list[dict[str, Any]] = [
        {"mode": "warn"},
        {"rules": {"host-path": "deny", "capabilities": "deny"}},
    ]

    assert differing_values(values, others) == {"rules": {"capabilities": "warn"}}
