"""The one place that knows the installation: what its objects are called, and which are its own.

Names of objects that are made for a server, and labels and annotations of users, are in
`webhook.names`. Which namespaces the product works in depends on the settings, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webhook import names
from webhook.admission import Scope
from webhook.kube import FIELD_MANAGER, cluster_wide, namespaced
from webhook.objects import left_alone
from webhook.settings import Settings

SERVICE, NAMESPACE = names.PRODUCT, names.RELEASE_NAMESPACE
CONTROL_DEPLOYMENT, SERVE_DEPLOYMENT = "mcp-admission-control", "mcp-admission-serve"
CERTIFICATES_DEPLOYMENT, CONSOLE_DEPLOYMENT = "mcp-admission-certificates", "mcp-admission-console"
CONTROL_PODS = "app.kubernetes.io/name=mcp-admission,app.kubernetes.io/component=control"
CERTIFICATES_PODS = "app.kubernetes.io/name=mcp-admission,app.kubernetes.io/component=certificates"
LEASE, CERTIFICATES_LEASE = CONTROL_DEPLOYMENT, CERTIFICATES_DEPLOYMENT
SAID_CERTIFICATES, SAID_REPLICAS = names.PREFIX + "certificates", names.PREFIX + "replicas"
SAID_ENFORCING, SAID_CONSOLE = names.PREFIX + "enforcing", names.PREFIX + "console-certificate"
"""Annotations of the Leases: what the leader has seen last, as JSON."""
CERTIFICATE_MODES = ("own", "cert-manager", "bring-your-own")
AUTHORITY_SECRET, SERVING_SECRET = "mcp-admission-ca", "mcp-admission-tls"
CONSOLE_SECRETS = ("mcp-admission-console-ca", "mcp-admission-console-tls")
SETTINGS_CONFIG_MAP, LOCKED_CONFIG_MAP = "mcp-admission-settings", "mcp-admission-locked"
REGISTRATIONS_CONFIG_MAP = "mcp-admission-registrations"
WEBHOOK_CONFIGURATION = names.PRODUCT
WEBHOOK_CONFIGURATIONS = {
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
    "ValidatingWebhookConfiguration": "validatingwebhookconfigurations",
}
ADMISSION_POLICIES = (
    "mcp-admission-managed-label",
    "mcp-admission-authors",
    "mcp-admission-owned-objects",
    "mcp-admission-certificates",
    "mcp-admission-control-fields",
    "mcp-admission-control-objects",
    "mcp-admission-control-own",
)

OWN_LABELS = {names.MANAGED_BY: names.PRODUCT}
OWN = f"{names.MANAGED_BY}={names.PRODUCT}"
NOT_OWN = f"{names.MANAGED_BY}!={names.PRODUCT}"
OWN_FIELD_MANAGER = FIELD_MANAGER["fieldManager"]
EVENT_CONTROLLER = "mcp-admission.dev/control"


@dataclass(frozen=True)
class Installation:
    """One installation: its Service, and the name of its webhook configurations."""

    service: str = SERVICE
    namespace: str = NAMESPACE
    configuration: str = WEBHOOK_CONFIGURATION

    @property
    def host(self) -> str:
        """The name under which API servers call the Service."""
        return f"{self.service}.{self.namespace}.svc"

    def secret(self, name: str) -> str:
        """The path of a Secret beside the Service."""
        return namespaced("v1", "secrets", self.namespace, name)

    def configurations(self) -> dict[str, str]:
        """Kind and path of the webhook configurations."""
        version = "admissionregistration.k8s.io/v1"
        return {
            kind: cluster_wide(version, resource, self.configuration)
            for kind, resource in WEBHOOK_CONFIGURATIONS.items()
        }


class NamespaceRules:
    """Which namespaces the product leaves alone, and in which every workload is a server."""

    def __init__(self, settings: Settings, release_namespace: str) -> None:
        self._left_alone = left_alone(settings, release_namespace)

    def leaves_alone(self, namespace: str) -> bool:
        """Whether nothing in the namespace is reviewed or made."""
        return namespace in self._left_alone

    def scope(self, namespace: str, *, managed: bool) -> Scope:
        """Which workloads of the namespace are servers; `managed` is what its label says."""
        return Scope.MANAGED if managed and not self.leaves_alone(namespace) else Scope.OPTED_IN


def is_managed(labels: Mapping[str, str]) -> bool:
    """Whether the labels of a namespace ask that everything in it is a server."""
    return labels.get(names.MANAGED) == "true"


def is_own(metadata: Mapping[str, object]) -> bool:
    """Whether an object has the label of what the product wrote, which users can write, too."""
    labels = metadata.get("labels")
    return isinstance(labels, Mapping) and OWN_LABELS.items() <= labels.items()


def kept_to(control: Mapping[str, Any]) -> frozenset[str]:
    """The namespaces to which a controller is kept, by its Deployment; none for all."""
    (container, *_) = control["spec"]["template"]["spec"]["containers"]
    option = "--namespace="
    given = container.get("args") or []
    return frozenset(each.removeprefix(option) for each in given if each.startswith(option))
