"""The addresses that every server may reach without asking: the internet, without private blocks.

The network policy of a namespace opens them, and a refusal says so where somebody asks for them.
"""

from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

IPV4, IPV6 = "0.0.0.0/0", "::/0"
REFERENCE_BLOCKS = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
FURTHER_BLOCKS = ("100.64.0.0/10", "0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15")
IPV6_BLOCKS = (
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
    "::1/128",
    "::/128",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "2002::/16",
)


def public(network: Network) -> bool:
    """Whether no address of the block is private."""
    return not any(map(network.overlaps, _private()))


@cache
def _private() -> tuple[Network, ...]:
    return tuple(map(ip_network, (*REFERENCE_BLOCKS, *FURTHER_BLOCKS, *IPV6_BLOCKS)))
