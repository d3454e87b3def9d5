"""The identifiers of all rules: what `rules.<rule id>` in the settings may name.

They stand below the rules so that the settings can check them; the registry of the rules refuses
to be imported when the two differ.
"""

from typing import Literal

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
    "image-pull-secrets",
    "config-env",
    "config-files",
    "isolation-gate",
]

# What they refuse cannot be taken away or replaced.
NOT_OVERRIDABLE: frozenset[RuleId] = frozenset(
    {
        "annotations",
        "server-container",
        "host-path",
        "volume-types",
        "service-account-token",
        "config-files",
    }
)
