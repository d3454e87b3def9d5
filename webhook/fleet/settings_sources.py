"""The settings of a cluster and where each is set: what is in force, and what is written for it.

What replicas use is in one ConfigMap, with what chart and environment set of it and what was
accepted of the resource. The resources say what is wanted now: it may be refused, or on its way.

A member of a team may have few rights. Those to the ConfigMaps are needed; without the one to the
resource of the cluster, only what it sets without effect is not shown.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from webhook.controller.installation import LOCKED_CONFIG_MAP, SETTINGS_CONFIG_MAP
from webhook.controller.settings.cluster_decision import SOURCE_FILE
from webhook.fleet.settings_in_force import overlays_in_force
from webhook.kube import (
    Api,
    Forbidden,
    NotFound,
    cluster_wide,
    namespaced,
)
from webhook.settings import (
    API_VERSION,
    FILE,
    KIND,
    LOCKED_FILE,
    NAME,
    NAMESPACE_KIND,
    NAMESPACE_PLURAL,
    PLURAL,
    Layer,
    SettingsError,
    layers,
    origins,
    parse_layer,
    parse_settings,
)

_NOT_THERE = "{} is not there: install mcp-admission"
_CONFIG_MAP_RIGHTS = (
    "ConfigMap {release}/{name} may not be read: ask for the Role mcp-admission-settings-view in "
    "namespace {release}"
)
_NAMESPACE_RIGHTS = (
    f"{NAMESPACE_KIND} {{0}}/{NAME} may not be read: ask for the role view in namespace {{0}}"
)
_RESOURCE_RIGHTS = f"{KIND} {NAME} may not be read: what it sets and is not in force is left out"
_WAITS = "is not in force yet: the status of the resource says why"
_OF_CHART = "is not in force yet: control has not read the values of the chart"
_VARIABLE = "a variable of the controller"

Json = dict[str, Any]


class UnreadSettingsError(SettingsError):
    """Settings that are not there, or may not be read: those of the namespace, or the cluster's."""

    def __init__(self, sentence: str, *, of_namespace: bool = False) -> None:
        super().__init__(sentence)
        self.of_namespace = of_namespace


async def read_settings_origins(
    api: Api,
    release: str,
    namespace: str | None = None,
    of_namespace: origins.SettingsSource | None = None,
    note: Callable[[str], object] = lambda _: None,
) -> origins.SettingsOrigins:
    """The settings in force, of a namespace where one is named.

    With a source, as if it was the resource of the namespace. `note` gets what may not be read.
    Raises SettingsError, as UnreadSettingsError where something cannot be read, and ApiError.
    """
    group, where = API_VERSION, f"ConfigMap {release}/{SETTINGS_CONFIG_MAP}"
    held = await _config_map(api, release, SETTINGS_CONFIG_MAP)
    if held is None:
        raise UnreadSettingsError(_NOT_THERE.format(where))
    files = _Files(where, held)
    chart = await _config_map(api, release, LOCKED_CONFIG_MAP)
    try:
        resource = await _get(api, cluster_wide(group, PLURAL, NAME))
    except Forbidden:
        note(_RESOURCE_RIGHTS)
        resource = {"spec": files.values(SOURCE_FILE)}
    found = _of_cluster(files, _chart_source(chart or {}, release), resource)
    if namespace is None or of_namespace is not None:
        return replace(found, namespace=of_namespace)
    path = namespaced(group, NAMESPACE_PLURAL, namespace, NAME)
    unread = UnreadSettingsError(_NAMESPACE_RIGHTS.format(namespace), of_namespace=True)
    wanted = await _get(api, path, unread)
    overlays = overlays_in_force(held, where)
    distributed = overlays[namespace].values if namespace in overlays else {}
    place = f"{NAMESPACE_KIND} {namespace}/{NAME}"
    return replace(
        found,
        namespace=_source(origins.NAMESPACE_ORIGIN, _spec(wanted), place),
        distributed=distributed,
        waiting={**found.waiting, origins.NAMESPACE_ORIGIN: _why(wanted)},
    )


class _Files(NamedTuple):
    """A ConfigMap with settings files."""

    name: str
    found: Json

    def values(self, file: str) -> Json | None:
        """What a file sets, which may contradict itself; None without the file.

        A stronger source may end the contradiction. Raises SettingsError.
        """
        text = (self.found.get("data") or {}).get(file)
        if text is None:
            return None
        layer = parse_layer(text or "{}", f"{self.name}, {file}")
        return origins.set_values(layers.settings_of_layer(layer))


def _of_cluster(
    files: _Files, chart: origins.SettingsSource, resource: Json | None
) -> origins.SettingsOrigins:
    """The settings of the cluster; what neither chart nor resource sets is of the environment."""
    text = (files.found.get("data") or {}).get(FILE, "")
    cluster = parse_settings(text, f"{files.name}, {FILE}")
    accepted = files.values(SOURCE_FILE) or {}
    beneath, locks = [chart.layer.values], files.values(LOCKED_FILE)
    if locks is None:
        beneath, locks = [*beneath, accepted], origins.set_values(cluster)
    set_by_variables = origins.differing_values(locks, beneath)
    variables = Layer(set_by_variables, lambda key: origins.variable_of(key) or _VARIABLE)
    environment = origins.SettingsSource(origins.ENVIRONMENT, variables)
    place = f"{KIND} {NAME}"
    return origins.SettingsOrigins(
        cluster,
        (_source(origins.CLUSTER, accepted, place), chart, environment),
        (_source(origins.CLUSTER, _spec(resource), place), chart, environment),
        waiting={origins.CLUSTER: _why(resource), origins.CHART: _OF_CHART},
    )


def _chart_source(found: Json, release: str) -> origins.SettingsSource:
    name = f"ConfigMap {release}/{LOCKED_CONFIG_MAP}"
    return _source(origins.CHART, _Files(name, found).values(FILE) or {}, name)


def _source(origin: str, values: Json, place: str) -> origins.SettingsSource:
    return origins.SettingsSource(origin, Layer(values, lambda _: place))


def _spec(resource: Json | None) -> Json:
    return (resource or {}).get("spec") or {}


def _why(resource: Json | None) -> str:
    """Why what the resource sets is not in force, as its status says."""
    conditions = ((resource or {}).get("status") or {}).get("conditions") or []
    said = {each["type"]: each["message"] for each in conditions if each["status"] != "True"}
    reason = said.get("Valid") or said.get("Distributed")
    return f"is not in force yet: {reason}" if reason else _WAITS


async def _config_map(api: Api, release: str, name: str) -> Json | None:
    path = namespaced("v1", "configmaps", release, name)
    rights = _CONFIG_MAP_RIGHTS.format(release=release, name=name)
    return await _get(api, path, UnreadSettingsError(rights))


async def _get(api: Api, path: str, unread: UnreadSettingsError | None = None) -> Json | None:
    """An object, or None; raises `unread`, or else Forbidden, where it may not be read."""
    try:
        return await api.get(path)
    except NotFound:
        return None
    except Forbidden:
        if unread is not None:
            raise unread from None
        raise
