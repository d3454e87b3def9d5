"""The parts of a NetworkPolicy rule as sets that can be compared: addresses, ports, selectors.

Addresses and ports are ranges and compare exactly; IPv4 and IPv6 never mix. Selectors compare by
their requirements: one that says the same thing in other words counts as another.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from itertools import pairwise
from typing import Any, NamedTuple

Json = dict[str, Any]
PROTOCOLS = ("TCP", "UDP", "SCTP")
LAST = 65535


class AddressRange(NamedTuple):
    """Addresses from the first to the last, both included, of one family."""

    version: int
    first: int
    last: int


def address_ranges(block: Json) -> list[AddressRange]:
    """What an ipBlock matches: its cidr without what it excepts.

    Raises ValueError for text that is no block, which old API servers stored.
    """
    whole = _address_range(block["cidr"])
    return list(_without(whole, _merged(map(_address_range, block.get("except") or []))))


def addresses_inside(blocks: Iterable[AddressRange], others: Iterable[AddressRange]) -> bool:
    """Whether the others have every address of the blocks, one by one or together."""
    merged = _merged(others)
    return all(_holds_range(merged, each) for each in blocks)


class PortRange(NamedTuple):
    """Ports of one protocol, from the first to the last, or one by name, which each pod gives."""

    protocol: str
    first: int = 1
    last: int = LAST
    name: str = ""

    @property
    def text(self) -> str:
        """The ports as a report names them."""
        if self.name:
            return f"{self.protocol} {self.name}"
        if (self.first, self.last) == (1, LAST):
            return f"every {self.protocol} port"
        return f"{self.protocol} {self.first}" + (
            f"-{self.last}" if self.last != self.first else ""
        )

    def has(self, other: "PortRange") -> bool:
        """Whether it contains the other; a name is among all ports of its protocol."""
        if self.protocol != other.protocol:
            return False
        if self.name or other.name:
            return self.name == other.name or (self.first, self.last, self.name) == (1, LAST, "")
        return self.first <= other.first and other.last <= self.last


def port_ranges(rule: Json) -> list[PortRange]:
    """The ports of a rule; without a list, all of every protocol."""
    listed = rule.get("ports") or []
    if not listed:
        return [PortRange(protocol) for protocol in PROTOCOLS]
    return [_port_range(each) for each in listed]


def split_ports(one: PortRange, others: Iterable[PortRange]) -> Iterator[PortRange]:
    """The range cut wherever one of the others starts or ends, so that each has a piece or not."""
    if one.name:
        yield one
        return
    edges = {one.first, one.last + 1}
    for other in others:
        if not other.name and other.protocol == one.protocol:
            edges |= {
                edge for edge in (other.first, other.last + 1) if one.first < edge <= one.last
            }
    starts = sorted(edges)
    for first, after in pairwise(starts):
        yield PortRange(one.protocol, first, after - 1)


def selects(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """Whether an object of these labels is selected; an empty selector selects everything."""
    wanted, expressions = _parts(selector)
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression, labels) for expression in expressions
    )


def narrower(one: Json | None, other: Json | None) -> bool:
    """Whether `one` surely selects nothing that `other` does not: it has or implies all of its."""
    wanted, expressions = _parts(one)
    wanted_there, expressions_there = _parts(other)
    return wanted_there.items() <= wanted.items() and all(
        expression in expressions or _implied(expression, wanted, expressions)
        for expression in expressions_there
    )


def selector_text(selector: Json | None) -> str:
    """The selector as kubectl prints it; nothing for an empty one."""
    wanted, expressions = _parts(selector)
    parts = [f"{key}={value}" for key, value in sorted(wanted.items())]
    for expression in expressions:
        values = ",".join(expression.get("values") or [])
        operator = str(expression["operator"]).lower()
        parts.append(f"{expression['key']} {operator}" + (f" ({values})" if values else ""))
    return ", ".join(parts)


def _address_range(text: str) -> AddressRange:
    network = ip_network(text, strict=False)
    return AddressRange(
        network.version, int(network.network_address), int(network.broadcast_address)
    )


def _merged(ranges: Iterable[AddressRange]) -> list[AddressRange]:
    """The same addresses in ranges that neither overlap nor touch, in order."""
    found: list[AddressRange] = []
    for each in sorted(ranges):
        last = found[-1] if found else None
        if last is None or last.version != each.version or each.first > last.last + 1:
            found.append(each)
        elif each.last > last.last:
            found[-1] = last._replace(last=each.last)
    return found


def _holds_range(merged: list[AddressRange], one: AddressRange) -> bool:
    at = bisect_right(merged, (one.version, one.first), key=lambda each: each[:2]) - 1
    return at >= 0 and merged[at].version == one.version and one.last <= merged[at].last


def _without(one: AddressRange, merged: Iterable[AddressRange]) -> Iterator[AddressRange]:
    """What of a range none of the others has, in order."""
    first = one.first
    for taken in merged:
        if taken.version == one.version and first <= taken.last and taken.first <= one.last:
            if first < taken.first:
                yield one._replace(first=first, last=taken.first - 1)
            first = taken.last + 1
    if first <= one.last:
        yield one._replace(first=first)


def _port_range(listed: Json) -> PortRange:
    protocol = listed.get("protocol") or "TCP"
    port = listed.get("port")
    if port is None:
        return PortRange(protocol)
    if isinstance(port, str):
        return PortRange(protocol, name=port)
    return PortRange(protocol, port, listed.get("endPort") or port)


def _parts(selector: Json | None) -> tuple[dict[str, str], list[Json]]:
    selector = selector or {}
    return selector.get("matchLabels") or {}, selector.get("matchExpressions") or []


def _implied(expression: Json, wanted: Mapping[str, str], expressions: list[Json]) -> bool:
    """Whether a label's value is one of some, because the selector asks for fewer of them."""
    key, values = expression["key"], set(expression.get("values") or [])
    if expression["operator"] != "In":
        return False
    fewer = [
        set(each.get("values") or [])
        for each in expressions
        if each["key"] == key and each["operator"] == "In"
    ]
    return wanted.get(key) in values or any(each <= values for each in fewer)


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in (expression.get("values") or [])
        case "NotIn":
            return value not in (expression.get("values") or [])
        case "Exists":
            return value is not None
    return value is None
