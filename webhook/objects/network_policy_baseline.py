"""The NetworkPolicy `mcp-admission-baseline` of a namespace, which isolates every server in it.

Made      once for each namespace with a server, while mcpNamespace.networkPolicy.enabled
Selects   every pod of a managed namespace, elsewhere the pods with the opt-in label
Ingress   from the gateway's pods alone
Egress    DNS in the DNS namespace and at the administrator's dnsPeers, UDP and TCP; the gateway's
          pods on its port; public IPv4 and public IPv6, every port
Source    the reference page, and beyond it the blocks that its IPv4 list lacks and all of IPv6

No `except` holds a block of another family than its `cidr`, and none an IPv4-mapped one: the API
server refuses both. It belongs to no Deployment, and goes with the last server.
"""

from typing import Any

from webhook import names
from webhook.objects import ownership
from webhook.pods.peers import (
    FURTHER_BLOCKS,
    IPV4,
    IPV6,
    IPV6_BLOCKS,
    REFERENCE_BLOCKS,
)
from webhook.settings.model import NetworkPolicy, Settings

Json = dict[str, Any]
NAME = "mcp-admission-baseline"
NAMESPACE_NAME = "kubernetes.io/metadata.name"


def network_policy_baseline(
    namespace: str, settings: Settings, release_namespace: str, *, managed: bool
) -> Json | None:
    """The policy; None while network policies are off.

    The gateway is looked for in the release namespace unless the settings name another.
    """
    policy = settings.mcp_namespace.network_policy
    if not policy.enabled:
        return None
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": NAME, "namespace": namespace, "labels": ownership.labels()},
        "spec": {
            "podSelector": {} if managed else {"matchLabels": {names.SERVER: "true"}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [_gateway(policy, release_namespace)]}],
            "egress": [
                _dns(policy),
                {
                    "to": [_gateway(policy, release_namespace)],
                    "ports": [{"protocol": "TCP", "port": policy.gateway.port}],
                },
                {
                    "to": [
                        _public(IPV4, *REFERENCE_BLOCKS, *FURTHER_BLOCKS),
                        _public(IPV6, *IPV6_BLOCKS),
                    ]
                },
            ],
        },
    }


def _gateway(policy: NetworkPolicy, release_namespace: str) -> Json:
    gateway = policy.gateway
    pods = {"matchLabels": dict(gateway.pod_selector)} if gateway.pod_selector else {}
    return {**_pods_of(gateway.namespace or release_namespace), "podSelector": pods}


def _dns(policy: NetworkPolicy) -> Json:
    """DNS answers where its pods listen, which is not always port 53: policies see their ports."""
    peers = [{"ipBlock": {"cidr": cidr}} for cidr in policy.dns_peers]
    ports = [
        {"protocol": protocol, "port": port}
        for port in policy.dns_ports
        for protocol in ("UDP", "TCP")
    ]
    return {"to": [_pods_of(policy.dns_namespace), *peers], "ports": ports}


def _public(everything: str, *private: str) -> Json:
    return {"ipBlock": {"cidr": everything, "except": list(private)}}


def _pods_of(namespace: str) -> Json:
    return {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}}}
