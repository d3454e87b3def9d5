"""Which container of a pod is the MCP server: one choice, for the rules and for the Service.

Each of these narrows the regular containers down, where it fits any of those that are left:

1. the annotation mcp-admission.dev/container, which must fit
2. on a pod, the container that was the server when we filled in the pod or its template: a
   container that is added afterwards, at any place, does not change the server
3. a port named mcp
4. the annotation kubectl.kubernetes.io/default-container of the pod or its template
5. the names of known sidecars, which are left out

Where several are left, the first is a guess. Native sidecars are init containers, and debugging
containers are ephemeral ones: neither is ever the server.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from webhook.pods.fields import Fields

PORT = "mcp"
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"

# The containers that other products add to pods, and the repository that names them so.
SIDECARS = {
    "azwi-proxy": "Azure/azure-workload-identity",
    "cloud-sql-proxy": "GoogleCloudPlatform/cloud-sql-proxy, in its examples",
    "consul-connect-envoy-sidecar": "hashicorp/consul-k8s, its oldest versions",
    "consul-dataplane": "hashicorp/consul-k8s",
    "daprd": "dapr/dapr",
    "datadog-agent-injected": "DataDog/datadog-agent",
    "envoy": "aws/aws-app-mesh-controller-for-k8s, openservicemesh/osm",
    "envoy-sidecar": "hashicorp/consul-k8s, before 1.0",
    "gke-gcsfuse-sidecar": "GoogleCloudPlatform/gcs-fuse-csi-driver",
    "istio-proxy": "istio/istio",
    "jaeger-agent": "jaegertracing/jaeger-operator",
    "kuma-sidecar": "kumahq/kuma",
    "linkerd-debug": "linkerd/linkerd2",
    "linkerd-proxy": "linkerd/linkerd2",
    "nginx-mesh-sidecar": "NGINX Service Mesh",
    "otc-container": "open-telemetry/opentelemetry-operator",
    "queue-proxy": "knative/serving",
    "traffic-agent": "telepresenceio/telepresence",
    "vault-agent": "hashicorp/vault-k8s, openbao/openbao-k8s",
    "xray-daemon": "aws/aws-app-mesh-controller-for-k8s",
}
SIDECAR_PREFIXES = {
    "consul-dataplane-": "hashicorp/consul-k8s, for pods of several services",
    "csql-": "GoogleCloudPlatform/cloud-sql-proxy-operator",
}
_PREFIXES = tuple(SIDECAR_PREFIXES)
_NAMELESS = object()  # equals nothing that a clue says


class Clues(NamedTuple):
    """What says which container it is: our annotation, our memory, and kubectl's annotation."""

    named: str | None = None
    remembered: str = ""
    default: Any = None


class Choice(NamedTuple):
    """The place of the server among the regular containers, and whether it is a guess."""

    at: int | None
    guessed: bool = False


def choose_server(regular: Sequence[Fields], clues: Clues) -> Choice:
    """The server; there is none where the annotation names no container."""
    names = [container.get("name") or _NAMELESS for container in regular]
    if clues.named is not None:
        return Choice(names.index(clues.named) if clues.named in names else None)
    left = list(range(len(regular)))
    if len(left) > 1 and clues.remembered:
        left = [at for at in left if names[at] == clues.remembered] or left
    if len(left) > 1:
        left = [at for at in left if PORT in regular[at].names("ports")] or left
    if len(left) > 1 and clues.default:
        left = [at for at in left if names[at] == clues.default] or left
    if len(left) > 1:
        left = [at for at in left if not is_sidecar(names[at])] or left
    return Choice(left[0] if left else None, guessed=len(left) > 1)


def is_sidecar(name: object) -> bool:
    """Whether an injector gives its container this name."""
    return isinstance(name, str) and (name in SIDECARS or name.startswith(_PREFIXES))
