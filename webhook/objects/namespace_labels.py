"""The six Pod Security labels of a managed namespace, as one part of a Namespace.

Made      for managed namespaces while mcpNamespace.podSecurity.enabled, again when they drift
Never     on kube-system, the release namespace or one that the settings exclude: the webhook does
          not look there, and pods that were there before would be refused
"""

from typing import Any

from webhook.settings.model import Settings
from webhook.settings.standard import PodSecurity

Json = dict[str, Any]
PREFIX = "pod-security.kubernetes.io/"
KUBE_SYSTEM = "kube-system"


def left_alone(settings: Settings, release_namespace: str) -> frozenset[str]:
    """The namespaces in which nothing is reviewed or made."""
    return frozenset({KUBE_SYSTEM, release_namespace, *settings.excluded_namespaces})


def namespace_labels(namespace: str, settings: Settings, release_namespace: str) -> Json | None:
    """The part of a managed Namespace that is ours; None where none of it is."""
    pod_security = settings.mcp_namespace.pod_security
    if not pod_security.enabled or namespace in left_alone(settings, release_namespace):
        return None
    metadata = {"name": namespace, "labels": labels(pod_security)}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def labels(pod_security: PodSecurity) -> dict[str, str]:
    """The six labels and their values."""
    return {
        f"{PREFIX}enforce": pod_security.enforce,
        f"{PREFIX}enforce-version": pod_security.enforce_version,
        f"{PREFIX}audit": pod_security.audit,
        f"{PREFIX}audit-version": pod_security.audit_version,
        f"{PREFIX}warn": pod_security.warn,
        f"{PREFIX}warn-version": pod_security.warn_version,
    }
