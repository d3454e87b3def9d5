"""Which of two values of a key is stricter, for the keys whose values have an order.

Modes, levels and actions are ladders. A ceiling is stricter where it is lower, and what servers may
reach or have beyond the rules is stricter where it is a part. All other keys have no order: an
image or a DNS server is not stricter than another one.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from itertools import islice
from typing import Any

from webhook.settings.faults import shown
from webhook.settings.model import MODES
from webhook.settings.model_keys import Key, dotted
from webhook.settings.quantity import parse_quantity

ACTIONS = ("off", "warn", "override", "deny")
"""From the most lenient to the strictest."""
_LEVELS = ("privileged", "baseline", "restricted")

# Values from the most lenient to the strictest.
_LADDERS: Mapping[str, Sequence[Any]] = {
    "mode": MODES,
    "onConflict": ACTIONS,
    "replicas.policy": ACTIONS,
    "isolation.gate": (False, True),
    "secrets.copy": (True, False),
    "mcpNamespace.networkPolicy.enabled": (False, True),
    "mcpNamespace.podSecurity.enforce": _LEVELS,
    "mcpNamespace.podSecurity.audit": _LEVELS,
    "mcpNamespace.podSecurity.warn": _LEVELS,
    "serviceAccountTokens.optedIn": ("allow", "forbid"),
    "serviceAccountTokens.managed": ("allow", "forbid"),
    "mcpServerDefaults.perServer": ("allow", "forbid"),
}
# What is allowed beyond the rules: a part of it is stricter.
_GRANTS = frozenset(
    {
        "serviceAccountTokens.names",
        "priorityClasses.allowed",
        "mcpNamespace.networkPolicy.dnsPeers",
        "mcpNamespace.networkPolicy.egressProfiles",
        "mcpNamespace.networkPolicy.ingressProfiles",
    }
)
_BLOCKS = "mcpNamespace.networkPolicy.egressCeilings"


def has_order(key: Key) -> bool:
    """Whether some value of the key is stricter than another one."""
    name = dotted(key)
    by_kind = key[0] in {"rules", "mcpServerMaximums"}
    return by_kind or name in _LADDERS or name in _GRANTS or name == _BLOCKS


def looser(key: Key, value: Any, held: Any) -> str | None:
    """Why a value is not as strict as what the cluster holds at the key; None where it is."""
    name = dotted(key)
    ladder = ACTIONS if key[0] == "rules" else _LADDERS.get(name)
    if ladder is not None:
        return _lower(ladder, value, held)
    if key[0] == "mcpServerMaximums":
        return _more(value, held)
    if name == _BLOCKS:
        return _outside(value, held)
    if name in _GRANTS:
        return _beyond(value, held)
    now = "" if held is None else f" ({_told(held)} in the cluster)"
    return f"this key has no stricter value{now}"


def _lower(ladder: Sequence[Any], value: Any, held: Any) -> str | None:
    if ladder.index(value) >= ladder.index(held):
        return None
    return f"{_told(value)} is looser than {_told(held)}, which the cluster has"


def _more(value: str, held: str | None) -> str | None:
    if held is None or parse_quantity(value) <= parse_quantity(held):
        return None
    return f"{value} is more than {held}, which the cluster has"


def _beyond(value: Any, held: Any) -> str | None:
    """Object to what the cluster does not grant; a profile has to be the same."""
    granted = frozenset(held)
    for each in value:
        if each not in granted:
            return f"{_told(each)} is not among what the cluster has ({_names(held)})"
        if isinstance(value, dict) and value[each] != held[each]:
            return f"{_told(each)} is not as the cluster has it"
    return None


def _outside(value: Sequence[str], held: Sequence[str]) -> str | None:
    """Object to a block that is in none of the cluster's, by looking up the blocks around it."""
    known = {_bits(text) for text in held}
    lengths = {(version, length) for version, length, _ in known}
    for text in value:
        if not any(around in known for around in _around(_bits(text), lengths)):
            return f"{_told(text)} is in no block that the cluster has ({_names(held)})"
    return None


_Bits = tuple[int, int, int]


def _bits(text: str) -> _Bits:
    """A block as its version, its length and the bits that its addresses have in common."""
    network = ip_network(text)
    common = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
    return network.version, network.prefixlen, common


def _around(block: _Bits, lengths: set[tuple[int, int]]) -> Iterator[_Bits]:
    version, length, common = block
    for known, shorter in lengths:
        if known == version and shorter <= length:
            yield version, shorter, common >> (length - shorter)


def _names(held: Any) -> str:
    return ", ".join(islice(held, 3)) + (", ..." if len(held) > 3 else "") if held else "none"


def _told(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 40 else shown(value)
