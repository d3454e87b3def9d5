"""The two NetworkPolicies: the baseline of a namespace, and the access of one server beyond it.

`mcp-admission-baseline` isolates every server of a namespace.

Made      once for each namespace with a server, while mcpNamespace.networkPolicy.enabled
Selects   every pod of a managed namespace, elsewhere the pods with the opt-in label
Ingress   from the gateway's pods alone
Egress    DNS at the pods of DNS servers and at the administrator's dnsPeers, UDP and TCP; the
          gateway's pods on its port; public IPv4 and public IPv6, every port
Source    the reference page, and beyond it what IANA lists (webhook/pods/special_addresses.py)

No `except` holds a block of another family than its `cidr`, and none an IPv4-mapped one: the API
server refuses both. No Deployment owns it; it is deleted with the last server.

`<id>-mcp-access` grants one server what it asks for.

Made      for a server that asks by mcp-admission.dev/egress or .../ingress-from, while
          mcpNamespace.networkPolicy.enabled
Selects   the pods of this server by both labels, so that it widens no other server
Egress    the blocks asked for, one rule for each port, then each egress profile
Ingress   each ingress profile
Refused   what lies outside the ceilings and profiles of the settings, which may have changed since
          admission; then no policy is made

NetworkPolicies add up: the access policy opens what it lists and closes nothing. A direction
without an annotation is not in policyTypes: the policy does not isolate it.
"""

from copy import deepcopy

from webhook import names
from webhook.admission import Scope
from webhook.objects.deployed_server import Json, Refused, Server, about_annotation, product_labels
from webhook.pods import peers
from webhook.settings import NetworkPolicy, PolicyPort, Settings

BASELINE = "mcp-admission-baseline"
NAMESPACE_NAME = "kubernetes.io/metadata.name"
NOTHING = peers.RequestedAccess()


def build_baseline_policy(
    namespace: str, settings: Settings, release_namespace: str, scope: Scope
) -> Json | None:
    """The baseline of a namespace; None while network policies are off.

    The gateway is in the release namespace unless the settings name another.
    """
    policy = settings.mcp_namespace.network_policy
    if not policy.enabled:
        return None
    return _baseline(
        namespace,
        scope,
        [{"from": [_gateway(policy, release_namespace)]}],
        [
            _dns(policy),
            {
                "to": [_gateway(policy, release_namespace)],
                "ports": [{"protocol": "TCP", "port": policy.gateway.port}],
            },
            {
                "to": [
                    _public(peers.IPV4, *peers.REFERENCE_BLOCKS, *peers.FURTHER_BLOCKS),
                    _public(peers.IPV6, *peers.IPV6_BLOCKS),
                ]
            },
        ],
    )


def build_open_baseline(namespace: str, scope: Scope) -> Json:
    """A baseline that closes nothing, for the time until the access policies are gone."""
    return _baseline(namespace, scope, [{}], [{}])


def _baseline(namespace: str, scope: Scope, ingress: list[Json], egress: list[Json]) -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": BASELINE, "namespace": namespace, "labels": product_labels()},
        "spec": {
            "podSelector": _isolated(scope),
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def build_access_policy(server: Server, settings: Settings) -> Json | None:
    """The access of a server; None where it asks for nothing, or network policies are off.

    Raises Refused with every entry that the settings do not grant.
    """
    policy = settings.mcp_namespace.network_policy
    if not policy.enabled:
        return None
    egress, ingress = map(server.annotation, (names.EGRESS, names.INGRESS_FROM))
    reached = NOTHING if egress is None else peers.egress(egress, policy)
    callers = NOTHING if ingress is None else peers.ingress(ingress, policy)
    objections = [
        *(about_annotation(names.EGRESS, sentence) for sentence in reached.objections),
        *(about_annotation(names.INGRESS_FROM, sentence) for sentence in callers.objections),
    ]
    if objections:
        raise Refused("AccessRefused", *objections)
    spec = {**_ingress(callers, policy), **_egress(reached, policy)}
    if not spec:
        return None
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": server.metadata(names.access_policy_of(server.name)),
        "spec": {
            "podSelector": {"matchLabels": server.selector},
            "policyTypes": [direction.capitalize() for direction in spec],
            **spec,
        },
    }


def _isolated(scope: Scope) -> Json:
    return {} if scope is Scope.MANAGED else {"matchLabels": {names.SERVER: "true"}}


def _gateway(policy: NetworkPolicy, release_namespace: str) -> Json:
    gateway = policy.gateway
    pods = {"matchLabels": dict(gateway.pod_selector)} if gateway.pod_selector else {}
    return {**_pods_of(gateway.namespace or release_namespace), "podSelector": pods}


def _dns(policy: NetworkPolicy) -> Json:
    """DNS answers where its pods listen, which is not always port 53: policies see their ports."""
    pods: Json = {"podSelector": deepcopy(policy.dns_pods)} if policy.dns_pods else {}
    others = [{"ipBlock": {"cidr": cidr}} for cidr in policy.dns_peers]
    ports = [
        {"protocol": protocol, "port": port}
        for port in policy.dns_ports
        for protocol in ("UDP", "TCP")
    ]
    return {"to": [{**_pods_of(policy.dns_namespace), **pods}, *others], "ports": ports}


def _public(everything: str, *private: str) -> Json:
    return {"ipBlock": {"cidr": everything, "except": list(private)}}


def _pods_of(namespace: str) -> Json:
    return {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}}}


def _egress(reached: peers.RequestedAccess, policy: NetworkPolicy) -> Json:
    by_port: dict[int | None, list[Json]] = {}
    for block in reached.blocks:
        by_port.setdefault(block.port, []).append({"ipBlock": {"cidr": block.cidr}})
    rules: list[Json] = [
        {"to": blocks} if port is None else {"to": blocks, "ports": [_tcp(port)]}
        for port, blocks in by_port.items()
    ]
    profiles = map(policy.egress_profiles.__getitem__, reached.profiles)
    rules += [{"to": deepcopy(profile.to), **_ports(profile.ports)} for profile in profiles]
    return {"egress": rules} if rules else {}


def _ingress(callers: peers.RequestedAccess, policy: NetworkPolicy) -> Json:
    profiles = map(policy.ingress_profiles.__getitem__, callers.profiles)
    rules = [{"from": deepcopy(profile.from_), **_ports(profile.ports)} for profile in profiles]
    return {"ingress": rules} if rules else {}


def _ports(ports: list[PolicyPort]) -> Json:
    return {"ports": deepcopy(ports)} if ports else {}


def _tcp(port: int) -> Json:
    return {"protocol": "TCP", "port": port}
