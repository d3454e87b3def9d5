"""Profiles and blocks: what the API server would refuse in a policy is refused in the settings."""

import json
from typing import Any

import kubernetes_validate
import pytest

from webhook.settings.faults import SettingsError
from webhook.settings.load import parse_settings
from webhook.settings.network_settings import NetworkPolicy
from webhook.settings.values import cidr

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


def policy(to: Any, ports: Any = ()) -> NetworkPolicy:
    profile = json.dumps({"to": to, "ports": list(ports)})
    text = f"mcpNamespace: {{networkPolicy: {{egressProfiles: {{db: {profile}}}}}}}"
    return parse_settings(text, "settings.yaml").mcp_namespace.network_policy


def refused(to: Any, ports: Any = ()) -> str:
    with pytest.raises(SettingsError) as told:
        policy(to, ports)
    return str(told.value).removeprefix(
        "settings.yaml:1: mcpNamespace.networkPolicy.egressProfiles.db."
    )


def test_peers_and_ports_are_handed_through() -> None:
    profile = policy(GOOD_PEERS, GOOD_PORTS).egress_profiles["db"]

    assert (profile.to, profile.ports) == (GOOD_PEERS, GOOD_PORTS)


def test_what_is_accepted_is_a_part_of_a_policy() -> None:
    rule = {"to": GOOD_PEERS, "ports": GOOD_PORTS}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec}

    kubernetes_validate.validate(policy | {"metadata": {"name": "a"}}, "1.37", strict=True)


BAD_PEERS: list[Any] = [
    ({}, "to[0]: an empty peer selects nothing: write ipBlock or selectors"),
    (
        {"ipblock": {}},
        "to[0].ipblock: unknown key, did you mean ipBlock? known here are ipBlock,",
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}},
        "to[0]: ipBlock stands alone: put the selectors into a peer of their own",
    ),
    ({"ipBlock": None}, "to[0].ipBlock: null is not accepted: write a mapping of keys and values"),
    ({"ipBlock": {}}, "to[0].ipBlock.cidr: this key is required: add it"),
    (
        {"ipBlock": {"cidr": 10}},
        "to[0].ipBlock.cidr: 10 is not accepted: write text, in quotes where it loo",
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "excpet": []}},
        "to[0].ipBlock.excpet: unknown key, did you mean except? known here are cid",
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.1/8"}},
        'to[0].ipBlock.cidr: "10.0.0.1/8" is not a block of addresses: write 10.0.0.0/8',
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": "10.1.0.0/16"}},
        'to[0].ipBlock.except: "10.1.0.0/16" is not accepted: write a list, one ite',
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": [1]}},
        "to[0].ipBlock.except[0]: 1 is not accepted: write text, in quotes where it",
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.1/16"]}},
        'to[0].ipBlock.except[0]: "10.1.0.1/16" is not a block of addresses: write',
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["fc00::/7"]}},
        "to[0].ipBlock: except fc00::/7 is not a part of 10.0.0.0/8: take it out",
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}},
        "to[0].ipBlock: except 10.0.0.0/8 is not a part of 10.0.0.0/8: take it out",
    ),
    (
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["0.0.0.0/0"]}},
        "to[0].ipBlock: except 0.0.0.0/0 is not a part of 10.0.0.0/8: take it out",
    ),
    (
        {"podSelector": None},
        "to[0].podSelector: null is not accepted: write a mapping of keys and values",
    ),
    (
        {"podSelector": {"app": "db"}},
        "to[0].podSelector.app: unknown key: known here are matchLabels and matchEx",
    ),
    (
        {"podSelector": {"matchLabels": {"a": True}}},
        "to[0].podSelector.matchLabels.a: true is not accepted: write text, in quot",
    ),
    (
        {"podSelector": {"matchLabels": ["a"]}},
        "to[0].podSelector.matchLabels: a list is not accepted: write a mapping of",
    ),
    (
        {"podSelector": {"matchLabels": {"a b": "c"}}},
        "to[0].podSelector.matchLabels.a b: this key is not accepted: write letters",
    ),
    (
        {"podSelector": {"matchLabels": {"a": "b c"}}},
        'to[0].podSelector.matchLabels.a: "b c" is not accepted: write at most 63 l',
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "a b", "operator": "Exists"}]}},
        'to[0].podSelector.matchExpressions[0].key: "a b" is not accepted: write le',
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}]}},
        'to[0].podSelector.matchExpressions[0].values[0]: "b c" is not accepted: wr',
    ),
    (
        {"podSelector": {"matchExpressions": {}}},
        "to[0].podSelector.matchExpressions: a mapping is not accepted: write a lis",
    ),
    (
        {"podSelector": {"matchExpressions": ["a"]}},
        'to[0].podSelector.matchExpressions[0]: "a" is not accepted: write a mappin',
    ),
    (
        {"podSelector": {"matchExpressions": [{"operator": "Exists"}]}},
        "to[0].podSelector.matchExpressions[0].key: this key is required: add it",
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "app", "operator": "in", "values": ["db"]}]}},
        'to[0].podSelector.matchExpressions[0].operator: "in" is not accepted: writ',
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": []}]}},
        "to[0].podSelector.matchExpressions[0]: operator In compares values: write some",
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": "db"}]}},
        'to[0].podSelector.matchExpressions[0].values: "db" is not accepted: write',
    ),
    (
        {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": [1]}]}},
        "to[0].podSelector.matchExpressions[0].values[0]: 1 is not accepted: write",
    ),
    (
        {
            "podSelector": {
                "matchExpressions": [{"key": "app", "operator": "Exists", "values": ["db"]}]
            }
        },
        "to[0].podSelector.matchExpressions[0]: operator Exists takes no values: ta",
    ),
    (
        {
            "podSelector": {
                "matchExpressions": [
                    {"key": "app", "operator": "In", "values": ["db"], "value": "x"}
                ]
            }
        },
        "to[0].podSelector.matchExpressions[0].value: unknown key, did you mean val",
    ),
]


@pytest.mark.parametrize(("value", "sentence"), BAD_PEERS)
def test_a_peer_that_no_policy_can_have(value: Any, sentence: str) -> None:
    assert refused([value]).startswith(sentence)


BAD_PORTS: list[Any] = [
    (
        {"port": 0},
        "ports[0].port: 0 is not accepted: write a number from 1 to 65535 or a port's name",
    ),
    (
        {"port": 65536},
        "ports[0].port: 65536 is not accepted: write a number from 1 to 65535 or a",
    ),
    (
        {"port": True},
        "ports[0].port: true is not accepted: write a number from 1 to 65535 or a p",
    ),
    (
        {"port": None},
        "ports[0].port: null is not accepted: write a number from 1 to 65535 or a p",
    ),
    (
        {"port": "80"},
        'ports[0].port: "80" is not accepted: write a number from 1 to 65535 or a p',
    ),
    (
        {"port": "a--b"},
        'ports[0].port: "a--b" is not accepted: write a number from 1 to 65535 or a',
    ),
    (
        {"port": "sixteen-letters-"},
        'ports[0].port: "sixteen-letters-" is not accepted: write a number from 1 t',
    ),
    (
        {"port": 80, "endPort": 79},
        "ports[0]: endPort is not accepted: write a number that is not below port's",
    ),
    (
        {"port": 80, "endPort": 65536},
        "ports[0].endPort: 65536 is not accepted: write at most 65535",
    ),
    (
        {"port": "http", "endPort": 80},
        "ports[0]: endPort is not accepted: write a number that is not below port's",
    ),
    ({"endPort": 80}, "ports[0]: endPort is not accepted: write a number that is not below port's"),
    ({"protocol": "tcp"}, 'ports[0].protocol: "tcp" is not accepted: write TCP, UDP or SCTP'),
    (
        {"targetPort": 80},
        "ports[0].targetPort: unknown key: known here are protocol, port and endPort",
    ),
]


@pytest.mark.parametrize(("value", "sentence"), BAD_PORTS)
def test_a_port_that_no_policy_can_have(value: Any, sentence: str) -> None:
    assert refused([{"podSelector": {}}], [value]).startswith(sentence)


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
    assert refused([]) == "to: an empty list would mean everybody: write the peers"


@pytest.mark.parametrize(
    ("profile", "place"),
    [
        ("egressProfiles: {db: {to: []}}", "egressProfiles.db.to: an empty list would mean"),
        ("egressProfiles: {db: {to: [{}]}}", "egressProfiles.db.to[0]: an empty peer"),
        (
            "egressProfiles: {db: {to: [{podSelector: {}}], ports: [{}, {port: 0}]}}",
            "egressProfiles.db.ports[1].port: 0 is not accepted: write a number from 1",
        ),
        (
            "ingressProfiles: {db: {from: [{podSelector: {}}, {podselector: {}}]}}",
            "ingressProfiles.db.from[1].podselector: unknown key, did you mean podSel",
        ),
    ],
)
def test_the_settings_name_the_place(profile: str, place: str) -> None:
    with pytest.raises(SettingsError) as told:
        parse_settings(f"mcpNamespace: {{networkPolicy: {{{profile}}}}}", "settings.yaml")

    assert f"settings.yaml:1: mcpNamespace.networkPolicy.{place}" in str(told.value)
