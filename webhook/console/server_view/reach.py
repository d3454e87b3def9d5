"""Who may reach a server, and what it may reach: the NetworkPolicies that select its pods, by rule.

Policies add up. A direction in which no policy selects the pods is open to everybody, and is said
to be. Selectors are shown as the policies have them: which pods they mean is known to the cluster
alone, so no list of pods is made of them. An address is looked up in the blocks of addresses.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, NamedTuple

from webhook.console.bounded_text import Bounded, bounded, bounded_text
from webhook.fleet.policies import policy_parts, wide_policies
from webhook.objects import NAMESPACE_NAME

Json = dict[str, Any]
INGRESS, EGRESS = wide_policies.DIRECTIONS
MOST_RULES = 200
EVERYBODY = "everybody"
PUBLIC = {"0.0.0.0/0": "public IPv4 addresses", "::/0": "public IPv6 addresses"}
FEW_EXCEPTED = 5
NO_ADDRESS = "is no IP address: write one such as 10.0.0.7 or 2001:db8::7, without a port"


class ReachRow(NamedTuple):
    """What one rule of one policy opens to one peer; `where` are the namespaces of its pods.

    `ours` is whether the policy is as mcp-admission makes it; `wide` is whether a policy opens more
    than that. `block` is the block of addresses, where the peer is one.
    """

    peer: str
    where: str
    ports: str
    policy: str
    ours: bool
    wide: bool
    block: Json | None = None


class OneWay(NamedTuple):
    """One direction: closed but for its rows, or open to everybody where nothing closes it."""

    closed: bool
    rows: Bounded

    @property
    def said(self) -> str:
        """What the rows mean, in a sentence."""
        if not self.closed:
            return "no policy selects its pods in this direction: everybody, on every port"
        if not self.rows.shown:
            return "nobody: its policies open nothing in this direction"
        return "these, and nobody else"


class Reach(NamedTuple):
    """Both directions; `unread` is why policies may not be read, empty where they may."""

    callers: OneWay
    reached: OneWay
    unread: str = ""

    @property
    def known(self) -> bool:
        """Whether the policies were read."""
        return not self.unread


class AddressAnswer(NamedTuple):
    """Which rules let a server reach an address, and how many could not be decided by it."""

    asked: str
    rows: tuple[ReachRow, ...] = ()
    by_selector: int = 0
    fault: str = ""
    closed: bool = True


def find_reach(
    policies: Sequence[Json], labels: Mapping[str, str], wanted: Sequence[Json], unread: str = ""
) -> Reach:
    """The reach of pods with these labels; `policies` are those of the namespace, as they are.

    `wanted` are ours as they are made now.
    """
    ours = {each["metadata"]["name"] for each in wanted}
    wide = {
        (each.policy, each.direction)
        for each in wide_policies.wide_policies(policies, wanted, labels, most=MOST_RULES)
    }

    def one_way(direction: wide_policies.Direction) -> OneWay:
        applying = [each for each in policies if wide_policies.applies(each, direction, labels)]
        return OneWay(bool(applying), bounded(_rows(applying, direction, ours, wide), MOST_RULES))

    return Reach(one_way(INGRESS), one_way(EGRESS), unread)


def let_reach(
    policies: Iterable[Json], labels: Mapping[str, str], wanted: Sequence[Json], asked: str
) -> AddressAnswer:
    """The rules that let pods of these labels reach an address.

    A selector may mean the pod that has it: how many rules go by one is told.
    """
    try:
        address = ip_address(asked.strip())
    except ValueError:
        return AddressAnswer(
            bounded_text(asked, 60), fault=f"{bounded_text(asked, 60)} {NO_ADDRESS}"
        )
    ours = {each["metadata"]["name"] for each in wanted}
    applying = [each for each in policies if wide_policies.applies(each, EGRESS, labels)]
    rows = list(_rows(applying, EGRESS, ours, set()))
    single = policy_parts.address_ranges({"cidr": str(address)})
    found = [each for each in rows if each.peer == EVERYBODY or _holds(each.block, single)]
    others = sum(each.block is None and each.peer != EVERYBODY for each in rows)
    return AddressAnswer(str(address), tuple(found[:MOST_RULES]), others, closed=bool(applying))


def _holds(block: Json | None, single: list[policy_parts.AddressRange]) -> bool:
    if block is None:
        return False
    try:
        return policy_parts.addresses_inside(single, policy_parts.address_ranges(block))
    except ValueError:
        return False


def _rows(
    applying: Iterable[Json],
    direction: wide_policies.Direction,
    ours: set[str],
    wide: set[tuple[str, wide_policies.Direction]],
) -> Iterator[ReachRow]:
    for policy in applying:
        name = policy["metadata"]["name"]
        for opening in wide_policies.openings(policy, direction):
            ports = bounded_text(wide_policies.ports_words(opening.ports))
            for peer in opening.peers or [{}]:
                yield ReachRow(
                    *_peer(peer, opening.namespace),
                    ports,
                    bounded_text(name),
                    name in ours,
                    (name, direction) in wide,
                    peer.get("ipBlock"),
                )


def _peer(peer: Json, namespace: str) -> tuple[str, str]:
    """Whom a peer means, and where; a block of all public addresses by what people call it."""
    block = peer.get("ipBlock")
    if block is not None:
        excepted = block.get("except") or []
        called = PUBLIC.get(block["cidr"]) if excepted else None
        if called or len(excepted) > FEW_EXCEPTED:
            return called or block["cidr"], f"({block['cidr']} without {len(excepted)} blocks)"
        return bounded_text(wide_policies.peer_words(peer)), ""
    if not peer:
        return EVERYBODY, ""
    pods = policy_parts.selector_text(peer.get("podSelector"))
    where = _where(peer.get("namespaceSelector"), namespace)
    return bounded_text(f"pods with {pods}" if pods else "every pod"), bounded_text(where)


def _where(selector: Json | None, namespace: str) -> str:
    if selector is None:
        return f"in namespace {namespace}"
    labels = selector.get("matchLabels") or {}
    if labels.keys() == {NAMESPACE_NAME} and not selector.get("matchExpressions"):
        return f"in namespace {labels[NAMESPACE_NAME]}"
    chosen = policy_parts.selector_text(selector)
    return f"in namespaces with {chosen}" if chosen else "in every namespace"
