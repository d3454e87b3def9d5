"""The one model of what an administrator decides, and the keys and types that it consists of.

It is the settings file, the schema of the `MCPServerSettings` resource and the values of the
chart. Defaults are the reference values of a hardened MCP server deployment.

A key is the path to a value in a settings file. The types are those of the annotations: sections,
mappings of Kubernetes (TypedDict), lists, mappings with free keys, plain values.
"""

import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import Field
from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from webhook.settings.network_settings import NetworkPolicy
from webhook.settings.rule_settings import (
    Level,
    PodSecurity,
    PriorityClasses,
    Replicas,
    Rules,
    Secrets,
    ServiceAccountTokens,
)
from webhook.settings.server_defaults import MCPServerDefaults, MCPServerMaximums
from webhook.settings.values import CHART_ONLY, DnsLabel, Labels, Section, SomeText


class MCPNamespace(Section):
    """The namespace of the MCP servers, and the settings of all managed namespaces."""

    name: DnsLabel | None = Field(
        None,
        description=(
            "The namespace that the chart creates for MCP servers. Only the chart reads it."
        ),
        json_schema_extra=CHART_ONLY,
    )
    network_policy: NetworkPolicy = Field(default_factory=NetworkPolicy)
    pod_security: PodSecurity = Field(default_factory=PodSecurity)


class Isolation(Section):
    """The scheduling gate that holds a new pod until its network policies exist."""

    gate: bool = Field(
        default=True,
        description="Whether new pods wait until the network policies that cover them exist.",
    )
    controller_user: SomeText | None = Field(
        None, description="The user who can remove the gate; the chart sets it."
    )
    break_glass_groups: list[str] = Field(
        ["system:masters"], description="Groups whose members can also remove the gate."
    )


class Settings(Section):
    """All settings; a value that is not set has the default of the reference."""

    mcp_namespace: MCPNamespace = Field(default_factory=MCPNamespace)
    mcp_server_defaults: MCPServerDefaults = Field(default_factory=MCPServerDefaults)
    mcp_server_maximums: MCPServerMaximums = Field(default_factory=MCPServerMaximums)
    replicas: Replicas = Field(default_factory=Replicas)
    priority_classes: PriorityClasses = Field(default_factory=PriorityClasses)
    on_conflict: Literal["deny", "override", "warn"] = Field(
        "deny",
        description=(
            "The action on a value that contradicts a rule: deny, override with a warning, or warn."
        ),
    )
    rules: Rules = Field(
        default_factory=dict,
        description="The action for single rules, by rule identifier; off disables the rule.",
    )
    service_account_tokens: ServiceAccountTokens = Field(default_factory=ServiceAccountTokens)
    secrets: Secrets = Field(default_factory=Secrets)
    isolation: Isolation = Field(default_factory=Isolation)
    platform: Literal["kubernetes", "openshift"] = Field(
        "kubernetes", description="The platform; openshift sets UID, GID and fsGroup itself."
    )
    selectors: list[Annotated[Labels, Field(json_schema_extra={"minProperties": 1})]] = Field(
        default_factory=list,
        description="More labels that make a workload an MCP server. Only the chart reads them.",
        json_schema_extra=CHART_ONLY,
    )
    excluded_namespaces: list[DnsLabel] = Field(
        default_factory=list,
        description="Namespaces that the webhook ignores. Only the chart reads them.",
        json_schema_extra=CHART_ONLY,
    )

    @cached_property
    def level(self) -> Level:
        """The Pod Security level whose rules apply."""
        return self.mcp_namespace.pod_security.level

    @cached_property
    def minor(self) -> int:
        """The Kubernetes minor whose edition of the Pod Security Standards applies."""
        return self.mcp_namespace.pod_security.minor

    @cached_property
    def openshift(self) -> bool:
        """Whether the platform chooses UID, GID and fsGroup itself."""
        return self.platform == "openshift"

    @cached_property
    def gated(self) -> bool:
        """Whether a new pod waits for its network policy."""
        return self.isolation.gate and self.mcp_namespace.network_policy.enabled


Key = tuple[str | int, ...]


def dotted(key: Key) -> str:
    """The key as people write it: `mcpServerDefaults.tolerations[0].effect`."""
    text = ""
    for step in key:
        if isinstance(step, int) or "." in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def type_at(key: Key) -> Any:
    """The type of what the settings hold at a key; None where the model has no such key."""
    held: Any = Settings
    for step in key:
        held = held_type(held, step)
    return plain_type(held)


def held_type(annotation: Any, step: str | int) -> Any:
    """The type of what a type of the model holds at a key or an index; None where nothing is."""
    plain = plain_type(annotation)
    keys = known_keys(plain)
    if keys is not None:
        return keys.get(str(step))
    if get_origin(plain) is list:
        return get_args(plain)[0]
    if get_origin(plain) is dict:
        names, held = get_args(plain)
        return held if step in (choices(names) or (step,)) else None
    return None


def plain_type(annotation: Any) -> Any:
    """A type without what is written around it: its validators, and None for "not set"."""
    if get_origin(annotation) is Annotated:
        return plain_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return plain_type(next(one for one in get_args(annotation) if one is not type(None)))
    return annotation


def section_type(annotation: Any) -> type[Section] | None:
    """The section that a type of the model is, or may be; None for other types."""
    plain = plain_type(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, Section) else None


def known_keys(annotation: Any) -> Mapping[str, Any] | None:
    """The keys of a section or a mapping of Kubernetes with their types; None for other types."""
    plain = plain_type(annotation)
    if is_typeddict(plain):
        return _hints(plain)
    section = section_type(plain)
    if section is None:
        return None
    return {str(field.alias): field.annotation for field in _fields(section)}


def choices(annotation: Any) -> tuple[Any, ...]:
    """The values that a type lists; empty where it lists none."""
    plain = plain_type(annotation)
    return get_args(plain) if get_origin(plain) is Literal else ()


@cache
def chart_only_keys() -> frozenset[str]:
    """The keys, dotted, that the chart alone reads."""
    return frozenset(_chart_only(Settings, ()))


def _chart_only(section: type[Section], key: Key) -> Iterator[str]:
    for field in _fields(section):
        inner, at = section_type(field.annotation), (*key, str(field.alias))
        extra = field.json_schema_extra
        if isinstance(extra, dict) and CHART_ONLY.items() <= extra.items():
            yield dotted(at)
        elif inner is not None:
            yield from _chart_only(inner, at)


def _fields(section: type[Section]) -> Iterable[FieldInfo]:
    return section.model_fields.values()


_hints = cache(get_type_hints)
