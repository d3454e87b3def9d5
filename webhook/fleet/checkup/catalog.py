"""The tables of checks, before an installation and after it: a new check is a row here.

Rows stand in the order in which a person reads them, and the worst comes first where only a few
are shown: what nothing works without stands above what it lacks.
"""

from collections.abc import Iterable

from webhook.controller.installation import (
    CERTIFICATES_DEPLOYMENT,
    CERTIFICATES_LEASE,
    CONSOLE_DEPLOYMENT,
    CONTROL_DEPLOYMENT,
    LEASE,
    SERVE_DEPLOYMENT,
)
from webhook.fleet.checkup import before_installing as before
from webhook.fleet.checkup import processes, registered, told_certificates, told_states
from webhook.fleet.checkup.checks import Check
from webhook.fleet.checkup.readings import (
    DEPLOYMENTS,
    ENDPOINTS,
    MUTATING,
    REPLICA_SETS,
    VALIDATING,
)

CLUSTER, ENFORCEMENT, PROCESSES = "cluster", "enforcement", "processes"
SETTINGS, CERTIFICATES, SERVERS = "settings", "certificates", "servers"
REGISTRATIONS = (MUTATING, VALIDATING, DEPLOYMENTS)
TEMPLATES = (DEPLOYMENTS, REPLICA_SETS)

CHECKS_BEFORE = (
    Check("kubernetes-version", CLUSTER, ("version",), before.judge_version),
    Check("rights", CLUSTER, ("rights",), before.judge_rights),
    Check(
        "leftovers",
        CLUSTER,
        (MUTATING, VALIDATING, "policies", "settings-file"),
        before.judge_leftovers,
    ),
    Check(
        "other-webhooks",
        CLUSTER,
        ("other-mutating", "other-validating", "release-namespace"),
        before.judge_other_webhooks,
    ),
    Check(
        "pod-security",
        CLUSTER,
        ("release-namespace", "managed-namespaces"),
        before.judge_pod_security,
    ),
    Check("network-plugin", CLUSTER, ("daemonsets", "api-groups"), before.judge_network_plugin),
    Check("runtime-classes", CLUSTER, ("runtime-classes",), before.judge_runtime_classes),
    Check("cert-manager", CLUSTER, ("api-groups",), before.judge_cert_manager),
    Check("service-monitor", CLUSTER, ("api-groups",), before.judge_service_monitor),
)
"""What is asked before an installation."""

CHECKS_AFTER = (
    Check("registrations", ENFORCEMENT, REGISTRATIONS, registered.judge_registrations),
    Check("serve", PROCESSES, (DEPLOYMENTS,), processes.judge_deployment(SERVE_DEPLOYMENT)),
    Check("endpoints", PROCESSES, (ENDPOINTS,), processes.judge_endpoints),
    Check("ca-bundles", ENFORCEMENT, REGISTRATIONS, registered.judge_bundles),
    # The rest says it again, or which command mends it.
    Check("enforcing", ENFORCEMENT, (LEASE,), told_states.judge_enforcing),
    Check(
        "admission-policies",
        ENFORCEMENT,
        ("policies", "bindings", DEPLOYMENTS),
        registered.judge_policies,
    ),
    Check(
        "certificates",
        CERTIFICATES,
        (CERTIFICATES_LEASE, DEPLOYMENTS),
        told_certificates.judge_certificates,
    ),
    Check(
        "console-certificate",
        CERTIFICATES,
        (CERTIFICATES_LEASE,),
        told_certificates.judge_console_certificate,
    ),
    Check("control", PROCESSES, (DEPLOYMENTS,), processes.judge_deployment(CONTROL_DEPLOYMENT)),
    Check("control-leader", PROCESSES, (LEASE, *TEMPLATES), processes.judge_leader(LEASE)),
    Check(
        "certificates-process",
        PROCESSES,
        (DEPLOYMENTS,),
        processes.judge_deployment(CERTIFICATES_DEPLOYMENT),
    ),
    Check(
        "certificates-leader",
        PROCESSES,
        (CERTIFICATES_LEASE, *TEMPLATES),
        processes.judge_leader(CERTIFICATES_LEASE),
    ),
    Check("console", PROCESSES, (DEPLOYMENTS,), processes.judge_deployment(CONSOLE_DEPLOYMENT)),
    Check("settings", SETTINGS, (LEASE, "settings-resource"), told_states.judge_settings),
    Check("replicas", SETTINGS, (LEASE, ENDPOINTS), told_states.judge_replicas),
    Check("runtime-classes", CLUSTER, ("runtime-classes",), before.judge_runtime_classes),
    Check("servers", SERVERS, (), told_states.judge_servers),
    Check("exceptions", SERVERS, (), told_states.judge_exceptions),
)
"""What is asked after an installation, the worst first."""


def names_read(checks: Iterable[Check]) -> list[str]:
    """What these checks read, each once."""
    return list(dict.fromkeys(name for check in checks for name in check.reads))
