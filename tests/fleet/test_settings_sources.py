"""The settings of a cluster, as its ConfigMaps and resources say: origins, and what waits."""

import asyncio
import base64
import json
from typing import Any

import pytest

from webhook.fleet.settings_sources import UnreadSettingsError, read_settings_origins
from webhook.kube import ApiError, Forbidden, NotFound
from webhook.settings import Layer, Overlay, SettingsError, WrittenOverlays, origins
from webhook.settings.written_settings import compressed, overlays_json

CONFIG_MAPS = "/api/v1/namespaces/release/configmaps"
SETTINGS, LOCKED = f"{CONFIG_MAPS}/mcp-admission-settings", f"{CONFIG_MAPS}/mcp-admission-locked"
GROUP = "/apis/mcp-admission.dev/v1alpha1"
RESOURCE = f"{GROUP}/mcpserversettings/default"
TEAM = f"{GROUP}/namespaces/team-a/mcpnamespacesettings/default"
DENY = {"onConflict": "deny"}


def config_map(namespaces: str | None = None, **files: str) -> dict[str, Any]:
    data = {name.replace("_", "."): text for name, text in files.items()}
    binary = {} if namespaces is None else {"binaryData": {"namespaces.json.gz": namespaces}}
    return {"data": data, **binary}


def overlays(**values: dict[str, Any]) -> str:
    written = WrittenOverlays({name: Overlay(each) for name, each in values.items()})
    return base64.b64encode(compressed(overlays_json(written))).decode()


EFFECTIVE = "mode: warn\nonConflict: warn\nplatform: openshift\n"
OBJECTS: dict[str, Any] = {
    SETTINGS: config_map(
        settings_yaml=EFFECTIVE,
        resource_yaml="onConflict: warn\n",
        locked_yaml="mode: warn\nplatform: openshift\n",
    ),
    LOCKED: config_map(settings_yaml="mode: warn\n"),
    RESOURCE: {"spec": {"onConflict": "warn"}},
}


class Cluster:
    """Has these objects, or the errors in their place."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self.objects = objects

    async def get(self, path: str) -> Any:
        found = self.objects.get(path, NotFound(404, "NotFound", path))
        if isinstance(found, ApiError):
            raise found
        return found


@pytest.fixture
def noted() -> list[str]:
    return []


@pytest.fixture
def read(noted: list[str]) -> Any:
    """Read the settings of a cluster with these objects beside OBJECTS."""

    def run(
        namespace: str | None = None, source: origins.SettingsSource | None = None, **objects: Any
    ) -> origins.SettingsOrigins:
        named = {globals()[name]: found for name, found in objects.items()}
        api: Any = Cluster(OBJECTS | named)
        return asyncio.run(read_settings_origins(api, "release", namespace, source, noted.append))

    return run


def values(found: origins.SettingsOrigins) -> dict[str, tuple[Any, str, str]]:
    return {each.key: (each.value, each.origin, each.place) for each in found.values()}


def reasons(found: origins.SettingsOrigins) -> dict[str, str]:
    return {each.key: each.reason for each in found.not_in_force()}


def test_each_value_comes_from_chart_environment_or_resource(read: Any) -> None:
    assert values(read()) == {
        "mode": ("warn", "chart", "ConfigMap release/mcp-admission-locked"),
        "onConflict": ("warn", "cluster", "MCPServerSettings default"),
        "platform": ("openshift", "environment", "a variable of the controller"),
    }
    assert reasons(read()) == {}


def test_without_the_file_of_locked_keys_the_environment_has_the_rest(read: Any) -> None:
    files = config_map(settings_yaml=EFFECTIVE, resource_yaml="onConflict: warn\n")

    assert values(read(SETTINGS=files)) == values(read())


def test_a_locked_key_of_the_resource_is_not_in_force(read: Any) -> None:
    found = read(RESOURCE={"spec": {"onConflict": "warn", "mode": "enforce"}})

    assert reasons(found) == {
        "mode": "the chart sets it, too, and is stronger (ConfigMap release/mcp-admission-locked)"
    }


def test_a_contradiction_that_the_chart_ends_is_no_error(read: Any) -> None:
    def limits(memory: str) -> dict[str, Any]:
        return {"limits": {"memory": memory}}

    spec = {"mcpServerDefaults": {"resources": limits("4Gi")}, "mcpServerMaximums": limits("2Gi")}
    chart = {"mcpServerMaximums": limits("8Gi")}
    files = config_map(
        settings_yaml=json.dumps(spec | chart),
        resource_yaml=json.dumps(spec),
        locked_yaml=json.dumps(chart),
    )

    locks = config_map(settings_yaml=json.dumps(chart))
    found = read(SETTINGS=files, LOCKED=locks, RESOURCE={"spec": spec})

    by = {key: (value, origin) for key, (value, origin, _) in values(found).items()}
    assert by == {
        "mcpServerDefaults.resources": ({"limits": {"memory": "4Gi"}}, "cluster"),
        "mcpServerMaximums.limits.memory": ("8Gi", "chart"),
    }
    assert list(reasons(found)) == ["mcpServerMaximums.limits.memory"]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({}, "is not in force yet: the status of the resource says why"),
        (
            {"conditions": [{"type": "Distributed", "status": "False", "message": "step 1 of 3"}]},
            "is not in force yet: step 1 of 3",
        ),
        (
            {
                "conditions": [
                    {"type": "Valid", "status": "False", "message": "spec.a: is wrong"},
                    {"type": "Distributed", "status": "False", "message": "mend it"},
                ]
            },
            "is not in force yet: spec.a: is wrong",
        ),
    ],
)
def test_what_is_not_distributed_yet_has_the_reason_of_the_status(
    status: dict[str, Any], reason: str, read: Any
) -> None:
    found = read(RESOURCE={"spec": {"onConflict": "override"}, "status": status})

    assert values(found)["onConflict"][:2] == ("warn", "cluster")
    assert reasons(found) == {"onConflict": reason}


def test_a_namespace_has_what_is_distributed_for_it(read: Any) -> None:
    held = OBJECTS[SETTINGS] | config_map(overlays(**{"team-a": DENY}), **_files())
    found = read("team-a", SETTINGS=held, TEAM={"spec": DENY | {"mode": "observe"}})

    assert values(found)["onConflict"] == (
        "deny", "namespace", "MCPNamespaceSettings team-a/default",
    )  # fmt: skip
    assert list(reasons(found)) == ["mode"]
    assert reasons(found)["mode"].startswith("observe is looser than warn")


def test_what_a_namespace_sets_is_not_in_force_before_it_is_distributed(read: Any) -> None:
    found = read("team-a", TEAM={"spec": DENY})

    assert values(found)["onConflict"][:2] == ("warn", "cluster")
    assert reasons(found) == {
        "onConflict": "is not in force yet: the status of the resource says why"
    }


def test_a_namespace_without_settings_has_those_of_the_cluster(read: Any) -> None:
    assert values(read("team-b")) == values(read())


def test_a_file_takes_the_place_of_the_resource(read: Any) -> None:
    file = origins.SettingsSource("namespace", Layer(DENY, lambda _: "team.yaml:1: onConflict"))

    found = read("team-a", file, TEAM=Forbidden(403, "Forbidden", "no"))

    assert values(found)["onConflict"] == ("deny", "namespace", "team.yaml:1")


NO = Forbidden(403, "Forbidden", "you may not")


@pytest.mark.parametrize("name", ["SETTINGS", "LOCKED"])
def test_a_team_that_may_not_read_the_settings_reads_which_rights_it_needs(
    read: Any, name: str
) -> None:
    with pytest.raises(UnreadSettingsError) as raised:
        read("team-a", **{name: NO})

    assert str(raised.value) == (
        f"ConfigMap release/{globals()[name].rpartition('/')[2]} may not be read: ask for the "
        "Role mcp-admission-settings-view in namespace release"
    )


def test_who_may_not_look_at_the_namespace_reads_which_right_is_missing(read: Any) -> None:
    with pytest.raises(UnreadSettingsError) as raised:
        read("team-a", TEAM=NO)

    assert str(raised.value) == (
        "MCPNamespaceSettings team-a/default may not be read: ask for the role view in namespace "
        "team-a"
    )
    assert raised.value.of_namespace


def test_a_team_needs_no_right_to_the_resource_of_the_cluster(read: Any, noted: list[str]) -> None:
    found = read("team-a", RESOURCE=NO)

    assert values(found) == values(read("team-a"))
    assert reasons(found) == {}
    assert noted == [
        "MCPServerSettings default may not be read: what it sets and is not in force is left out"
    ]


def test_another_error_of_the_cluster_is_raised(read: Any) -> None:
    with pytest.raises(ApiError, match="no database"):
        read(LOCKED=ApiError(500, "InternalError", "no database"))


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (NotFound(404, "NotFound", "x"), "is not there: install mcp-admission$"),
        (config_map(settings_yaml=""), "ConfigMap release/mcp-admission-settings, settings.yaml"),
        (config_map(settings_yaml="{}", resource_yaml="[]"), "resource.yaml:1: settings are a"),
        (config_map(settings_yaml="{}", resource_yaml="a: b"), "resource.yaml:1: a: unknown key"),
        (config_map("!", settings_yaml="{}"), "namespaces.json.gz: is not what control writes"),
        (config_map("YQ==", settings_yaml="{}"), "namespaces.json.gz: has more than"),
    ],
)
def test_settings_that_nobody_could_use_are_an_error(held: Any, said: str, read: Any) -> None:
    with pytest.raises(SettingsError, match=said):
        read("team-a", SETTINGS=held)


def _files() -> dict[str, str]:
    return {name.replace(".", "_"): text for name, text in OBJECTS[SETTINGS]["data"].items()}
