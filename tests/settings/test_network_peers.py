"""Profiles and blocks: what the API server would refuse in a policy is refused in the settings."""

from typing import Any

import kubernetes_validate
import pytest

from webhook.settings.load import parse
from webhook.settings.network_peers import cidr, peer, peers, port
from webhook.settings.settings_error import SettingsError

NAMESPACE = {"matchLabels": {"team": "a"}}
IN = {"key": "app", "operator": "In", "values": ["db"]}
GOOD_PEERS: list[dict[str, Any]] = [
    {"ipBlock": {"cidr": "10.0.0.0/8"}},
    {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.1/32"]}},
    {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7"]}},
    {"podSelector": {}},
    {"namespaceSelector": NAMESPACE},
    {"namespaceSelector": NAMESPACE, "podSelector": {"matchExpressions": [IN]}},
    {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}},
]
GOOD_PORTS: list[dict[str, Any]] = [
    {},
    {"protocol": "UDP"},
    {"port": 1},
    {"port": 65535, "protocol": "SCTP"},
    {"port": "http"},
    {"port": 1, "endPort": 65535},
    {"port": 80, "endPort": 80},
]


@pytest.mark.parametrize("value", GOOD_PEERS)
def test_a_peer_is_handed_through(value: dict[str, Any]) -> None:
    assert peer(value) is value


@pytest.mark.parametrize("value", GOOD_PORTS)
def test_a_port_is_handed_through(value: dict[str, Any]) -> None:
    assert port(value) is value


def test_what_is_accepted_is_a_part_of_a_policy() -> None:
    rule = {"to": GOOD_PEERS, "ports": GOOD_PORTS}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec}

    kubernetes_validate.validate(policy | {"metadata": {"name": "a"}}, "1.37", strict=True)


SELECTOR = "podSelector.matchExpressions is not accepted"
BAD_PEERS: list[Any] = [
    ({}, "an empty peer matches nobody"),
    ({"ipblock": {}}, "a peer has the unknown key ipblock: it has ipBlock, namespaceSelector"),
    ({"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}, "ipBlock stands alone"),
    ({"ipBlock": None}, "ipBlock needs a cidr"),
    ({"ipBlock": {}}, "ipBlock needs a cidr"),
    ({"ipBlock": {"cidr": 10}}, "ipBlock needs a cidr"),
    ({"ipBlock": {"cidr": "10.0.0.0/8", "excpet": []}}, "ipBlock has the unknown key excpet"),
    ({"ipBlock": {"cidr": "10.0.0.1/8"}}, "is not a block of addresses: write 10.0.0.0/8"),
    ({"ipBlock": {"cidr": "10.0.0.0/8", "except": "10.1.0.0/16"}}, "except is not accepted"),
    ({"ipBlock": {"cidr": "10.0.0.0/8", "except": [1]}}, "except is not accepted"),
    ({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.1/16"]}}, "write 10.1.0.0/16"),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["fc00::/7"]}},
        "except fc00::/7 is not a part of 10.0.0.0/8",
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}},
        "except 10.0.0.0/8 is not a part of 10.0.0.0/8",
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["0.0.0.0/0"]}},
        "except 0.0.0.0/0 is not a part of 10.0.0.0/8",
    ),
    ({"podSelector": None}, "podSelector is not accepted: write {} for all"),
    ({"podSelector": {"app": "db"}}, "podSelector has the unknown key app"),
    ({"podSelector": {"matchLabels": {"a": True}}}, "podSelector.matchLabels is not accepted"),
    ({"podSelector": {"matchLabels": ["a"]}}, "podSelector.matchLabels is not accepted"),
    ({"podSelector": {"matchLabels": {"a b": "c"}}}, "podSelector.matchLabels is not accepted"),
    ({"podSelector": {"matchLabels": {"a": "b c"}}}, "podSelector.matchLabels is not accepted"),
    (
        {"podSelector": {"matchExpressions": [{"key": "a b", "operator": "Exists"}]}},
        "podSelector.matchExpressions is not accepted",
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}]}},
        "podSelector.matchExpressions is not accepted",
    ),
    ({"podSelector": {"matchExpressions": {}}}, SELECTOR),
    ({"podSelector": {"matchExpressions": ["a"]}}, SELECTOR),
    ({"podSelector": {"matchExpressions": [{"operator": "Exists"}]}}, SELECTOR),
    ({"podSelector": {"matchExpressions": [IN | {"operator": "in"}]}}, SELECTOR),
    ({"podSelector": {"matchExpressions": [IN | {"values": []}]}}, SELECTOR),
    ({"podSelector": {"matchExpressions": [IN | {"values": "db"}]}}, SELECTOR),
    ({"podSelector": {"matchExpressions": [IN | {"values": [1]}]}}, SELECTOR),
    ({"podSelector": {"matchExpressions": [IN | {"operator": "Exists"}]}}, SELECTOR),
    ({"podSelector": {"matchExpressions": [IN | {"value": "x"}]}}, SELECTOR),
]


@pytest.mark.parametrize(("value", "sentence"), BAD_PEERS)
def test_a_peer_that_no_policy_can_have(value: Any, sentence: str) -> None:
    with pytest.raises(ValueError) as told:  # noqa: PT011 - the sentence is compared below
        peer(value)

    assert sentence in str(told.value)


NUMBER = "port is not accepted: write a number from 1 to 65535 or a port's name"
END = "endPort is not accepted"
BAD_PORTS: list[Any] = [
    ({"port": 0}, NUMBER),
    ({"port": 65536}, NUMBER),
    ({"port": True}, NUMBER),
    ({"port": None}, NUMBER),
    ({"port": "80"}, NUMBER),
    ({"port": "a--b"}, NUMBER),
    ({"port": "sixteen-letters-"}, NUMBER),
    ({"port": 80, "endPort": 79}, END),
    ({"port": 80, "endPort": 65536}, END),
    ({"port": "http", "endPort": 80}, END),
    ({"endPort": 80}, END),
    ({"protocol": "tcp"}, "protocol is not accepted: write TCP, UDP, SCTP"),
    ({"targetPort": 80}, "a port has the unknown key targetPort: it has protocol, port, endPort"),
]


@pytest.mark.parametrize(("value", "sentence"), BAD_PORTS)
def test_a_port_that_no_policy_can_have(value: Any, sentence: str) -> None:
    with pytest.raises(ValueError) as told:  # noqa: PT011 - the sentence is compared below
        port(value)

    assert sentence in str(told.value)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "::/96"])
def test_a_block(text: str) -> None:
    assert cidr(text) == text


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("::ffff:10.0.0.0/104", "write 10.0.0.0/8, because policies know IPv4 as IPv4"),
        ("::ffff:a00:0/104", "write 10.0.0.0/8, because policies know IPv4 as IPv4"),
        ("::ffff:0:0/96", "write 0.0.0.0/0, because policies know IPv4 as IPv4"),
        ("2001:DB8::/32", "write 2001:db8::/32"),
        ("fe80::%eth0/64", "write one such as 203.0.113.0/24"),
        ("10.0.0.0/255.0.0.0", "write 10.0.0.0/8"),
        ("10.0.0.0/33", "write one such as 203.0.113.0/24"),
    ],
)
def test_no_block(text: str, write: str) -> None:
    with pytest.raises(ValueError, match="is not a block of addresses") as told:
        cidr(text)

    assert str(told.value).endswith(write)


def test_an_empty_list_does_not_mean_everybody() -> None:
    with pytest.raises(ValueError, match="would mean everybody"):
        peers([])


@pytest.mark.parametrize(
    ("profile", "place"),
    [
        ("egressProfiles: {db: {to: []}}", "egressProfiles.db.to: an empty list would mean"),
        ("egressProfiles: {db: {to: [{}]}}", "egressProfiles.db.to[0]: an empty peer"),
        (
            "egressProfiles: {db: {to: [{podSelector: {}}], ports: [{}, {port: 0}]}}",
            "egressProfiles.db.ports[1]: port is not accepted",
        ),
        (
            "ingressProfiles: {db: {from: [{podSelector: {}}, {podselector: {}}]}}",
            "ingressProfiles.db.from[1]: a peer has the unknown key podselector",
        ),
    ],
)
def test_the_settings_name_the_place(profile: str, place: str) -> None:
    with pytest.raises(SettingsError) as told:
        parse(f"mcpNamespace: {{networkPolicy: {{{profile}}}}}", "settings.yaml")

    assert f"settings.yaml:1: mcpNamespace.networkPolicy.{place}" in str(told.value)
