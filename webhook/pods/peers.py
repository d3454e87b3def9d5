"""What a server may reach: public addresses without asking, and what it asks for by annotation.

Admission and the network policy of the server read an annotation alike:

egress        blocks of addresses, each with or without a TCP port (`203.0.113.0/24:443`), that lie
              inside the ceilings of the settings, and names of egressProfiles
ingress-from  names of ingressProfiles

A block is written as Kubernetes writes it, so that what was reviewed is what is enforced: API
server and network plugins disagree about host bits, leading zeros and IPv4-mapped IPv6.
"""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import NamedTuple

from webhook.pods.special_addresses import CLOSED, Network
from webhook.settings import NetworkPolicy, NoBlockError, cidr, listed, nearest

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
FURTHER_BLOCKS = tuple(
    block for block in CLOSED if ":" not in block and block not in REFERENCE_BLOCKS
)
IPV6_BLOCKS = tuple(block for block in CLOSED if ":" in block)

MOST_ENTRIES = 100
_LONGEST = 43
_NAMED = 5
_ASK = "ask the cluster administrator"


class Block(NamedTuple):
    """A block of addresses to reach, on one TCP port or on every port of every protocol."""

    cidr: str
    port: int | None = None


class RequestedAccess(NamedTuple):
    """What an annotation asks for, each thing once, in the order in which it is written.

    Where there are objections, sentences that follow the name of the annotation, nothing of it
    may be granted.
    """

    blocks: tuple[Block, ...] = ()
    profiles: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()


class _Objection(Exception):  # noqa: N818 - it is about the annotation, not a failure of ours
    """An entry that cannot be granted; the sentence follows the quoted entry."""


def egress(text: str, policy: NetworkPolicy) -> RequestedAccess:
    """What the annotation `egress` asks for, as far as the administrator's settings grant it."""
    blocks: dict[Block, None] = {}
    profiles: dict[str, None] = {}
    objections: list[str] = []
    for entry in _entries(text, objections):
        try:
            if "/" in entry or _address(entry):
                blocks[_block(entry, tuple(policy.egress_ceilings))] = None
            else:
                profiles[_profile(entry, policy.egress_profiles, "egressProfiles")] = None
        except _Objection as objection:
            objections.append(f'holds "{_cut(entry)}", {objection}')
    return RequestedAccess(tuple(blocks), tuple(profiles), tuple(objections))


def ingress(text: str, policy: NetworkPolicy) -> RequestedAccess:
    """What the annotation `ingress-from` asks for, as far as the settings grant it."""
    profiles: dict[str, None] = {}
    objections: list[str] = []
    for entry in _entries(text, objections):
        try:
            profiles[_profile(entry, policy.ingress_profiles, "ingressProfiles")] = None
        except _Objection as objection:
            objections.append(f'holds "{_cut(entry)}", {objection}')
    return RequestedAccess((), tuple(profiles), tuple(objections))


def _entries(text: str, objections: list[str]) -> Iterator[str]:
    entries = [entry.strip() for entry in text.split(",")]
    if len(entries) > MOST_ENTRIES:
        sentence = f"has more than {MOST_ENTRIES} entries: {_ASK} for a profile instead"
        objections.append(sentence)
        return
    if not all(entries):
        objections.append("has an empty entry: take out the comma that has nothing beside it")
    yield from filter(None, entries)


def _profile(name: str, profiles: Mapping[str, object], setting: str) -> str:
    if name in profiles:
        return name
    sentence = f"which is none of the administrator's {setting}"
    if not profiles:
        raise _Objection(f"{sentence}: there are none yet, {_ASK}")
    near = nearest(name, profiles)
    meant = f"did you mean {near}? " if near else ""
    there = f"there {'is' if len(profiles) == 1 else 'are'} "
    raise _Objection(f"{sentence}: {meant}{there}{listed(sorted(profiles), 'and', _NAMED)}")


def _block(entry: str, ceilings: tuple[str, ...]) -> Block:
    address, slash, rest = entry.partition("/")
    if not slash:
        raise _Objection(f"which is one address: write a block, such as {_address(entry)}")
    prefix, colon, port = rest.partition(":")
    network = _network(f"{address}/{prefix}")
    if not any(_inside(network, ceiling) for ceiling in _collapsed(ceilings)):
        raise _Objection(_outside(network, ceilings))
    return Block(str(network), _port(port) if colon else None)


def _outside(network: Network, ceilings: tuple[str, ...]) -> str:
    """What to say about a block that no ceiling covers; public ones are open to every server."""
    there = listed(ceilings, "and", _NAMED) if ceilings else "there are none"
    sentence = f"which is outside the egressCeilings of the settings ({there})"
    if public(network):
        return f"{sentence}: leave it out, public addresses can be reached without asking"
    return f"{sentence}: {_ASK}"


def _network(text: str) -> Network:
    try:
        return ip_network(cidr(text))
    except NoBlockError as error:
        raise _Objection(f"which is no block of addresses: write {error.write}") from None


def _port(text: str) -> int:
    plain = text.isascii() and text.isdigit() and not text.startswith("0") and len(text) <= 5
    if not plain or int(text) > 65535:
        raise _Objection("whose part after the slash must be a prefix and a port from 1 to 65535")
    return int(text)


@lru_cache(maxsize=8)
def _collapsed(ceilings: tuple[str, ...]) -> tuple[Network, ...]:
    """The ceilings, neighbours joined: what two of them cover together is covered."""
    networks = [ip_network(ceiling) for ceiling in ceilings]
    four = [network for network in networks if isinstance(network, IPv4Network)]
    six = [network for network in networks if isinstance(network, IPv6Network)]
    return (*collapse_addresses(four), *collapse_addresses(six))


def _inside(network: Network, ceiling: Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(ceiling, IPv4Network) and network.subnet_of(ceiling)
    return isinstance(ceiling, IPv6Network) and network.subnet_of(ceiling)


def _address(text: str) -> str:
    """The block that is this one address alone; nothing where the text is no address."""
    try:
        return "" if "%" in text else str(ip_network(text))
    except ValueError:
        return ""


def _cut(entry: str) -> str:
    return entry if len(entry) <= _LONGEST else f"{entry[: _LONGEST - 3]}..."


def public(network: Network) -> bool:
    """Whether no address of the block is special, such as a private one."""
    return not any(map(network.overlaps, _special()))


@cache
def _special() -> tuple[Network, ...]:
    return tuple(map(ip_network, CLOSED))
