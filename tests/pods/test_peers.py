"""What `egress` and `ingress-from` ask for: read once, granted inside the settings alone."""

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.pods.peers import MOST_ENTRIES, Block, RequestedAccess, egress, ingress
from webhook.settings.network_settings import NetworkPolicy

DB = {"to": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]}
POLICY = NetworkPolicy.model_validate(
    {
        "egressCeilings": ["10.1.0.0/16", "10.2.0.0/17", "10.2.128.0/17", "2001:db8::/32"],
        "egressProfiles": {"db": DB, "cache": DB},
        "ingressProfiles": {"metrics": {"from": [{"podSelector": {}}]}},
    }
)

GRANTED = [
    ("10.1.2.0/24", RequestedAccess((Block("10.1.2.0/24"),))),
    ("10.1.2.3/32:443", RequestedAccess((Block("10.1.2.3/32", 443),))),
    ("10.1.0.0/16:1", RequestedAccess((Block("10.1.0.0/16", 1),))),
    ("10.1.0.0/16:65535", RequestedAccess((Block("10.1.0.0/16", 65535),))),
    ("10.2.0.0/16", RequestedAccess((Block("10.2.0.0/16"),))),
    ("2001:db8:1::/48", RequestedAccess((Block("2001:db8:1::/48"),))),
    ("2001:db8::1/128:5432", RequestedAccess((Block("2001:db8::1/128", 5432),))),
    ("db", RequestedAccess(profiles=("db",))),
    (
        " db ,10.1.2.0/24,cache,db, 10.1.2.0/24 ",
        RequestedAccess((Block("10.1.2.0/24"),), ("db", "cache")),
    ),
]


@pytest.mark.parametrize(("text", "asked"), GRANTED)
def test_grants_what_lies_inside(text: str, asked: RequestedAccess) -> None:
    assert egress(text, POLICY) == asked


NOT_SO = "which is no block of addresses: write"
AS_IPV4 = "because policies know IPv4 as IPv4"
CEILINGS = "10.1.0.0/16, 10.2.0.0/17, 10.2.128.0/17 and 2001:db8::/32"
BEYOND = f"which is outside the egressCeilings of the settings ({CEILINGS})"
OUTSIDE = f"{BEYOND}: ask the cluster administrator"
OPEN = f"{BEYOND}: leave it out, public addresses can be reached without asking"
NO_CEILINGS = OUTSIDE.replace(CEILINGS, "there are none")
NONSENSE = "which is no block of addresses: write one such as 203.0.113.0/24"
NO_PROFILE = "which is none of the administrator's egressProfiles"
BAD_PORT = "whose part after the slash must be a prefix and a port from 1 to 65535"
REFUSED = [
    ("10.1.2.3/24", f"{NOT_SO} 10.1.2.0/24"),
    ("2001:DB8::/48", f"{NOT_SO} 2001:db8::/48"),
    ("2001:db8:0::/48", f"{NOT_SO} 2001:db8::/48"),
    ("2001:db8::1/48", f"{NOT_SO} 2001:db8::/48"),
    ("10.1.0.0/255.255.0.0", f"{NOT_SO} 10.1.0.0/16"),
    ("10.1.0.0/016", f"{NOT_SO} 10.1.0.0/16"),
    ("::ffff:10.1.0.0/112", f"{NOT_SO} 10.1.0.0/16, {AS_IPV4}"),
    ("::ffff:a01:0/112", f"{NOT_SO} 10.1.0.0/16, {AS_IPV4}"),
    ("::ffff:0:0/96", f"{NOT_SO} 0.0.0.0/0, {AS_IPV4}"),
    ("10.0.0.0/8", OUTSIDE),
    ("10.0.0.0/15", OUTSIDE),
    ("10.3.0.0/32:80", OUTSIDE),
    ("0.0.0.0/0", OUTSIDE),
    ("::/0", OUTSIDE),
    ("2001:db9::/32", OPEN),
    ("203.0.114.7/32:443", OPEN),
    ("203.0.113.7/32:443", OUTSIDE),
    ("::a01:0/112", OUTSIDE),
    ("010.1.0.0/16", NONSENSE),
    ("10.1.0.0/33", NONSENSE),
    ("10.1.0.0/-1", NONSENSE),
    ("10.1.0.0/", NONSENSE),
    ("10.1/16", NONSENSE),
    ("/16", NONSENSE),
    ("[2001:db8::]/48:80", NONSENSE),
    ("db.example/24", NONSENSE),
    ("10.1.0.0/١٦", NONSENSE),
    ("10.1.0.0/16:0", BAD_PORT),
    ("10.1.0.0/16:65536", BAD_PORT),
    ("10.1.0.0/16:", BAD_PORT),
    ("10.1.0.0/16:080", BAD_PORT),
    ("10.1.0.0/16:-1", BAD_PORT),
    ("10.1.0.0/16:80:81", BAD_PORT),
    ("10.1.0.0/16:http", BAD_PORT),
    ("10.1.0.0/16:٨٠", BAD_PORT),
    ("10.1.2.3", "which is one address: write a block, such as 10.1.2.3/32"),
    ("2001:db8::1", "which is one address: write a block, such as 2001:db8::1/128"),
    (
        "dbs",
        f"{NO_PROFILE}: did you mean db? there are cache and db",
    ),
    (
        "metrics",
        f"{NO_PROFILE}: there are cache and db",
    ),
]


@pytest.mark.parametrize(("entry", "sentence"), REFUSED)
def test_refuses_the_rest_and_says_what_to_write(entry: str, sentence: str) -> None:
    assert egress(entry, POLICY) == RequestedAccess(objections=(f'holds "{entry}", {sentence}',))


def test_a_zone_of_an_address_is_refused() -> None:
    policy = NetworkPolicy.model_validate({"egressCeilings": ["fe80::/10"]})

    (sentence,) = egress("fe80::%eth0/64", policy).objections

    assert sentence == f'holds "fe80::%eth0/64", {NONSENSE}'


def test_every_entry_has_its_say() -> None:
    asked = egress("10.1.0.0/16,,10.0.0.1,172.16.0.0/12", POLICY)

    assert asked.blocks == (Block("10.1.0.0/16"),)
    assert [sentence.partition(", which")[0] for sentence in asked.objections] == [
        "has an empty entry: take out the comma that has nothing beside it",
        'holds "10.0.0.1"',
        'holds "172.16.0.0/12"',
    ]


def test_nothing_is_granted_where_the_administrator_grants_nothing() -> None:
    assert egress("10.1.0.0/16", NetworkPolicy()).objections == (
        f'holds "10.1.0.0/16", {NO_CEILINGS}',
    )
    (sentence,) = egress("db", NetworkPolicy()).objections
    assert sentence.endswith("egressProfiles: there are none yet, ask the cluster administrator")


def test_callers_are_named_by_profile_alone() -> None:
    asked = ingress("metrics, metrics,10.1.0.0/16,db", POLICY)

    assert asked.profiles == ("metrics",)
    there = "which is none of the administrator's ingressProfiles: there is metrics"
    assert asked.objections == (f'holds "10.1.0.0/16", {there}', f'holds "db", {there}')


@pytest.mark.parametrize("read", [egress, ingress])
def test_a_list_without_end_is_not_read(read: Any) -> None:
    told = "has more than 100 entries: ask the cluster administrator for a profile instead"

    assert read(",".join(["db"] * (MOST_ENTRIES + 1)), POLICY) == RequestedAccess(
        objections=(told,)
    )


def test_the_longest_list_is_read() -> None:
    assert egress(",".join(["db"] * MOST_ENTRIES), POLICY) == RequestedAccess(profiles=("db",))


def test_some_of_many_profiles_are_named() -> None:
    policy = NetworkPolicy.model_validate({"egressProfiles": dict.fromkeys("gfedcba", DB)})

    (sentence,) = egress("x", policy).objections

    assert sentence.endswith("egressProfiles: there are a, b, c, d, e and 2 more")


def test_a_long_entry_is_cut() -> None:
    (sentence,) = egress("x" * 1000, POLICY).objections

    assert sentence.startswith(f'holds "{"x" * 40}...", ')


TEXTS = st.text("0123456789abcdef:./%,- x", max_size=30) | st.builds(
    "{}/{}{}".format,
    st.ip_addresses(network="10.0.0.0/14") | st.ip_addresses(network="2001:db8::/31"),
    st.integers(0, 34) | st.integers(30, 130),
    st.sampled_from(["", ":1", ":443", ":0", ":65535", ":65536", ":"]),
)


@given(TEXTS)
def test_whatever_is_granted_lies_inside_a_ceiling_as_kubernetes_writes_it(text: str) -> None:
    ceilings = [ip_network("10.1.0.0/16"), ip_network("10.2.0.0/16"), ip_network("2001:db8::/32")]
    policy = NetworkPolicy.model_validate({"egressCeilings": [str(each) for each in ceilings]})

    for block in egress(text, policy).blocks:
        granted = ip_network(block.cidr)

        inside: Any = granted
        assert str(granted) == block.cidr
        assert any(
            granted.version == ceiling.version and inside.subnet_of(ceiling) for ceiling in ceilings
        )
        assert block.port is None or 1 <= block.port <= 65535
