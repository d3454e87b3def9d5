"""The one model of what an administrator decides.

It is the settings file, the schema of the `MCPServerSettings` resource and the values of the
chart. Defaults are the reference values of a hardened MCP server deployment.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PrivateAttr

from webhook.settings.network_settings import NetworkPolicy
from webhook.settings.rule_settings import (
    REPLACED_BY_DEFAULT,
    Level,
    PodSecurity,
    PriorityClasses,
    Replicas,
    RuleAction,
    RuleId,
    Rules,
    Secrets,
    ServiceAccountTokens,
)
from webhook.settings.server_defaults import MCPServerDefaults, MCPServerMaximums
from webhook.settings.server_exception import ServerException
from webhook.settings.values import (
    CHART_ONLY,
    CLUSTER_ONLY,
    DnsLabel,
    Labels,
    Section,
    SomeText,
)

Mode = Literal["observe", "warn", "enforce"]
MODES: tuple[Mode, ...] = get_args(Mode)
"""From the most lenient to the strictest."""


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
        None,
        description="The user who can remove the gate; the chart sets it.",
        json_schema_extra=CLUSTER_ONLY,
    )
    break_glass_groups: list[str] = Field(
        ["system:masters"], description="Groups whose members can also remove the gate."
    )


class Exceptions(Section):
    """The exceptions that can be granted to single workloads."""

    longest_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="The longest time, in days, after which an exception ends.",
        json_schema_extra=CLUSTER_ONLY,
    )


class Settings(Section):
    """All settings; a value that is not set has the default of the reference."""

    mode: Mode = Field(
        "enforce",
        description=(
            "What becomes of findings: enforce fills in and refuses, warn tells the user what "
            "enforce would do, observe records it for the administrator alone."
        ),
    )
    fill_in: Literal["templates", "pods"] = Field(
        "templates",
        description=(
            "Where absent fields are filled in: in the templates of Deployments, or in their pods "
            "alone, so that a Deployment stays as its author wrote it."
        ),
    )
    delegated: list[SomeText] = Field(
        default_factory=list,
        description=(
            "Keys that the settings of a namespace can change in any direction; without it, they "
            "can only be stricter."
        ),
        json_schema_extra=CLUSTER_ONLY,
    )
    exceptions: Exceptions = Field(default_factory=Exceptions)
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

    _exceptions: Mapping[str, tuple[ServerException, ...]] = PrivateAttr(default_factory=dict)

    def with_exceptions(self, granted: Iterable[ServerException]) -> "Settings":
        """These settings, beside exceptions that were granted in a namespace."""
        by_workload: dict[str, tuple[ServerException, ...]] = {}
        for each in granted:
            by_workload[each.workload] = (*by_workload.get(each.workload, ()), each)
        copy = self.model_copy()
        copy._exceptions = by_workload  # noqa: SLF001 - of its own class
        return copy

    def exceptions_of(self, workload: str) -> tuple[ServerException, ...]:
        """The exceptions that were granted to the workload of this name."""
        return self._exceptions.get(workload, ())

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What reviews derive from these settings once, by its name; it lasts as long as they."""
        return {}

    @cached_property
    def granted(self) -> Mapping[str, tuple[ServerException, ...]]:
        """All exceptions in the namespace, by the names of their workloads."""
        return self._exceptions

    def conflict_action(self, rule: RuleId) -> RuleAction:
        """What happens to a value that contradicts a rule: its own setting, else its default."""
        if rule in self.rules:
            return self.rules[rule]
        if rule == "replicas":
            return self.replicas.policy
        return "override" if rule in REPLACED_BY_DEFAULT else self.on_conflict

    @property
    def enforced(self) -> bool:
        """Whether servers are filled in, refused, isolated and gated."""
        return self.mode == "enforce"

    @property
    def fills_templates(self) -> bool:
        """Whether Deployments are filled in, and not only their pods."""
        return self.fill_in == "templates"

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
