"""Addresses that no server reaches without asking: IANA's registries, and a few more.

Everything that the registries list is closed, also what they call globally reachable. Those are
anycast and translation services: an anycast address is answered by the nearest host, which may be
the cluster's own, and 64:ff9b::/96 translates private IPv4 addresses as well as public ones.

Registry  https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
Date      2025-10-09
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

Network = IPv4Network | IPv6Network


class SpecialBlock(NamedTuple):
    """A block of addresses, its name, and what defines it."""

    cidr: str
    name: str
    source: str


IPV4_REGISTRY = (
    SpecialBlock("0.0.0.0/8", "This network", "RFC 791"),
    SpecialBlock("0.0.0.0/32", "This host on this network", "RFC 1122"),
    SpecialBlock("10.0.0.0/8", "Private-Use", "RFC 1918"),
    SpecialBlock("100.64.0.0/10", "Shared Address Space", "RFC 6598"),
    SpecialBlock("127.0.0.0/8", "Loopback", "RFC 1122"),
    SpecialBlock("169.254.0.0/16", "Link Local", "RFC 3927"),
    SpecialBlock("172.16.0.0/12", "Private-Use", "RFC 1918"),
    SpecialBlock("192.0.0.0/24", "IETF Protocol Assignments", "RFC 6890"),
    SpecialBlock("192.0.0.0/29", "IPv4 Service Continuity Prefix", "RFC 7335"),
    SpecialBlock("192.0.0.8/32", "IPv4 dummy address", "RFC 7600"),
    SpecialBlock("192.0.0.9/32", "Port Control Protocol Anycast", "RFC 7723"),
    SpecialBlock("192.0.0.10/32", "TURN Anycast", "RFC 8155"),
    SpecialBlock("192.0.0.170/32", "NAT64/DNS64 Discovery", "RFC 8880"),
    SpecialBlock("192.0.0.171/32", "NAT64/DNS64 Discovery", "RFC 8880"),
    SpecialBlock("192.0.2.0/24", "Documentation (TEST-NET-1)", "RFC 5737"),
    SpecialBlock("192.31.196.0/24", "AS112-v4", "RFC 7535"),
    SpecialBlock("192.52.193.0/24", "AMT", "RFC 7450"),
    SpecialBlock("192.88.99.0/24", "Deprecated (6to4 Relay Anycast)", "RFC 7526"),
    SpecialBlock("192.88.99.2/32", "6a44-relay anycast address", "RFC 6751"),
    SpecialBlock("192.168.0.0/16", "Private-Use", "RFC 1918"),
    SpecialBlock("192.175.48.0/24", "Direct Delegation AS112 Service", "RFC 7534"),
    SpecialBlock("198.18.0.0/15", "Benchmarking", "RFC 2544"),
    SpecialBlock("198.51.100.0/24", "Documentation (TEST-NET-2)", "RFC 5737"),
    SpecialBlock("203.0.113.0/24", "Documentation (TEST-NET-3)", "RFC 5737"),
    SpecialBlock("240.0.0.0/4", "Reserved", "RFC 1112"),
    SpecialBlock("255.255.255.255/32", "Limited Broadcast", "RFC 8190"),
)
IPV6_REGISTRY = (
    SpecialBlock("::1/128", "Loopback Address", "RFC 4291"),
    SpecialBlock("::/128", "Unspecified Address", "RFC 4291"),
    SpecialBlock("::ffff:0:0/96", "IPv4-mapped Address", "RFC 4291"),
    SpecialBlock("64:ff9b::/96", "IPv4-IPv6 Translation", "RFC 6052"),
    SpecialBlock("64:ff9b:1::/48", "IPv4-IPv6 Translation", "RFC 8215"),
    SpecialBlock("100::/64", "Discard-Only Address Block", "RFC 6666"),
    SpecialBlock("100:0:0:1::/64", "Dummy IPv6 Prefix", "RFC 9780"),
    SpecialBlock("2001::/23", "IETF Protocol Assignments", "RFC 2928"),
    SpecialBlock("2001::/32", "TEREDO", "RFC 4380"),
    SpecialBlock("2001:1::1/128", "Port Control Protocol Anycast", "RFC 7723"),
    SpecialBlock("2001:1::2/128", "TURN Anycast", "RFC 8155"),
    SpecialBlock("2001:1::3/128", "DNS-SD Service Registration Anycast", "RFC 9665"),
    SpecialBlock("2001:2::/48", "Benchmarking", "RFC 5180"),
    SpecialBlock("2001:3::/32", "AMT", "RFC 7450"),
    SpecialBlock("2001:4:112::/48", "AS112-v6", "RFC 7535"),
    SpecialBlock("2001:10::/28", "Deprecated (previously ORCHID)", "RFC 4843"),
    SpecialBlock("2001:20::/28", "ORCHIDv2", "RFC 7343"),
    SpecialBlock("2001:30::/28", "Drone Remote ID", "RFC 9374"),
    SpecialBlock("2001:db8::/32", "Documentation", "RFC 3849"),
    SpecialBlock("2002::/16", "6to4", "RFC 3056"),
    SpecialBlock("2620:4f:8000::/48", "Direct Delegation AS112 Service", "RFC 7534"),
    SpecialBlock("3fff::/20", "Documentation", "RFC 9637"),
    SpecialBlock("5f00::/16", "Segment Routing (SRv6) SIDs", "RFC 9602"),
    SpecialBlock("fc00::/7", "Unique-Local", "RFC 4193"),
    SpecialBlock("fe80::/10", "Link-Local Unicast", "RFC 4291"),
)
# What the registries of unicast addresses leave to others.
BEYOND_REGISTRY = (
    SpecialBlock("168.63.129.16/32", "Azure's host: agents, DNS, health", "Azure"),
    SpecialBlock("224.0.0.0/4", "Multicast", "RFC 5771"),
    # One block for all that begins with 80 zero bits: API servers refuse ::ffff:0:0/96.
    SpecialBlock("::/80", "IPv4-compatible and IPv4-mapped", "RFC 4291"),
    SpecialBlock("fec0::/10", "Site-Local Unicast", "RFC 3879"),
    SpecialBlock("ff00::/8", "Multicast", "RFC 4291"),
)


def outermost(blocks: Iterable[SpecialBlock]) -> Iterator[str]:
    """The blocks that lie in no other one, sorted by address."""
    networks = {ip_network(block.cidr) for block in blocks}
    inner = {each for each in networks if any(_inside(each, other) for other in networks)}
    return map(str, sorted(networks - inner, key=lambda each: each.network_address.packed))


def _inside(network: Network, other: Network) -> bool:
    """Whether the other block is larger and has all of this one."""
    return (
        network != other and network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]
    )


CLOSED = (
    *outermost(block for block in (*IPV4_REGISTRY, *BEYOND_REGISTRY) if ":" not in block.cidr),
    *outermost(block for block in (*IPV6_REGISTRY, *BEYOND_REGISTRY) if ":" in block.cidr),
)
