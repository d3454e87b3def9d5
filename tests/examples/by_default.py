"""What the cluster answers where the settings say nothing and the namespace is not managed."""

from tests.examples.row import (
    CONTAINER_CONTEXT,
    NAME,
    POD_CONTEXT,
    SECCOMP,
    TEMPLATE_NAME,
    TEMPLATE_SERVER,
    Row,
)
from tests.in_memory.places import ABSENT

BY_DEFAULT = [
    Row(
        "minimal.yaml#1",
        "filled",
        {
            "spec.replicas": 1,
            TEMPLATE_SERVER: "true",
            TEMPLATE_NAME: "everything-server",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": POD_CONTEXT,
            "containers[mcp].securityContext": CONTAINER_CONTEXT,
            "containers[mcp].imagePullPolicy": "Always",
        },
        {"containers[mcp].resources": {"requests": {"memory": "400Mi"}}},
    ),
    Row(
        "scratch-image-uid-0.yaml#1",
        "filled",
        {
            "securityContext": POD_CONTEXT,
            "containers[notes].securityContext": {
                **CONTAINER_CONTEXT,
                "readOnlyRootFilesystem": True,
            },
        },
    ),
    Row(
        "hpa.yaml#1",
        "filled",
        {
            "spec.replicas": 1,
            "securityContext": POD_CONTEXT,
            "containers[mcp-server].securityContext": CONTAINER_CONTEXT,
            "containers[mcp-server].imagePullPolicy": "Always",
        },
        {"containers[mcp-server].resources.requests.memory": "400Mi"},
    ),
    Row("hpa.yaml#2", "passes", {"spec.maxReplicas": 100}),
    Row("caller.yaml#1", "passes", {"spec.automountServiceAccountToken": False}),
    Row(
        "three-replicas.yaml#1",
        "filled",
        {
            "spec.replicas": 1,
            "securityContext.runAsUser": 65534,
            "securityContext.seccompProfile": SECCOMP,
            "containers[server].securityContext.runAsUser": 65534,
            "containers[server].securityContext.runAsGroup": 65534,
            "containers[server].resources.requests": {"cpu": "50m", "memory": "64Mi"},
        },
        warned_by=("replicas",),
    ),
    Row(
        "needs-service-account-token.yaml#1",
        "filled",
        {
            "automountServiceAccountToken": ABSENT,
            "spec.template.metadata.annotations[mcp-admission.dev/service-account-token]": "true",
            "securityContext.runAsUser": 1000,
            "containers[audit-log].securityContext": CONTAINER_CONTEXT,
            "containers[server].resources.requests.memory": "128Mi",
            "containers[audit-log].resources.requests": ABSENT,
        },
        warned_by=("server-container",),
    ),
    Row(
        "in-cluster-client.yaml#1",
        "filled",
        {
            "securityContext": POD_CONTEXT,
            "containers[metrics-query].securityContext": {
                **CONTAINER_CONTEXT,
                "readOnlyRootFilesystem": True,
            },
        },
        {"containers[metrics-query].resources.requests": {"memory": "400Mi"}},
    ),
    Row(
        "stricter-uid.yaml#1",
        "filled",
        {
            "securityContext.runAsUser": 1001,
            "securityContext.fsGroup": 1000,
            "containers[fast-time].securityContext.runAsUser": 1001,
            "containers[fast-time].resources.requests.memory": "16Mi",
        },
    ),
    Row("already-hardened.yaml#1", "kept"),
    Row(
        "group-zero.yaml#1",
        "filled",
        {
            "securityContext": {**POD_CONTEXT, "runAsGroup": 0},
            "containers[server].securityContext.runAsGroup": 0,
            "containers[server].resources.limits.memory": "512Mi",
        },
    ),
    Row("group-zero.yaml#2", "passes"),
    Row(
        "init-and-sidecars.yaml#1",
        "filled",
        {
            "initContainers[fetch-catalog].securityContext": CONTAINER_CONTEXT,
            "initContainers[log-forwarder].securityContext": CONTAINER_CONTEXT,
            "initContainers[log-forwarder].restartPolicy": "Always",
            "initContainers[log-forwarder].imagePullPolicy": "Always",
            "containers[watcher].securityContext": CONTAINER_CONTEXT,
            "containers[watcher].envFrom": ABSENT,
            "containers[watcher].resources.requests": ABSENT,
            "containers[gateway].securityContext": CONTAINER_CONTEXT,
            "containers[gateway].envFrom": [{"secretRef": {"name": "tool-gateway"}}],
        },
        {"containers[gateway].resources.requests": {"memory": "400Mi"}},
    ),
    Row(
        "npx-bridge.yaml#1",
        "filled",
        {
            "containers[bridge].securityContext": CONTAINER_CONTEXT,
            "containers[bridge].envFrom": [{"secretRef": {"name": "issues-bridge"}}],
        },
    ),
    Row(
        "openshift.yaml#1",
        "filled",
        {
            "securityContext": POD_CONTEXT,
            "containers[server].securityContext": CONTAINER_CONTEXT,
        },
    ),
    Row(
        "empty-contexts.yaml#1",
        "filled",
        {
            "securityContext": POD_CONTEXT,
            "containers[dashboards].securityContext": CONTAINER_CONTEXT,
            "containers[dashboards].envFrom": [{"secretRef": {"name": "dashboards"}}],
            "containers[dashboards].resources.requests.memory": "128Mi",
        },
    ),
    Row(
        "cloud-identity.yaml#1",
        "filled",
        {"serviceAccountName": "incident-reader", "automountServiceAccountToken": False},
        warned_by=("service-account-token",),
    ),
    Row("cloud-identity.yaml#2", "passes"),
    Row("two-ports.yaml#1", "filled", {"securityContext": POD_CONTEXT}),
    Row("two-ports.yaml#2", "passes"),
    Row(
        "config-and-files.yaml#1",
        "filled",
        {
            "containers[server].envFrom": [{"secretRef": {"name": "crm-bridge-mcp-config"}}],
            "containers[server].volumeMounts": [
                {"name": "mcp-files", "mountPath": "/files", "readOnly": True}
            ],
            "volumes[mcp-files].secret.secretName": "crm-bridge-mcp-files",
        },
    ),
    Row(
        "bare-pod-sandboxed.yaml#1",
        "filled",
        {
            "runtimeClassName": "gvisor",
            "schedulingGates": [{"name": "mcp-admission.dev/isolation"}],
            NAME: "hello-sandbox",
            "volumes": ABSENT,
            "containers[hello].resources.requests": {"memory": "64Mi"},
        },
    ),
    Row("operator-statefulset.yaml#1", "passes"),
    Row("operator-statefulset.yaml#2", "passes"),
    Row(
        "operator-owned.yaml#1",
        "filled",
        {
            "initContainers[copy-transport].securityContext": CONTAINER_CONTEXT,
            "containers[mcp-server].securityContext": CONTAINER_CONTEXT,
        },
    ),
    Row(
        "privileged-image-builder-job.yaml#1",
        "kept",
        warned_by=("privileged", "privilege-escalation", "host-path"),
        pods_refused_by=("privileged", "privilege-escalation", "host-path"),
    ),
    Row(
        "node-inspector-daemonset.yaml#1",
        "kept",
        warned_by=("host-namespaces", "host-namespaces", "host-path", "host-ports"),
        pods_refused_by=("host-namespaces", "host-namespaces", "host-path", "host-ports"),
    ),
    Row("labelled-cronjob.yaml#1", "kept", warned_by=("identity",)),
    Row("unlabelled.yaml#1", "passes", {"spec.template.spec.securityContext.runAsUser": ABSENT}),
    Row("opted-out.yaml#1", "passes", {"containers[server].securityContext": {"runAsUser": 0}}),
    Row(
        "base-image.yaml#1",
        "filled",
        {"containers[server].image": "ghcr.io/obot-platform/mcp-images/phat:main"},
    ),
    Row(
        "oversized.yaml#1",
        "filled",
        {"containers[server].resources.limits.memory": "64Gi"},
    ),
    Row(
        "own-placement.yaml#1",
        "filled",
        {"tolerations[0].key": "example.com/accelerator"},
    ),
    Row(
        "contradictory-bridge.yaml#1",
        "refused",
        refused_by=("run-as-user", "privilege-escalation", "capabilities", "capabilities"),
    ),
    Row(
        "init-says-root.yaml#1",
        "refused",
        refused_by=("run-as-non-root",),
        warned_by=("server-container",),
    ),
    Row(
        "token-without-asking.yaml#1",
        "refused",
        refused_by=("service-account-token", "service-account-token"),
    ),
    Row("files-taken.yaml#1", "refused", refused_by=("config-files",)),
    Row("bare-pod-config-from.yaml#1", "refused", refused_by=("annotations",)),
    Row("bare-pod-on-a-node.yaml#1", "refused", refused_by=("isolation-gate",)),
]
