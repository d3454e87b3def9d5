"""The one model of what an administrator decides.

It is the settings file, the schema of the `MCPServerSettings` resource and the values of the
chart. Defaults are the reference values of a hardened MCP server deployment.
"""

from functools import cached_property
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from webhook.settings.network_peers import Cidr, EgressProfile, IngressProfile
from webhook.settings.placement import Affinity, Toleration
from webhook.settings.rule_ids import RuleId
from webhook.settings.standard import Level, PodSecurity, level, minor
from webhook.settings.text_forms import DNS_LABEL
from webhook.settings.values import (
    CHART_ONLY,
    DnsLabel,
    DnsSubdomain,
    Labels,
    LocalObjectReference,
    NamespacedName,
    Port,
    Quantities,
    Resources,
    Section,
    SomeText,
    keys_match,
)

Conflict = Literal["deny", "override", "warn"]
RuleAction = Literal["deny", "override", "warn", "off"]
Profile = TypeVar("Profile", EgressProfile, IngressProfile)
Profiles = Annotated[dict[DnsLabel, Profile], Field(json_schema_extra=keys_match(DNS_LABEL, 64))]
DEFAULT_IMAGE = "ghcr.io/obot-platform/mcp-images/phat:main"


class Gateway(Section):
    """The pods that may call MCP servers, and be called back."""

    namespace: DnsLabel | None = Field(
        None,
        description=(
            "The namespace of the pods that may call servers; not set, it is that of the release."
        ),
    )
    pod_selector: Labels = Field(
        {"mcp-admission.dev/gateway": "true"},
        description="The labels of the pods there that may call servers, and be called back.",
    )
    port: Port = Field(8080, description="The port on which servers may call them back.")


class NetworkPolicy(Section):
    """What MCP servers may reach, and who may reach them."""

    enabled: bool = Field(
        default=True,
        description=(
            "Whether servers are isolated by network policies; off also switches the gate off."
        ),
    )
    dns_namespace: DnsLabel = Field(
        "kube-system", description="The namespace in which DNS may be asked."
    )
    dns_peers: list[Cidr] = Field(
        default_factory=list,
        description=(
            "Further blocks of addresses of DNS servers, such as 169.254.20.10/32 (NodeLocal "
            "DNSCache)."
        ),
    )
    dns_ports: list[Port] = Field([53], description="The ports of DNS; OpenShift has 5353.")
    gateway: Gateway = Field(default_factory=Gateway)
    egress_ceilings: list[Cidr] = Field(
        default_factory=list,
        description="The blocks of addresses inside of which a server may ask to reach some.",
    )
    egress_profiles: Profiles[EgressProfile] = Field(
        default_factory=dict,
        description="NetworkPolicy peers and ports that a server may ask to reach, by a name.",
    )
    ingress_profiles: Profiles[IngressProfile] = Field(
        default_factory=dict,
        description=(
            "NetworkPolicy peers and ports that a server may ask to be called by, by a name."
        ),
    )


class MCPNamespace(Section):
    """The namespace of the MCP servers, and what holds in managed namespaces."""

    name: DnsLabel | None = Field(
        None,
        description="The namespace that the chart makes for MCP servers. Read by the chart alone.",
        json_schema_extra=CHART_ONLY,
    )
    network_policy: NetworkPolicy = Field(default_factory=NetworkPolicy)
    pod_security: PodSecurity = Field(default_factory=PodSecurity)


class MCPServerDefaults(Section):
    """What a server gets where it says nothing itself."""

    affinity: Affinity | None = Field(
        None, description="The affinity of servers that say nothing themselves."
    )
    tolerations: list[Toleration] | None = Field(
        None, description="The tolerations of servers that say nothing themselves."
    )
    node_selector: Labels | None = Field(
        None, description="The node selector of servers; filled in key by key."
    )
    image_pull_secrets: list[LocalObjectReference] | None = Field(
        None,
        description=(
            "Secrets with registry credentials, in the server's own namespace; added by name."
        ),
    )
    runtime_class_name: DnsSubdomain | None = Field(
        None, description="The RuntimeClass of every server; another one is refused."
    )
    resources: Resources = Field(
        Resources(requests={"memory": "400Mi"}),
        description="Requests and limits of the server container; the mapping is set as a whole.",
    )
    image: SomeText = Field(
        DEFAULT_IMAGE, description="The image of a server container that names none."
    )
    per_server: Literal["allow", "forbid"] = Field(
        "allow",
        description=(
            "forbid replaces a server's own affinity, tolerations and resources by the fleet's."
        ),
    )


class MCPServerMaximums(Section):
    """Ceilings for each resource of a container."""

    requests: Quantities = Field(
        default_factory=dict, description="Ceilings of requests by resource name; more is refused."
    )
    limits: Quantities = Field(
        default_factory=dict,
        description=(
            "Ceilings of limits by resource name; more is refused, and a container without a "
            "limit of cpu, memory or ephemeral-storage gets the ceiling."
        ),
    )


class Replicas(Section):
    """What happens to a Deployment that asks for more than one replica."""

    policy: Literal["override", "deny", "off"] = Field(
        "override",
        description=(
            "What happens to a Deployment of more than one replica: override sets 1 with a "
            "warning, deny refuses, off leaves it."
        ),
    )


class ServiceAccountTokens(Section):
    """Whether a server that asks for its ServiceAccount token may have it."""

    opted_in: Literal["allow", "forbid"] = Field(
        "allow", description="Whether a labelled server may have its token on request."
    )
    managed: Literal["allow", "forbid"] = Field(
        "forbid", description="The same in managed namespaces."
    )
    names: list[NamespacedName] = Field(
        default_factory=list,
        description="Servers, as namespace/name, that may have their token anyway.",
    )


class Isolation(Section):
    """The scheduling gate that holds a new pod until its network policy exists."""

    gate: bool = Field(
        default=True,
        description="Whether new pods wait until the network policy that covers them exists.",
    )
    controller_user: SomeText | None = Field(
        None, description="The user who may remove the gate; set by the chart."
    )
    break_glass_groups: list[str] = Field(
        ["system:masters"], description="Groups whose members may remove the gate too."
    )


class Settings(Section):
    """All settings; a value that is not set has the default of the reference."""

    mcp_namespace: MCPNamespace = Field(default_factory=MCPNamespace)
    mcp_server_defaults: MCPServerDefaults = Field(default_factory=MCPServerDefaults)
    mcp_server_maximums: MCPServerMaximums = Field(default_factory=MCPServerMaximums)
    replicas: Replicas = Field(default_factory=Replicas)
    on_conflict: Conflict = Field(
        "deny",
        description=(
            "What happens to a value that contradicts a rule: deny, override with a warning, or "
            "warn."
        ),
    )
    rules: dict[RuleId, RuleAction] = Field(
        default_factory=dict, description="The same for one rule by its identifier, or off."
    )
    service_account_tokens: ServiceAccountTokens = Field(default_factory=ServiceAccountTokens)
    isolation: Isolation = Field(default_factory=Isolation)
    platform: Literal["kubernetes", "openshift"] = Field(
        "kubernetes", description="openshift leaves UID, GID and fsGroup to the platform."
    )
    selectors: list[Annotated[Labels, Field(json_schema_extra={"minProperties": 1})]] = Field(
        default_factory=list,
        description=(
            "Labels that make a workload an MCP server without our own. Read by the chart alone."
        ),
        json_schema_extra=CHART_ONLY,
    )
    excluded_namespaces: list[DnsLabel] = Field(
        default_factory=list,
        description="Namespaces that the webhook never looks at. Read by the chart alone.",
        json_schema_extra=CHART_ONLY,
    )

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
