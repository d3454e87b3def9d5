"""What settings say to the rules: their identifiers and actions, and the Pod Security level.

The identifiers stand below the rules so that settings can check them. The registry of the rules
refuses to be imported when the two differ.
"""

from enum import IntEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from webhook.settings.values import (
    POD_SECURITY_VERSION,
    DnsSubdomain,
    NamespacedName,
    Section,
)

RuleAction = Literal["deny", "override", "warn", "off"]
RuleId = Literal[
    "annotations",
    "server-container",
    "identity",
    "host-namespaces",
    "privileged",
    "run-as-non-root",
    "run-as-user",
    "seccomp-profile",
    "privilege-escalation",
    "capabilities",
    "host-path",
    "volume-types",
    "host-ports",
    "proc-mount",
    "apparmor",
    "selinux",
    "sysctls",
    "windows-host-process",
    "probe-hosts",
    "service-account-token",
    "runtime-class",
    "image-pull-policy",
    "service-links",
    "base-image",
    "replicas",
    "resources",
    "resource-ceilings",
    "scheduling",
    "tolerations",
    "priority-class",
    "image-pull-secrets",
    "config-env",
    "config-files",
    "isolation-gate",
]

Rules = dict[RuleId, RuleAction]

# What they refuse cannot be taken away or replaced.
NOT_OVERRIDABLE: frozenset[RuleId] = frozenset(
    {
        "annotations",
        "server-container",
        "host-path",
        "volume-types",
        "service-account-token",
        "config-files",
        "priority-class",
    }
)

# What all other rules are built on: no workload is let off them.
NOT_EXCEPTABLE: frozenset[RuleId] = frozenset({"annotations", "identity", "isolation-gate"})

# A server's own value is replaced, whatever onConflict says.
REPLACED_BY_DEFAULT: frozenset[RuleId] = frozenset({"resources", "scheduling"})

LevelName = Literal["privileged", "baseline", "restricted"]
OLDEST_MINOR, NEWEST_MINOR = 25, 37
VERSIONS = ("latest", *(f"v1.{minor}" for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1)))


def _no_number(value: Any) -> Any:
    """1.30 without quotes is the number 1.3 in YAML; raises ValueError for numbers."""
    if isinstance(value, int | float):
        raise ValueError(f"{value} is a number: write v1.30, with its v, or latest")  # noqa: TRY004
    return value


VersionName = Annotated[str, Field(pattern=POD_SECURITY_VERSION), BeforeValidator(_no_number)]


class Level(IntEnum):
    """How much a namespace asks of its pods; a higher level includes the lower ones."""

    PRIVILEGED = 0
    BASELINE = 1
    RESTRICTED = 2


class PodSecurity(Section):
    """The Pod Security Standards of managed namespaces."""

    enabled: bool = Field(
        default=True, description="Whether managed namespaces get the six Pod Security labels."
    )
    enforce: LevelName = Field(
        "restricted",
        description=(
            "The enforced Pod Security level; it also decides which rules apply to servers."
        ),
    )
    enforce_version: VersionName = Field(
        "latest", description="The version of the enforced level; the rules follow it too."
    )
    audit: LevelName = Field(
        "restricted", description="The audited Pod Security level; it only sets a label."
    )
    audit_version: VersionName = Field(
        "latest", description="The version of the audited level; it only sets a label."
    )
    warn: LevelName = Field(
        "restricted", description="The Pod Security level for warnings; it only sets a label."
    )
    warn_version: VersionName = Field(
        "latest", description="The version of the level for warnings; it only sets a label."
    )

    @cached_property
    def level(self) -> Level:
        """The enforced level."""
        return level(self.enforce)

    @cached_property
    def minor(self) -> int:
        """The Kubernetes minor whose edition of the Standards is enforced."""
        return minor(self.enforce_version)


def level(name: LevelName) -> Level:
    """The level that a namespace label names."""
    return Level[name.upper()]


def minor(version: str) -> int:
    """The Kubernetes minor that a version label names; `latest` is the newest one known here."""
    return NEWEST_MINOR if version == "latest" else int(version.removeprefix("v1."))


class Replicas(Section):
    """The action on a Deployment with more than one replica."""

    policy: Literal["override", "deny", "off"] = Field(
        "override",
        description=(
            "The action on a Deployment with more than one replica: override sets 1 and warns, "
            "deny refuses, off does nothing."
        ),
    )


class PriorityClasses(Section):
    """The priority classes of servers."""

    allowed: list[DnsSubdomain] = Field(
        default_factory=list,
        description=(
            "Priority classes that servers can name although they preempt, or are the system's; "
            "the cluster's default class and those that never preempt need no entry."
        ),
    )


class Secrets(Section):
    """The Secrets of users that the controller reads."""

    copied: bool = Field(
        default=True,
        alias="copy",
        description=(
            "Whether servers can get copies of a Secret by config-from. false in the chart takes "
            "every right on Secrets of servers away from the controller."
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
