"""The kinds of text and numbers that settings hold, each with what it accepts."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from webhook.settings import affinity, network_peers
from webhook.settings.patterns import (
    DNS_LABEL,
    DNS_SUBDOMAIN,
    LABEL_KEY,
    LABEL_VALUE,
    NAMESPACED_NAME,
    RESOURCE_NAME,
)
from webhook.settings.quantity import QuantityError, parse


def _canonical(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a quantity is a number with an optional suffix, such as 400Mi")  # noqa: TRY004
    try:
        quantity = parse(value)
    except QuantityError as error:
        raise ValueError(str(error)) from error
    if quantity < parse("0"):
        raise ValueError("a quantity of a resource is not negative")
    return quantity.canonical()


QuantityText = Annotated[str, BeforeValidator(_canonical)]
Quantities = dict[Annotated[str, Field(pattern=RESOURCE_NAME)], QuantityText]
Cidr = Annotated[str, AfterValidator(network_peers.cidr)]
DnsLabel = Annotated[str, Field(pattern=DNS_LABEL, max_length=63)]
DnsSubdomain = Annotated[str, Field(pattern=DNS_SUBDOMAIN, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
Labels = dict[Annotated[str, Field(pattern=LABEL_KEY)], Annotated[str, Field(pattern=LABEL_VALUE)]]
Peer = Annotated[dict[str, Any], AfterValidator(network_peers.peer)]
Peers = Annotated[list[Peer], AfterValidator(network_peers.peers)]
NamespacedName = Annotated[str, Field(pattern=NAMESPACED_NAME)]
SomeText = Annotated[str, Field(min_length=1)]
NodeAffinity = Annotated[dict[str, Any], AfterValidator(affinity.of_nodes)]
PodAffinity = Annotated[dict[str, Any], AfterValidator(affinity.of_pods)]
PolicyPort = Annotated[dict[str, Any], AfterValidator(network_peers.port)]
