"""Which connections NetworkPolicies allow, by the documented semantics of the API.

Written from the reference of networking.k8s.io/v1 and the page "Network Policies", not from the
code that makes our policies:

* Policies apply to the pods of their own namespace that podSelector selects, an empty one to all.
* policyTypes that are absent are Ingress, and Egress too where there are egress rules.
* A pod that no policy selects for a direction is open in it. Otherwise a connection needs one rule
  of any of these policies: policies add up, order means nothing.
* A rule allows a connection that matches one of its peers and one of its ports; an absent or empty
  list of either matches all.
* A peer with an ipBlock matches addresses in cidr that are in none of except, of its family alone.
  One with a podSelector matches pods of the policy's namespace; with a namespaceSelector as well,
  pods of the namespaces that it selects; with that alone, all pods there.
* A port without a protocol is TCP, without a port every port of the protocol; endPort ends a range;
  a port with a name is that of the pod that is called.
* A connection between pods needs both sides. A pod always reaches itself, and answers come back.

The page leaves it to plugins whether ipBlock matches pods; here it matches any address, which is
the reading that allows most.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

Json = dict[str, Any]
_address = lru_cache(ip_address)
_network = lru_cache(ip_network)


@dataclass(frozen=True)
class Peer:
    """One end of a connection: a pod where it has a namespace, else an address elsewhere."""

    address: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)


class Flow(NamedTuple):
    """A connection that somebody wants to open."""

    source: Peer
    destination: Peer
    port: int
    protocol: str = "TCP"


@dataclass(frozen=True)
class World:
    """The policies of a cluster, and the labels of its namespaces beside their own names."""

    policies: tuple[Json, ...]
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def allows(self, source: Peer, destination: Peer, port: int, protocol: str = "TCP") -> bool:
        """Whether the connection comes about."""
        flow = Flow(source, destination, port, protocol)
        return source == destination or (self._side("Egress", flow) and self._side("Ingress", flow))

    def _side(self, direction: str, flow: Flow) -> bool:
        pod, other = flow.source, flow.destination
        if direction == "Ingress":
            pod, other = other, pod
        applying = [policy for policy in self.policies if _applies(policy, direction, pod)]
        if not applying:
            return True
        return any(
            self._rule_matches(rule, direction, policy, other)
            and _ports_match(rule.get("ports"), flow)
            for policy in applying
            for rule in policy["spec"].get(direction.lower()) or []
        )

    def _rule_matches(self, rule: Json, direction: str, policy: Json, other: Peer) -> bool:
        peers = rule.get("from" if direction == "Ingress" else "to")
        own = policy["metadata"]["namespace"]
        return not peers or any(self._peer_matches(peer, own, other) for peer in peers)

    def _peer_matches(self, peer: Json, own_namespace: str, other: Peer) -> bool:
        if "ipBlock" in peer:
            return _in_block(peer["ipBlock"], other.address)
        if other.namespace is None:
            return False
        if "namespaceSelector" in peer:
            labels = {
                "kubernetes.io/metadata.name": other.namespace,
                **self.namespaces.get(other.namespace, {}),
            }
            there = selects(peer["namespaceSelector"], labels)
        else:
            there = other.namespace == own_namespace
        return there and selects(peer.get("podSelector", {}), other.labels)


def selects(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector selects these labels; all its requirements have to hold."""
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    expressions: Iterable[Json] = selector.get("matchExpressions") or []
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression, labels) for expression in expressions
    )


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    key, operator = expression["key"], expression["operator"]
    values = expression.get("values") or []
    match operator:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise ValueError(operator)


def _applies(policy: Json, direction: str, pod: Peer) -> bool:
    spec = policy["spec"]
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return (
        direction in types
        and pod.namespace == policy["metadata"]["namespace"]
        and selects(spec.get("podSelector") or {}, pod.labels)
    )


def _in_block(block: Json, address: str) -> bool:
    at = _address(address)
    return at in _network(block["cidr"]) and not any(
        at in _network(excepted) for excepted in block.get("except") or []
    )


def _ports_match(ports: list[Json] | None, flow: Flow) -> bool:
    return not ports or any(_port_matches(each, flow) for each in ports)


def _port_matches(listed: Json, flow: Flow) -> bool:
    if listed.get("protocol", "TCP") != flow.protocol:
        return False
    first = listed.get("port")
    if first is None:
        return True
    if isinstance(first, str):
        return flow.destination.ports.get(first) == flow.port
    last = listed.get("endPort") or first
    return bool(first <= flow.port <= last)
