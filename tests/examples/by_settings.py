"""What the cluster answers under other settings, or in a managed namespace."""

from tests.examples.row import (
    CONTAINER_CONTEXT,
    MANAGED,
    POD_CONTEXT,
    SECCOMP,
    SERVER,
    TEMPLATE_NAME,
    TEMPLATE_SERVER,
    Row,
)
from tests.in_memory.places import ABSENT

NAMES_INSPECTOR = {"serviceAccountTokens": {"names": ["tools/cluster-inspector"]}}
TOLERATION = {"key": "example.com/mcp", "operator": "Exists", "effect": "NoSchedule"}
FLEET_DECIDES = {"mcpServerDefaults": {"perServer": "forbid", "tolerations": [TOLERATION]}}
SELECTED = {"selectors": [{"toolhive": "true"}]}

BY_SETTINGS = [
    Row(
        "minimal.yaml#1",
        "filled",
        {
            "securityContext": {"seccompProfile": SECCOMP},
            "containers[mcp].securityContext": {
                "allowPrivilegeEscalation": False,
                "seccompProfile": SECCOMP,
            },
        },
        case="at the level baseline",
        settings={"mcpNamespace": {"podSecurity": {"enforce": "baseline"}}},
    ),
    Row(
        "three-replicas.yaml#1",
        "filled",
        {"spec.replicas": 3},
        case="replicas are an autoscaler's",
        settings={"replicas": {"policy": "off"}},
    ),
    Row(
        "needs-service-account-token.yaml#1",
        "filled",
        {"automountServiceAccountToken": ABSENT},
        warned_by=("server-container",),
        case="in a managed namespace, listed by name",
        settings=NAMES_INSPECTOR,
        scope=MANAGED,
    ),
    Row(
        "needs-service-account-token.yaml#1",
        "filled",
        {"automountServiceAccountToken": False},
        warned_by=("server-container", "service-account-token"),
        case="in a managed namespace",
        scope=MANAGED,
    ),
    Row("already-hardened.yaml#1", "kept", case="in a managed namespace", scope=MANAGED),
    Row(
        "init-says-root.yaml#1",
        "filled",
        {"initContainers[prepare].securityContext": CONTAINER_CONTEXT},
        warned_by=("run-as-non-root", "server-container"),
        case="contradictions are overridden",
        settings={"onConflict": "override"},
    ),
    Row(
        "openshift.yaml#1",
        "filled",
        {
            "securityContext": {"runAsNonRoot": True, "seccompProfile": SECCOMP},
            "containers[server].securityContext.runAsUser": ABSENT,
            "containers[server].securityContext.capabilities": {"drop": ["ALL"]},
        },
        case="on OpenShift",
        settings={"platform": "openshift"},
    ),
    Row(
        "bare-pod-on-a-node.yaml#1",
        "filled",
        {"schedulingGates": ABSENT, "nodeName": "worker-7"},
        case="without network policies",
        settings={"mcpNamespace": {"networkPolicy": {"enabled": False}}},
    ),
    Row("operator-statefulset.yaml#1", "kept", case="selected by its label", settings=SELECTED),
    Row(
        "operator-statefulset.yaml#2",
        "filled",
        {SERVER: "true", TEMPLATE_NAME: "fetch-proxy", "securityContext": POD_CONTEXT},
        warned_by=("service-account-token",),
        case="selected by its label",
        settings=SELECTED,
    ),
    Row("labelled-cronjob.yaml#1", "kept", case="in a managed namespace", scope=MANAGED),
    Row(
        "unlabelled.yaml#1",
        "filled",
        {SERVER: "true", TEMPLATE_SERVER: "true", "securityContext": POD_CONTEXT},
        case="in a managed namespace",
        scope=MANAGED,
    ),
    Row(
        "own-placement.yaml#1",
        "filled",
        {"affinity": ABSENT, "tolerations[0].key": "node.kubernetes.io/unreachable"},
        {
            "tolerations[0].key": "node.kubernetes.io/unreachable",
            "tolerations[2]": TOLERATION,
            "containers[server].resources.requests": {"memory": "400Mi"},
        },
        warned_by=("resources", "scheduling", "scheduling"),
        case="the fleet decides",
        settings=FLEET_DECIDES,
    ),
    Row(
        "three-replicas.yaml#1",
        "refused",
        refused_by=("replicas",),
        case="more than one replica is denied",
        settings={"replicas": {"policy": "deny"}},
    ),
    Row(
        "bare-pod-sandboxed.yaml#1",
        "refused",
        refused_by=("runtime-class",),
        case="the fleet has another class",
        settings={"mcpServerDefaults": {"runtimeClassName": "kata"}},
    ),
    Row(
        "opted-out.yaml#1",
        "refused",
        refused_by=("identity",),
        case="in a managed namespace",
        scope=MANAGED,
    ),
    Row(
        "oversized.yaml#1",
        "refused",
        refused_by=("resource-ceilings", "resource-ceilings"),
        case="over the ceilings",
        settings={
            "mcpServerMaximums": {"requests": {"memory": "8Gi"}, "limits": {"memory": "16Gi"}}
        },
    ),
]
