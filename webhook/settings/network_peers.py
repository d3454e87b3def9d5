"""What an administrator writes of a NetworkPolicy: blocks of addresses, peers and ports.

They are handed through to policies as they are. A mistake in one would be found by the API server
when the first server asks for the profile, and the administrator would not hear of it; an empty
list means everybody there, which nobody writes on purpose.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv6Network, ip_network
from itertools import starmap
from typing import Any

from webhook.settings.patterns import LABEL_KEY, LABEL_VALUE

Json = dict[str, Any]
PROTOCOLS = ("TCP", "UDP", "SCTP")
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_SELECTORS = ("namespaceSelector", "podSelector")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_LABEL_KEY, _LABEL_VALUE = re.compile(LABEL_KEY), re.compile(LABEL_VALUE)
_SUCH_AS = "one such as 203.0.113.0/24"


class NoBlockError(ValueError):
    """Text that is no block of addresses, or not how Kubernetes writes it; `write` says what is."""

    def __init__(self, text: str, write: str) -> None:
        super().__init__(f'"{text:.43}" is not a block of addresses: write {write}')
        self.write = write


def cidr(value: str) -> str:
    """A block of addresses as Kubernetes writes it; raises NoBlockError for another spelling."""
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        raise NoBlockError(value, _SUCH_AS) from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
        inner = f"{network.network_address.ipv4_mapped}/{max(network.prefixlen - 96, 0)}"
        raise NoBlockError(value, f"{inner}, because policies know IPv4 as IPv4")
    if str(network) != value or "%" in value:
        raise NoBlockError(value, _SUCH_AS if "%" in value else str(network))
    return value


def peers(value: list[Json]) -> list[Json]:
    """The peers of a profile; raises ValueError where there are none."""
    if not value:
        raise ValueError("an empty list would mean everybody: write the peers")
    return value


def peer(value: Json) -> Json:
    """One peer of a NetworkPolicy; raises ValueError for what the API server refuses."""
    _keys("a peer", value, ("ipBlock", *_SELECTORS))
    if not value:
        raise ValueError("an empty peer matches nobody: write ipBlock or selectors")
    if "ipBlock" in value:
        if len(value) > 1:
            raise ValueError("ipBlock stands alone: put the selectors into a peer of their own")
        _block(value["ipBlock"])
    for key in _SELECTORS:
        if key in value:
            _selector(key, value[key])
    return value


def port(value: Json) -> Json:
    """One port of a NetworkPolicy; raises ValueError for what the API server refuses."""
    _keys("a port", value, ("protocol", "port", "endPort"))
    if value.get("protocol", "TCP") not in PROTOCOLS:
        raise ValueError(f"protocol is not accepted: write {', '.join(PROTOCOLS)}")
    first: Any = value.get("port")
    last: Any = value.get("endPort")
    named = isinstance(first, str) and _PORT_NAME.fullmatch(first)
    if "port" in value and not (named or _number(first)):
        raise ValueError("port is not accepted: write a number from 1 to 65535 or a port's name")
    if "endPort" in value and not (_number(first) and _number(last) and last >= first):
        raise ValueError("endPort is not accepted: write a number that is not below port's")
    return value


def _block(value: Any) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("cidr"), str):
        raise ValueError("ipBlock needs a cidr, as text")  # noqa: TRY004 - pydantic wants it
    _keys("ipBlock", value, ("cidr", "except"))
    whole: Any = ip_network(cidr(value["cidr"]))
    excepted = value.get("except", [])
    if not isinstance(excepted, list) or not all(isinstance(each, str) for each in excepted):
        raise ValueError("except is not accepted: write a list of blocks")
    for text in excepted:
        part: Any = ip_network(cidr(text))
        if part.version != whole.version or part == whole or not part.subnet_of(whole):
            raise ValueError(f"except {text} is not a part of {whole}: take it out")


def _selector(key: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{key} is not accepted: write {{}} for all, or matchLabels")  # noqa: TRY004
    _keys(key, value, ("matchLabels", "matchExpressions"))
    labels, expressions = value.get("matchLabels", {}), value.get("matchExpressions", [])
    if not isinstance(labels, dict) or not all(starmap(_is_label, labels.items())):
        raise ValueError(
            f"{key}.matchLabels is not accepted: write labels as pods carry them, their values as "
            "text"
        )
    if not isinstance(expressions, list) or not all(map(_is_expression, expressions)):
        raise ValueError(
            f"{key}.matchExpressions is not accepted: write key, operator "
            f"({', '.join(OPERATORS)}) and, for the first two, values"
        )


def _is_label(key: Any, value: Any) -> bool:
    texts = isinstance(key, str) and isinstance(value, str)
    return texts and bool(_LABEL_KEY.fullmatch(key) and _LABEL_VALUE.fullmatch(value))


def _is_expression(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    values, operator = value.get("values") or [], value.get("operator")
    texts = isinstance(values, list) and all(
        _is_label(value.get("key"), text) for text in ["", *values]
    )
    wanted = operator in OPERATORS[:2]
    known = set(value) <= {"key", "operator", "values"}
    return known and texts and operator in OPERATORS and bool(values) == wanted


def _keys(what: str, value: Mapping[str, Any], known: Iterable[str]) -> None:
    unknown = [key for key in value if key not in known]
    if unknown:
        raise ValueError(f"{what} has the unknown key {unknown[0]:.40}: it has {', '.join(known)}")


def _number(value: Any) -> bool:
    return type(value) is int and 1 <= value <= 65535
