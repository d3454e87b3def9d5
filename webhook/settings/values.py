"""The kinds of values that settings hold, each with what it accepts and its schema.

A type carries its JSON schema. The keys `x-kubernetes-*` in it are for the API server, which
checks CEL and knows neither `propertyNames` nor `patternProperties`. A regular expression has
words beside it, for messages.
"""

import json
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cached_property
from ipaddress import IPv6Network, ip_network
from typing import Annotated, Any, Literal, Required, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema, with_config
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from webhook.settings.quantity import QuantityError, parse_quantity

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
NAMESPACED_NAME = r"^[^/]+/[^/]+$"
LABEL_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
LABEL_DOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
LABEL_KEY = rf"^({LABEL_DOMAIN}/)?{LABEL_NAME}$"
LABEL_VALUE = rf"^({LABEL_NAME})?$"
RESOURCE_NAME = (
    r"^(cpu|memory|ephemeral-storage|hugepages-[1-9][0-9]*[KMGTPE]i"
    rf"|{LABEL_DOMAIN}/{LABEL_NAME})$"
)
POD_SECURITY_VERSION = r"^(latest|v1\.(2[5-9]|3[0-7]))$"

ACCEPTED = {
    DNS_LABEL: "lower-case letters, digits and hyphens, such as team-a",
    DNS_SUBDOMAIN: "lower-case letters, digits, hyphens and dots, such as team-a.example",
    NAMESPACED_NAME: "a namespace and a name, such as team-a/github-tools",
    LABEL_KEY: "letters, digits, hyphens, dots and underscores, such as example.com/pool",
    LABEL_VALUE: "at most 63 letters, digits, hyphens, dots and underscores, such as tools",
    RESOURCE_NAME: (
        "cpu, memory, ephemeral-storage, hugepages-2Mi, or one with a domain, such as "
        "example.com/gpu"
    ),
    POD_SECURITY_VERSION: "latest, or a version from v1.25 to v1.37",
}

_MOST = 20
_LONGEST = 100  # of a name that is compared with others

_DNS_SUBDOMAIN, _LONGEST_DNS_SUBDOMAIN = re.compile(DNS_SUBDOMAIN), 253


def is_dns_subdomain(text: str) -> bool:
    """Whether most objects can have this name (RFC 1123, section 2.1, as Kubernetes reads it)."""
    return len(text) <= _LONGEST_DNS_SUBDOMAIN and bool(_DNS_SUBDOMAIN.fullmatch(text))


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The known name that a misspelled one is closest to; None where none is so much alike."""
    names = {_plain(name): name for name in known}
    near = get_close_matches(_plain(word), names, 1, alike) if len(word) <= _LONGEST else []
    return names[near[0]] if near else None


def listed(words: Sequence[str], last: str, most: int = _MOST) -> str:
    """The words as a list in a sentence: `a, b and c`; of many the first, and how many more."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def _plain(word: str) -> str:
    """The word without what people mistake for each other: case, hyphens and underscores."""
    return word.lower().replace("_", "-")


# Of a setting that the chart reads, and nothing else.
CHART_ONLY: dict[str, Any] = {"x-chart-only": True}
# Of a setting that no namespace can change, whatever is delegated.
CLUSTER_ONLY: dict[str, Any] = {"x-cluster-only": True}
VERBATIM = "x-verbatim"
_QUANTITY = r"^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+(\.[0-9]*)?)?$"
_QUANTITY_SCHEMA = {
    "type": ["integer", "number", "string"],
    "maxLength": 32,
    "pattern": _QUANTITY,
    "x-kubernetes-int-or-string": True,
}


class Section(
    BaseModel,
    alias_generator=to_camel,
    extra="forbid",
    frozen=True,
    populate_by_name=False,
    strict=True,
    ignored_types=(cached_property,),
):
    """A group of keys; layers merge inside it, key by key."""

    def __copy__(self) -> Self:
        """A copy that may be changed: it keeps nothing that was derived from this one."""
        copy = super().__copy__()
        for key in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[key]
        return copy


class Value(Section):
    """A structured value; the highest layer that sets it replaces it as a whole."""


# Part of an object of Kubernetes, kept as it was written: a null in it does not mean "not set".
verbatim = with_config(extra="forbid", strict=True, json_schema_extra={VERBATIM: True})


def cel(rule: str, message: str) -> dict[str, Any]:
    """The part of a schema by which the API server checks a rule; the message follows the key."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message}]}


def keys_match(pattern: str, most: int) -> dict[str, Any]:
    """The part of a schema by which the API server checks the keys of a mapping."""
    rule = f"self.all(name, name.matches({json.dumps(pattern)}))"
    return {"maxProperties": most, **cel(rule, f"names are {ACCEPTED[pattern]}")}


def _canonical(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a quantity is a number with an optional suffix, such as 400Mi")  # noqa: TRY004
    try:
        quantity = parse_quantity(value)
    except QuantityError as error:
        raise ValueError(str(error)) from error
    if quantity < parse_quantity("0"):
        raise ValueError("a quantity of a resource is not negative")
    return quantity.canonical()


QuantityText = Annotated[str, BeforeValidator(_canonical), WithJsonSchema(_QUANTITY_SCHEMA)]
Quantities = Annotated[
    dict[Annotated[str, Field(pattern=RESOURCE_NAME)], QuantityText],
    Field(json_schema_extra=keys_match(RESOURCE_NAME, 32)),
]
DnsLabel = Annotated[str, Field(pattern=DNS_LABEL, max_length=63)]
DnsSubdomain = Annotated[str, Field(pattern=DNS_SUBDOMAIN, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
LabelKey = Annotated[str, Field(pattern=LABEL_KEY)]
LabelValue = Annotated[str, Field(pattern=LABEL_VALUE)]
Labels = Annotated[dict[LabelKey, LabelValue], Field(json_schema_extra=keys_match(LABEL_KEY, 64))]
NamespacedName = Annotated[str, Field(pattern=NAMESPACED_NAME)]
SomeText = Annotated[str, Field(min_length=1)]


_SUCH_AS = "one such as 203.0.113.0/24"
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_BLOCK = {
    "type": "string",
    "maxLength": len("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"),
    "pattern": rf"^({_OCTET}(\.{_OCTET}){{3}}/([12]?[0-9]|3[0-2])"
    r"|(::|[0-9a-f]{1,4}:)[0-9a-f:]*/([1-9]?[0-9]|1[01][0-9]|12[0-8]))$",
}
_IS_BLOCK = cel(
    "isCIDR(self) && string(cidr(self).masked()) == self",
    "must be a block of addresses without host bits, such as 203.0.113.0/24",
)


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


Cidr = Annotated[str, AfterValidator(cidr), WithJsonSchema({**_BLOCK, **_IS_BLOCK})]
# CEL for each of them would exceed what the API server spends on one resource.
ExceptedCidr = Annotated[str, AfterValidator(cidr), WithJsonSchema(_BLOCK)]


@verbatim
class _Requirement(TypedDict, total=False):
    """A condition on one label."""

    key: Required[Annotated[LabelKey, Field(description="The label.")]]
    operator: Required[
        Annotated[
            Literal["In", "NotIn", "Exists", "DoesNotExist"],
            Field(description="How the label is compared with the values."),
        ]
    ]
    values: Annotated[
        list[LabelValue] | None, Field(description="The values, for In and NotIn alone.")
    ]


def _comparable(requirement: _Requirement) -> _Requirement:
    compares = requirement["operator"] in {"In", "NotIn"}
    if compares and not requirement.get("values"):
        raise ValueError(f"operator {requirement['operator']} compares values: write some")
    if not compares and requirement.get("values"):
        raise ValueError(f"operator {requirement['operator']} takes no values: take them out")
    return requirement


Requirement = Annotated[
    _Requirement,
    AfterValidator(_comparable),
    Field(
        json_schema_extra=cel(
            "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
            "In and NotIn compare values, Exists and DoesNotExist take none",
        )
    ),
]


@verbatim
class LabelSelector(TypedDict, total=False):
    """Labels that select pods or namespaces; an empty selector selects all."""

    matchLabels: Annotated[
        dict[LabelKey, LabelValue],
        Field(description="Labels with their values; all have to fit."),
    ]
    matchExpressions: Annotated[
        list[Requirement],
        # More would exceed what the API server spends on checking one resource.
        Field(
            description="Conditions on labels; all have to hold.",
            json_schema_extra={"maxItems": 32},
        ),
    ]
