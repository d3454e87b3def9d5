"""The addresses of ipBlocks as ranges, exactly: IPv4 and IPv6 never mix."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any, NamedTuple

Json = dict[str, Any]


class Range(NamedTuple):
    """Addresses from the first to the last, both included, of one family."""

    version: int
    first: int
    last: int


def ranges(block: Json) -> list[Range]:
    """What an ipBlock matches: its cidr without what it excepts.

    Raises ValueError for text that is no block; API servers of old stored such.
    """
    found = [_range(block["cidr"])]
    for text in block.get("except") or []:
        taken = _range(text)
        found = [rest for each in found for rest in _without(each, taken)]
    return found


def inside(blocks: Iterable[Range], others: Iterable[Range]) -> bool:
    """Whether the others have every address of the blocks, one by one or together."""
    left = list(blocks)
    for other in others:
        left = [rest for each in left for rest in _without(each, other)]
    return not left


def _range(text: str) -> Range:
    network = ip_network(text, strict=False)
    return Range(network.version, int(network.network_address), int(network.broadcast_address))


def _without(one: Range, taken: Range) -> list[Range]:
    if one.version != taken.version or taken.last < one.first or one.last < taken.first:
        return [one]
    pieces = (
        Range(one.version, one.first, taken.first - 1),
        Range(one.version, taken.last + 1, one.last),
    )
    return [piece for piece in pieces if piece.first <= piece.last]
