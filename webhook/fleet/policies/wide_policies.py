"""NetworkPolicies of users that open more to a server than ours do.

NetworkPolicies add up, and no policy can close what another one opens. A policy that a user wrote
for all pods of a namespace undoes the isolation of every server there. mcp-admission does not
change it; `audit` names it, and what it opens.

A policy that opens nothing beyond ours is not named. Addresses and ports are compared exactly,
selectors by their requirements: one that says the same thing in other words counts as wider.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from webhook.fleet.policies import policy_parts
from webhook.objects import NAMESPACE_NAME

Json = dict[str, Any]
Direction = Literal["Ingress", "Egress"]
DIRECTIONS: tuple[Direction, ...] = ("Ingress", "Egress")
_PEERS = {"Ingress": "from", "Egress": "to"}
_EVERYBODY: Json = {}
# Of peers and ports of one rule, and of all policies; what has more counts as wide without being
# compared: who may write policies says how many there are, and each server is compared with all.
MOST_PAIRS, MOST_PAIRS_TOGETHER = 1000, 10_000
MOST_NAMED = 50
FURTHER = "further peers", "further ports"
"""How much is told of a server, and what is told of the rest."""


class WidePolicy(NamedTuple):
    """What a policy opens to a server beyond ours."""

    policy: str
    direction: Direction
    peer: str
    ports: str

    @property
    def sentence(self) -> str:
        """What is wrong, where, and how to fix it."""
        opens = (
            f"lets it reach {self.peer}"
            if self.direction == "Egress"
            else f"lets {self.peer} call it"
        )
        return (
            f"NetworkPolicy {self.policy} {opens} on {self.ports}, beyond what mcp-admission "
            "allows: narrow its podSelector or its rules"
        )


class Opening(NamedTuple):
    """One rule; an empty list of peers means every peer."""

    peers: list[Json]
    ports: list[policy_parts.PortRange]
    namespace: str

    @property
    def pairs(self) -> int:
        """How many pairs of a peer and ports there are to compare."""
        return len(self.peers or [_EVERYBODY]) * len(self.ports)


def wide_policies(
    policies: Iterable[Json],
    ours: Sequence[Json],
    labels: Mapping[str, str],
    *,
    most: int = MOST_NAMED,
) -> list[WidePolicy]:
    """What the policies of a namespace open to pods of these labels beyond ours.

    `policies` are as the API server has them, ours among them: these open more only where they were
    edited. `ours` are as they are made now. A direction in which ours
    isolate nothing has nothing to be widened. Beyond `most`, the last one tells that there is more.
    """
    found: dict[WidePolicy, None] = {}
    for each in _widened(policies, ours, labels):
        if len(found) >= most:
            return [*found, WidePolicy(each.policy, each.direction, *FURTHER)]
        found[each] = None
    return list(found)


def _widened(
    policies: Iterable[Json], ours: Sequence[Json], labels: Mapping[str, str]
) -> Iterator[WidePolicy]:
    left = MOST_PAIRS_TOGETHER
    for direction in DIRECTIONS:
        own = [policy for policy in ours if applies(policy, direction, labels)]
        allowed = [opening for policy in own for opening in openings(policy, direction)]
        for policy in policies if own else ():
            if applies(policy, direction, labels):
                name, rules = policy["metadata"]["name"], list(openings(policy, direction))
                pairs = sum(min(each.pairs, MOST_PAIRS) for each in rules)
                if pairs > left:
                    yield WidePolicy(name, direction, *_uncompared(rules))
                    continue
                left -= pairs
                for peer, ports in _beyond(rules, allowed):
                    yield WidePolicy(name, direction, peer, ports)


def applies(policy: Json, direction: Direction, labels: Mapping[str, str]) -> bool:
    """Whether a policy isolates pods of these labels in a direction."""
    spec = policy["spec"]
    implied = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    types = spec.get("policyTypes") or implied
    return direction in types and policy_parts.selects(spec.get("podSelector"), labels)


def openings(policy: Json, direction: Direction) -> Iterator[Opening]:
    """What the rules of a policy open in a direction."""
    for rule in policy["spec"].get(direction.lower()) or []:
        peers = rule.get(_PEERS[direction]) or []
        yield Opening(peers, policy_parts.port_ranges(rule), policy["metadata"]["namespace"])


def _uncompared(rules: Sequence[Opening]) -> tuple[str, str]:
    peers, ports = (sum(len(each.peers) for each in rules), sum(len(each.ports) for each in rules))
    return f"{peers} peers", f"{ports} ports"


def _beyond(rules: Iterable[Opening], allowed: list[Opening]) -> Iterator[tuple[str, str]]:
    for opening in rules:
        if opening.pairs > MOST_PAIRS:
            yield _uncompared([opening])
            continue
        for peer in opening.peers or [_EVERYBODY]:
            opened = [
                each
                for each in opening.ports
                if not _allowed(peer, opening.namespace, each, allowed)
            ]
            if opened:
                yield peer_words(peer), ports_words(opened)


def _allowed(
    peer: Json, namespace: str, opened: policy_parts.PortRange, allowed: list[Opening]
) -> bool:
    cuts = [each for opening in allowed for each in opening.ports]
    return all(
        _within(
            peer,
            namespace,
            [opening for opening in allowed if any(each.has(piece) for each in opening.ports)],
        )
        for piece in policy_parts.split_ports(opened, cuts)
    )


def _within(peer: Json, namespace: str, openings: list[Opening]) -> bool:
    """Whether the openings together have the peer; none of ours is for every peer."""
    if "ipBlock" in peer:
        return _addresses_within(peer["ipBlock"], openings)
    return peer != _EVERYBODY and any(
        _selected_within(peer, namespace, own, opening.namespace)
        for opening in openings
        for own in opening.peers
        if "ipBlock" not in own
    )


def _addresses_within(block: Json, openings: list[Opening]) -> bool:
    blocks = [own["ipBlock"] for opening in openings for own in opening.peers if "ipBlock" in own]
    try:
        return policy_parts.addresses_inside(
            policy_parts.address_ranges(block),
            [each for own in blocks for each in policy_parts.address_ranges(own)],
        )
    except ValueError:
        return False


def _selected_within(peer: Json, namespace: str, own: Json, own_namespace: str) -> bool:
    return policy_parts.narrower(
        _namespaces(peer, namespace), _namespaces(own, own_namespace)
    ) and policy_parts.narrower(peer.get("podSelector"), own.get("podSelector"))


def _namespaces(peer: Json, namespace: str) -> Json:
    """The namespaces of a peer; without a selector the policy's own."""
    found: Json | None = peer.get("namespaceSelector")
    return {"matchLabels": {NAMESPACE_NAME: namespace}} if found is None else found


def peer_words(peer: Json) -> str:
    """Whom a peer of a rule means."""
    if peer == _EVERYBODY:
        return "everybody"
    if "ipBlock" in peer:
        excepted = ", ".join(peer["ipBlock"].get("except") or [])
        return f"{peer['ipBlock']['cidr']}{f' except {excepted}' if excepted else ''}"
    pods = policy_parts.selector_text(peer.get("podSelector"))
    whose = "every pod" if not pods else f"pods with {pods}"
    if "namespaceSelector" not in peer:
        return f"{whose} of the namespace"
    namespaces = policy_parts.selector_text(peer["namespaceSelector"])
    return f"{whose} of {f'namespaces with {namespaces}' if namespaces else 'every namespace'}"


def ports_words(opened: list[policy_parts.PortRange]) -> str:
    """The ports of a rule, or of a part of it."""
    if {policy_parts.PortRange(protocol) for protocol in policy_parts.PROTOCOLS} <= set(opened):
        return "every port"
    return ", ".join(each.text for each in opened)
