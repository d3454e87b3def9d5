"""Subjects of a form: the settings of a cluster, and of a namespace in one."""

from typing import Any

from webhook.console.settings_form.settings_subject import SettingsSubject
from webhook.settings import Layer, Settings, layers, origins

Json = dict[str, Any]
CHART = "ConfigMap release/mcp-admission-locked"


def source(origin: str, values: Json, place: str = "") -> origins.SettingsSource:
    return origins.SettingsSource(
        origin, Layer(values, lambda key: place or origins.variable_of(key))
    )


def cluster(
    spec: Json | None = None, chart: Json | None = None, environment: Json | None = None
) -> SettingsSubject:
    given = [
        source(origins.CLUSTER, spec or {}, "MCPServerSettings default"),
        source(origins.CHART, chart or {}, CHART),
        source(origins.ENVIRONMENT, environment or {}),
    ]
    merged = layers.merge_layers([each.layer for each in given])
    return SettingsSubject(spec or {}, origins.SettingsOrigins(merged, tuple(given)))


def namespace(spec: Json | None = None, **of_cluster: Any) -> SettingsSubject:
    found = origins.SettingsOrigins(
        Settings.model_validate(of_cluster),
        (source(origins.CLUSTER, of_cluster, "MCPServerSettings default"),),
        namespace=source(origins.NAMESPACE_ORIGIN, spec or {}, "MCPNamespaceSettings team-a"),
    )
    return SettingsSubject(spec or {}, found, "team-a")
