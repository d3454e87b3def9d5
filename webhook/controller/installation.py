"""Where a cluster keeps what the certificates of one installation are about."""

from dataclasses import dataclass

from webhook.kube.api_request import cluster_wide, namespaced

AUTHORITY_SECRET, SERVING_SECRET = "mcp-admission-ca", "mcp-admission-tls"
CONFIGURATIONS = {
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
    "ValidatingWebhookConfiguration": "validatingwebhookconfigurations",
}


@dataclass(frozen=True)
class Installation:
    """One installation: its Service, and the name of its webhook configurations."""

    service: str
    namespace: str
    configuration: str = "mcp-admission"

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
            for kind, resource in CONFIGURATIONS.items()
        }
