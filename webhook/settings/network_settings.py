"""What servers can reach and what can reach them: the network policies, their peers and ports.

Peers and ports are handed through to policies as they are. A mistake in one would be found by the
API server when the first server asks for the profile, and the administrator would not hear of it.
An empty list of peers allows every peer, so it is refused here.
"""

import re
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Required, TypeVar

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from webhook.settings import values

# Words of letters and digits between single hyphens; one of them has a letter.
_PORT_NAME = r"^([0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$"
_PORT = {
    "type": ["integer", "string"],
    "minimum": 1,
    "maximum": 65535,
    "maxLength": 15,
    "pattern": _PORT_NAME,
    "x-kubernetes-int-or-string": True,
}


_IpBlock = TypedDict(
    "_IpBlock",
    {
        "cidr": Required[
            Annotated[values.Cidr, Field(description="The block, such as 10.0.0.0/8.")]
        ],
        "except": Annotated[
            list[values.ExceptedCidr], Field(description="Blocks inside of it that are left out.")
        ],
    },
    total=False,
)
values.verbatim(_IpBlock)


def _excepted(block: Any) -> Any:
    whole: Any = ip_network(block["cidr"])
    for text in block.get("except", ()):
        part: Any = ip_network(text)
        if part.version != whole.version or part == whole or not part.subnet_of(whole):
            raise ValueError(f"except {text} is not a part of {whole}: take it out")
    return block


@values.verbatim
class _Peer(TypedDict, total=False):
    """A peer of a NetworkPolicy: a block of addresses, or pods by labels."""

    ipBlock: Annotated[
        _IpBlock,
        AfterValidator(_excepted),
        Field(description="A block of addresses; it excludes selectors."),
    ]
    namespaceSelector: Annotated[
        values.LabelSelector, Field(description="The namespaces of the pods; {} selects all.")
    ]
    podSelector: Annotated[
        values.LabelSelector,
        Field(description="The pods; without namespaceSelector, those of the server's namespace."),
    ]


def _matching(peer: _Peer) -> _Peer:
    if not peer:
        raise ValueError("an empty peer selects nothing: write ipBlock or selectors")
    if "ipBlock" in peer and len(peer) > 1:
        raise ValueError("ipBlock stands alone: put the selectors into a peer of their own")
    return peer


Peer = Annotated[
    _Peer,
    AfterValidator(_matching),
    Field(
        json_schema_extra=values.cel(
            "has(self.ipBlock) != (has(self.podSelector) || has(self.namespaceSelector))",
            "must have either ipBlock or selectors",
        )
    ),
]


def _some(peers: list[Peer]) -> list[Peer]:
    if not peers:
        raise ValueError("an empty list would mean everybody: write the peers")
    return peers


Peers = Annotated[list[Peer], AfterValidator(_some), Field(json_schema_extra={"minItems": 1})]


def _number_or_name(value: Any) -> int | str:
    named = isinstance(value, str) and len(value) <= 15 and re.fullmatch(_PORT_NAME, value)
    if named or (type(value) is int and 1 <= value <= 65535):
        number_or_name: int | str = value
        return number_or_name
    raise PydanticCustomError("port", "neither the number of a port nor its name")


@values.verbatim
class _PolicyPort(TypedDict, total=False):
    """A port of a NetworkPolicy."""

    protocol: Annotated[
        Literal["TCP", "UDP", "SCTP"], Field(description="The protocol; TCP where it is not set.")
    ]
    port: Annotated[
        int | str,
        PlainValidator(_number_or_name),
        WithJsonSchema(_PORT),
        Field(description="A port by its number or name; all ports where it is not set."),
    ]
    endPort: Annotated[
        values.Port, Field(description="The last port of a range that starts at port.")
    ]


def _in_order(ports: _PolicyPort) -> _PolicyPort:
    first, last = ports.get("port"), ports.get("endPort")
    if last is not None and not (isinstance(first, int) and last >= first):
        raise ValueError("endPort is not accepted: write a number that is not below port's")
    return ports


PolicyPort = Annotated[
    _PolicyPort,
    AfterValidator(_in_order),
    Field(
        json_schema_extra=values.cel(
            "!has(self.endPort) || (has(self.port) && type(self.port) == int"
            " && self.endPort >= int(self.port))",
            "endPort must be a number that is not below port's",
        )
    ),
]
_Ports = Annotated[list[PolicyPort], Field(description="The ports; all where the list is empty.")]


class EgressProfile(values.Value):
    """NetworkPolicy peers and ports that a server may ask for by name."""

    to: Peers = Field(description="Whom the server may call.")
    ports: _Ports = Field(default_factory=list)


class IngressProfile(values.Value):
    """NetworkPolicy peers and ports that may call a server which asks for them by name."""

    from_: Peers = Field(alias="from", description="Who may call the server.")
    ports: _Ports = Field(default_factory=list)


Profile = TypeVar("Profile", EgressProfile, IngressProfile)
Profiles = Annotated[
    dict[values.DnsLabel, Profile], Field(json_schema_extra=values.keys_match(values.DNS_LABEL, 64))
]


class Gateway(values.Section):
    """The pods that can call MCP servers, and that servers can call."""

    namespace: values.DnsLabel | None = Field(
        None,
        description=(
            "The namespace of the pods that can call servers; the namespace of the release if not "
            "set."
        ),
    )
    pod_selector: values.Labels = Field(
        {"mcp-admission.dev/gateway": "true"},
        description="The labels of the pods that can call servers, and that servers can call.",
    )
    port: values.Port = Field(8080, description="The port of these pods that servers can call.")


# What kube-dns and CoreDNS carry, as clusters and the chart of CoreDNS deploy them.
DNS_PODS: values.LabelSelector = {
    "matchExpressions": [{"key": "k8s-app", "operator": "In", "values": ["kube-dns", "coredns"]}]
}


class NetworkPolicy(values.Section):
    """What MCP servers can reach, and what can reach them."""

    enabled: bool = Field(
        default=True,
        description=(
            "Whether servers are isolated by network policies; off also switches the gate off."
        ),
    )
    dns_namespace: values.DnsLabel = Field(
        "kube-system", description="The namespace of the DNS servers that servers can query."
    )
    dns_pod_selector: values.LabelSelector | None = Field(
        None,
        description=(
            "The pods of the DNS servers in dnsNamespace; {} selects all. If not set, those of "
            "kube-dns and CoreDNS in kube-system, and all in another namespace."
        ),
    )
    dns_peers: list[values.Cidr] = Field(
        default_factory=list,
        description=(
            "CIDR blocks of more DNS servers, such as 169.254.20.10/32 (NodeLocal DNSCache)."
        ),
    )
    dns_ports: list[values.Port] = Field([53], description="The ports of DNS; OpenShift has 5353.")
    gateway: Gateway = Field(default_factory=Gateway)
    egress_ceilings: list[values.Cidr] = Field(
        default_factory=list,
        description="CIDR blocks; a server can request egress to addresses inside them.",
    )
    egress_profiles: Profiles[EgressProfile] = Field(
        default_factory=dict,
        description=(
            "Named NetworkPolicy peers and ports; a server can request egress to them by name."
        ),
    )
    ingress_profiles: Profiles[IngressProfile] = Field(
        default_factory=dict,
        description=(
            "Named NetworkPolicy peers and ports; a server can request ingress from them by name."
        ),
    )

    @property
    def dns_pods(self) -> values.LabelSelector:
        """The pods that answer DNS; labels are known of those that clusters have in kube-system."""
        if self.dns_pod_selector is not None:
            return self.dns_pod_selector
        return DNS_PODS if self.dns_namespace == "kube-system" else {}
