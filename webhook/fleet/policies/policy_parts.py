"""The ports of a NetworkPolicy rule as ranges."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

Json = dict[str, Any]
PROTOCOLS = ("TCP", "UDP", "SCTP")
LAST = 65535


class Ports(NamedTuple):
    """Ports of one protocol, from the first to the last, or one by name, which each pod gives."""

    protocol: str
    first: int = 1
    last: int = LAST
    name: str = ""

    @property
    def words(self) -> str:
        """The ports in the words of people."""
        if self.name:
            return f"{self.protocol} {self.name}"
        if (self.first, self.last) == (1, LAST):
            return f"every {self.protocol} port"
        return f"{self.protocol} {self.first}" + (
            f"-{self.last}" if self.last != self.first else ""
        )

    def has(self, other: "Ports") -> bool:
        """Whether the other ones are among these; a name is among all ports of its protocol."""
        if self.protocol != other.protocol:
            return False
        if self.name or other.name:
            return self.name == other.name or (self.first, self.last, self.name) == (1, LAST, "")
        return self.first <= other.first and other.last <= self.last


def ports(rule: Json) -> list[Ports]:
    """The ports of a rule; without a list, all of every protocol."""
    listed = rule.get("ports") or []
    if not listed:
        return [Ports(protocol) for protocol in PROTOCOLS]
    return [_read(each) for each in listed]


def pieces(one: Ports, others: Iterable[Ports]) -> Iterator[Ports]:
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
        yield Ports(one.protocol, first, after - 1)


def _read(listed: Json) -> Ports:
    protocol = listed.get("protocol") or "TCP"
    port = listed.get("port")
    if port is None:
        return Ports(protocol)
    if isinstance(port, str):
        return Ports(protocol, name=port)
    return Ports(protocol, port, listed.get("endPort") or port)
