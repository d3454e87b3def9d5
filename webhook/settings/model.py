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
    """The pods that can call MCP servers, and that servers can call."""

    namespace: DnsLabel | None = Field(
        None,
        description=(
            "The namespace of the pods that can call servers; the namespace of the release if not "
            "set."
        ),
    )
    pod_selector: Labels = Field(
        {"mcp-admission.dev/gateway": "true"},
        description="The labels of the pods that can call servers, and that servers can call.",
    )
    port: Port = Field(8080, description="The port of these pods that servers can call.")


class NetworkPolicy(Section):
    """What MCP servers can reach, and what can reach them."""

    enabled: bool = Field(
        default=True,
        description=(
            "Whether servers are isolated by network policies; off also switches the gate off."
        ),
    )
    dns_namespace: DnsLabel = Field(
        "kube-system", description="The namespace of the DNS servers that servers can query."
    )
    dns_peers: list[Cidr] = Field(
        default_factory=list,
        description=(
            "CIDR blocks of more DNS servers, such as 169.254.20.10/32 (NodeLocal DNSCache)."
        ),
    )
    dns_ports: list[Port] = Field([53], description="The ports of DNS; OpenShift has 5353.")
    gateway: Gateway = Field(default_factory=Gateway)
    egress_ceilings: list[Cidr] = Field(
        default_factory=list,
        description="CIDR blocks; a server can request egress to addresses inside them.",
    )
    egress_profiles: Profiles[EgressProfile] = Field(
        default_factory=dict,
        description=(
            "Named NetworkPolicy peers and ports; a server can request egress to them by name."
        ),
    )
    ingress_profiles: Profiles[IngressProfile] = Field(
        default_factory=dict,
        description=(
            "Named NetworkPolicy peers and ports; a server can request ingress from them by name."
        ),
    )


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


class MCPServerDefaults(Section):
    """What servers get that they do not set."""

    affinity: Affinity | None = Field(None, description="The affinity of servers that set none.")
    tolerations: list[Toleration] | None = Field(
        None, description="The tolerations of servers that set none."
    )
    node_selector: Labels | None = Field(
        None, description="The node selector of servers; each key is added to servers that lack it."
    )
    image_pull_secrets: list[LocalObjectReference] | None = Field(
        None,
        description=(
            "Secrets with registry credentials in the server's own namespace; each is added to "
            "servers that lack it."
        ),
    )
    runtime_class_name: DnsSubdomain | None = Field(
        None, description="The RuntimeClass of every server; a server with another one is refused."
    )
    resources: Resources = Field(
        Resources(requests={"memory": "400Mi"}),
        description=(
            "Requests and limits of the server container; one value that is replaced as a whole."
        ),
    )
    image: SomeText = Field(
        DEFAULT_IMAGE, description="The image of a server container that sets none."
    )
    per_server: Literal["allow", "forbid"] = Field(
        "allow",
        description=(
            "Whether a server can set its own affinity, tolerations and resources; forbid "
            "replaces them by these."
        ),
    )


class MCPServerMaximums(Section):
    """Maximum requests and limits of a container."""

    requests: Quantities = Field(
        default_factory=dict, description="Maximum requests by resource name; more is refused."
    )
    limits: Quantities = Field(
        default_factory=dict,
        description=(
            "Maximum limits by resource name; more is refused. A container without a limit of "
            "cpu, memory or ephemeral-storage gets the maximum."
        ),
    )


class Replicas(Section):
    """The action on a Deployment with more than one replica."""

    policy: Literal["override", "deny", "off"] = Field(
        "override",
        description=(
            "The action on a Deployment with more than one replica: override sets 1 and warns, "
            "deny refuses, off does nothing."
        ),
    )


class ServiceAccountTokens(Section):
    """Which servers get their ServiceAccount token on request."""

    opted_in: Literal["allow", "forbid"] = Field(
        "allow", description="Whether a labelled server gets its ServiceAccount token on request."
    )
    managed: Literal["allow", "forbid"] = Field(
        "forbid",
        description=(
            "Whether a server in a managed namespace gets its ServiceAccount token on request."
        ),
    )
    names: list[NamespacedName] = Field(
        default_factory=list,
        description="Servers, as namespace/name, that always get their token on request.",
    )


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
    on_conflict: Conflict = Field(
        "deny",
        description=(
            "The action on a value that contradicts a rule: deny, override with a warning, or warn."
        ),
    )
    rules: dict[RuleId, RuleAction] = Field(
        default_factory=dict,
        description="The action for single rules, by rule identifier; off disables the rule.",
    )
    service_account_tokens: ServiceAccountTokens = Field(default_factory=ServiceAccountTokens)
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
