"""The one model of what an administrator decides.

It is the settings file, the schema of the `MCPServerSettings` resource and the values of the
chart. Defaults are the reference values of a hardened MCP server deployment.
"""

from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from webhook.settings import tolerations
from webhook.settings.rule_ids import RuleId
from webhook.settings.standard import Level, LevelName, VersionName, level, minor
from webhook.settings.values import (
    Cidr,
    DnsLabel,
    DnsSubdomain,
    Labels,
    NamespacedName,
    NodeAffinity,
    Peers,
    PodAffinity,
    PolicyPort,
    Port,
    Quantities,
    SomeText,
)

Conflict = Literal["deny", "override", "warn"]
RuleAction = Literal["deny", "override", "warn", "off"]
DEFAULT_IMAGE = "ghcr.io/obot-platform/mcp-images/phat:main"


class Section(BaseModel):
    """A group of keys; layers merge inside it, key by key."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        populate_by_name=False,
        strict=True,
        ignored_types=(cached_property,),
    )

    def __hash__(self) -> int:
        return id(self)


class Value(Section):
    """A structured value; the highest layer that sets it replaces it as a whole."""


class Resources(Value):
    """Requests and limits of a container, by resource name."""

    requests: Quantities = Field(default_factory=dict)
    limits: Quantities = Field(default_factory=dict)


class Affinity(Value):
    """A pod's affinity, handed through as it is."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class Toleration(Value):
    """A pod's toleration of a taint."""

    key: str | None = None
    operator: Literal["Equal", "Exists", "Lt", "Gt"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        tolerations.check(self.key, self.operator, self.value, self.effect, self.toleration_seconds)
        return self


class LocalObjectReference(Value):
    """The name of a Secret in the pod's own namespace."""

    name: DnsSubdomain


class Gateway(Section):
    """The pods that may call MCP servers, and be called back."""

    namespace: DnsLabel | None = None
    pod_selector: Labels = Field(default={"mcp-admission.dev/gateway": "true"})
    port: Port = 8080


class EgressProfile(Value):
    """NetworkPolicy peers and ports that a server may ask for by name."""

    to: Peers
    ports: list[PolicyPort] = Field(default_factory=list)


class IngressProfile(Value):
    """NetworkPolicy peers and ports that may call a server which asks for them by name."""

    from_: Peers = Field(alias="from")
    ports: list[PolicyPort] = Field(default_factory=list)


class NetworkPolicy(Section):
    """What MCP servers may reach, and who may reach them."""

    enabled: bool = True
    dns_namespace: DnsLabel = "kube-system"
    dns_peers: list[Cidr] = Field(default_factory=list)
    dns_ports: list[Port] = Field(default=[53])
    gateway: Gateway = Field(default_factory=Gateway)
    egress_ceilings: list[Cidr] = Field(default_factory=list)
    egress_profiles: dict[DnsLabel, EgressProfile] = Field(default_factory=dict)
    ingress_profiles: dict[DnsLabel, IngressProfile] = Field(default_factory=dict)


class PodSecurity(Section):
    """Pod Security Standards of managed namespaces; `enforce` also decides what the rules ask."""

    enabled: bool = True
    enforce: LevelName = "restricted"
    enforce_version: VersionName = "latest"
    audit: LevelName = "restricted"
    audit_version: VersionName = "latest"
    warn: LevelName = "restricted"
    warn_version: VersionName = "latest"


class MCPNamespace(Section):
    """The namespace of the MCP servers, and what holds in managed namespaces."""

    name: DnsLabel | None = None
    network_policy: NetworkPolicy = Field(default_factory=NetworkPolicy)
    pod_security: PodSecurity = Field(default_factory=PodSecurity)


class MCPServerDefaults(Section):
    """What a server gets where it says nothing itself."""

    affinity: Affinity | None = None
    tolerations: list[Toleration] | None = None
    node_selector: Labels | None = None
    image_pull_secrets: list[LocalObjectReference] | None = None
    runtime_class_name: DnsSubdomain | None = None
    resources: Resources = Field(default=Resources(requests={"memory": "400Mi"}))
    image: SomeText = DEFAULT_IMAGE
    per_server: Literal["allow", "forbid"] = "allow"


class MCPServerMaximums(Section):
    """Ceilings for each resource of a container."""

    requests: Quantities = Field(default_factory=dict)
    limits: Quantities = Field(default_factory=dict)


class Replicas(Section):
    """What happens to a Deployment that asks for more than one replica."""

    policy: Literal["override", "deny", "off"] = "override"


class ServiceAccountTokens(Section):
    """Whether a server that asks for its ServiceAccount token may have it."""

    opted_in: Literal["allow", "forbid"] = "allow"
    managed: Literal["allow", "forbid"] = "forbid"
    names: list[NamespacedName] = Field(default_factory=list)


class Isolation(Section):
    """The scheduling gate that holds a new pod until its network policy exists."""

    gate: bool = True
    controller_user: SomeText | None = None
    break_glass_groups: list[str] = Field(default=["system:masters"])


class Settings(Section):
    """All settings; a value that is not set has the default of the reference."""

    mcp_namespace: MCPNamespace = Field(default_factory=MCPNamespace)
    mcp_server_defaults: MCPServerDefaults = Field(default_factory=MCPServerDefaults)
    mcp_server_maximums: MCPServerMaximums = Field(default_factory=MCPServerMaximums)
    replicas: Replicas = Field(default_factory=Replicas)
    on_conflict: Conflict = "deny"
    rules: dict[RuleId, RuleAction] = Field(default_factory=dict)
    service_account_tokens: ServiceAccountTokens = Field(default_factory=ServiceAccountTokens)
    isolation: Isolation = Field(default_factory=Isolation)
    platform: Literal["kubernetes", "openshift"] = "kubernetes"
    selectors: list[Labels] = Field(default_factory=list)
    excluded_namespaces: list[DnsLabel] = Field(default_factory=list)

    @cached_property
    def level(self) -> Level:
        """The Pod Security level whose rules apply."""
        return level(self.mcp_namespace.pod_security.enforce)

    @cached_property
    def minor(self) -> int:
        """The Kubernetes minor whose edition of the Pod Security Standards applies."""
        return minor(self.mcp_namespace.pod_security.enforce_version)

    @cached_property
    def openshift(self) -> bool:
        """Whether the platform chooses UID, GID and fsGroup itself."""
        return self.platform == "openshift"

    @cached_property
    def gated(self) -> bool:
        """Whether a new pod waits for its network policy."""
        return self.isolation.gate and self.mcp_namespace.network_policy.enabled
