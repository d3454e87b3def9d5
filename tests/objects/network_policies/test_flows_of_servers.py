"""What a server may reach and who reaches it, connection by connection.

Two servers live in the namespace `tools`, beside a pod that is none. `db-tools` asks for more than
the rest by annotation. Each line is a connection that somebody tries; addresses of pods are private
ones, as clusters have them.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fleet.policies.flows import Json, Peer, World
from tests.objects.case import assert_valid, server, settings_of
from webhook.admission import Scope
from webhook.objects.deployed_server import Server
from webhook.objects.network_policies import (
    build_access_policy,
    build_baseline_policy,
    build_open_baseline,
)
from webhook.settings.model import Settings

RELEASE = "mcp-admission-system"
SERVER = "mcp-admission.dev/server"
NAME = "mcp-admission.dev/name"
METRICS = {"from": [{"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}]}
GRANTED = settings_of(
    egressCeilings=["10.1.0.0/16", "fd00:1::/32"],
    egressProfiles={
        "queue": {
            "to": [{"namespaceSelector": {"matchLabels": {"team": "queue"}}}],
            "ports": [{"protocol": "TCP", "port": 5000, "endPort": 5010}],
        }
    },
    ingressProfiles={"metrics": METRICS | {"ports": [{"protocol": "TCP", "port": 9090}]}},
)
NAMESPACES = {"monitoring": {"team": "monitoring"}, "queues": {"team": "queue"}}
ASKS = {"egress": "10.1.2.0/24:5432,10.1.3.0/24,fd00:1::/64:5432,queue", "ingress-from": "metrics"}
PLAIN, ASKING = server(), server(name="db-tools", asks=ASKS)


def pod(address: str, namespace: str, **labels: str) -> Peer:
    return Peer(address, namespace, labels)


def of(asked: Server, address: str) -> Peer:
    return Peer(address, asked.namespace, asked.selector)


PEERS = {
    "server": of(PLAIN, "10.244.0.1"),
    "db-tools": of(ASKING, "10.244.0.2"),
    "bystander": pod("10.244.0.3", "tools", app="web"),
    "opted-out": Peer("10.244.0.4", "tools", {SERVER: "false"}),
    "gateway": Peer("10.244.1.1", RELEASE, {"mcp-admission.dev/gateway": "true"}),
    "webhook": pod("10.244.1.2", RELEASE, app="mcp-admission"),
    "forged-gateway": Peer("10.244.2.1", "shop", {"mcp-admission.dev/gateway": "true"}),
    "shop": pod("10.244.2.2", "shop", app="web"),
    "dns": Peer("10.244.3.1", "kube-system", {"k8s-app": "kube-dns"}),
    "coredns": Peer("10.244.3.2", "kube-system", {"k8s-app": "coredns"}),
    "not-dns": Peer("10.244.3.3", "kube-system", {"k8s-app": "metrics-server"}),
    "dns-of-shop": Peer("10.244.2.3", "shop", {"k8s-app": "kube-dns"}),
    "metrics": pod("10.244.4.1", "monitoring", app="prometheus"),
    "queue": pod("10.244.5.1", "queues", app="rabbit"),
}


def world(settings: Settings = GRANTED, *more: Json, scope: Scope = Scope.OPTED_IN) -> World:
    made = [
        build_baseline_policy("tools", settings, RELEASE, scope),
        build_access_policy(PLAIN, settings),
        build_access_policy(ASKING, settings),
    ]
    return World((*(policy for policy in made if policy is not None), *more), NAMESPACES)


def rows(table: str) -> list[Any]:
    """`source destination port outcome` on each line; a port without a protocol is TCP."""
    found = []
    for line in table.strip().splitlines():
        source, destination, port, outcome = line.split()
        number, _, protocol = port.partition("/")
        case = (source, destination, int(number), protocol or "TCP", outcome == "open")
        found.append(pytest.param(*case, id="-".join(line.split())))
        assert outcome in ("open", "closed")
    return found


def peer(name: str) -> Peer:
    return PEERS.get(name) or Peer(name)


PODS = """
gateway         server       8080      open
gateway         server       1         open
gateway         server       53/UDP    open
gateway         db-tools     8080      open
webhook         server       8080      closed
forged-gateway  server       8080      closed
shop            server       8080      closed
bystander       server       8080      closed
db-tools        server       8080      closed
server          db-tools     8080      closed
server          server       8080      open
dns             server       8080      closed
203.0.113.9     server       8080      closed
10.0.0.9        server       8080      closed
2001:db8::9     server       8080      closed
metrics         server       9090      closed
metrics         db-tools     9090      open
metrics         db-tools     9091      closed
metrics         db-tools     9090/UDP  closed
shop            db-tools     9090      closed
server          gateway      8080      open
server          gateway      8081      closed
server          gateway      8080/UDP  closed
server          webhook      8080      closed
server          forged-gateway 8080    closed
server          dns          53        open
server          dns          53/UDP    open
server          dns          5353/UDP  closed
server          coredns      53/UDP    open
server          not-dns      53/UDP    closed
server          dns-of-shop  53/UDP    closed
server          dns          443       closed
server          shop         80        closed
server          bystander    80        closed
server          metrics      9090      closed
server          queue        5000      closed
db-tools        queue        4999      closed
db-tools        queue        5000      open
db-tools        queue        5010      open
db-tools        queue        5011      closed
db-tools        queue        5005/UDP  closed
db-tools        shop         5000      closed
db-tools        10.1.2.0     5432      open
db-tools        10.1.2.255   5432      open
db-tools        10.1.1.255   5432      closed
db-tools        10.1.2.7     5433      closed
db-tools        10.1.2.7     5432/UDP  closed
db-tools        10.1.3.7     53/UDP    open
db-tools        10.1.4.0     5432      closed
db-tools        fd00:1::     5432      open
db-tools        fd00:1:0:1:: 5432      closed
server          10.1.2.7     5432      closed
server          10.1.3.7     53/UDP    closed
server          fd00:1::     5432      closed
bystander       10.0.0.1     22        open
bystander       shop         80        open
shop            bystander    80        open
opted-out       10.0.0.1     22        open
"""

# First and last address of each block; the reference page has the first seven.
BLOCKS = """
192.0.2.0       192.0.2.255
192.31.196.0    192.31.196.255
192.52.193.0    192.52.193.255
192.88.99.0     192.88.99.255
192.175.48.0    192.175.48.255
198.51.100.0    198.51.100.255
203.0.113.0     203.0.113.255
::ffff:0:0      ::ffff:ffff:ffff
100::           100::1:ffff:ffff:ffff:ffff
2001::          2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff
2001:db8::      2001:db8:ffff:ffff:ffff:ffff:ffff:ffff
2620:4f:8000::  2620:4f:8000:ffff:ffff:ffff:ffff:ffff
3fff::          3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff
5f00::          5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff
fec0::          feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
10.0.0.0        10.255.255.255
172.16.0.0      172.31.255.255
192.168.0.0     192.168.255.255
127.0.0.0       127.255.255.255
169.254.0.0     169.254.255.255
224.0.0.0       239.255.255.255
240.0.0.0       255.255.255.255
100.64.0.0      100.127.255.255
0.0.0.0         0.255.255.255
192.0.0.0       192.0.0.255
198.18.0.0      198.19.255.255
fc00::          fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
fe80::          febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff
ff00::          ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
::              ::1
64:ff9b::       64:ff9b::ffff:ffff
64:ff9b:1::     64:ff9b:1:ffff:ffff:ffff:ffff:ffff
2002::          2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff
"""
WITHIN = """
168.63.129.16 169.254.169.254 10.96.0.1 169.254.20.10 fd00:ec2::254 64:ff9b::a00:1 2002:a00:1::
"""
# The neighbours of the blocks, and what lies anywhere.
PUBLIC = """
9.255.255.255 11.0.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 126.255.255.255
128.0.0.0 169.253.255.255 169.255.0.0 223.255.255.255 100.63.255.255 100.128.0.0 1.0.0.0
191.255.255.255 192.0.1.0 198.17.255.255 198.20.0.0 8.8.8.8 140.82.121.3
fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe00:: fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff
::1:0:0:0 64:ff9b::1:0:0 64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff
168.63.129.15 168.63.129.17 192.88.98.255 192.88.100.0 203.0.112.255 203.0.114.0 192.31.197.0
5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 5f01:: 2001:200:: 2001:db7:: 2001:db9:: 3fff:1000::
64:ff9b:2:: 2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003:: 2606:4700:4700::1111
"""
ADDRESSES = [
    *(f"server {address} 443 closed" for address in [*BLOCKS.split(), *WITHIN.split()]),
    *(f"server {address} 443 open" for address in PUBLIC.split()),
    *(f"server {address} 53/UDP closed" for address in ("10.96.0.10", "fd00::a")),
    "server 8.8.8.8 53/UDP open",
    "server 8.8.8.8 1/SCTP open",
    "server 2606:4700:4700::1111 65535 open",
]
TABLE = [*rows(PODS), *rows("\n".join(ADDRESSES))]


@pytest.mark.parametrize(("source", "destination", "port", "protocol", "allowed"), TABLE)
def test_a_connection_of_a_server_is_allowed_as_the_settings_say(
    source: str, destination: str, port: int, protocol: str, allowed: bool
) -> None:
    assert world().allows(peer(source), peer(destination), port, protocol) == allowed


MANAGED = """
gateway    bystander  80    open
shop       bystander  80    closed
bystander  10.0.0.1   22    closed
bystander  8.8.8.8    443   open
opted-out  10.0.0.1   22    closed
server     10.0.0.1   22    closed
"""


@pytest.mark.parametrize(("source", "destination", "port", "protocol", "allowed"), rows(MANAGED))
def test_a_connection_of_a_managed_namespace(
    source: str, destination: str, port: int, protocol: str, allowed: bool
) -> None:
    assert (
        world(scope=Scope.MANAGED).allows(peer(source), peer(destination), port, protocol)
        == allowed
    )


NODE_LOCAL = settings_of(dnsPeers=["169.254.20.10/32"])
OPENSHIFT = settings_of(dnsNamespace="openshift-dns", dnsPorts=[5353])
EVERY_POD = settings_of(dnsPodSelector={})
OTHER_PODS = settings_of(dnsPodSelector={"matchLabels": {"k8s-app": "metrics-server"}})
ELSEWHERE = settings_of(gateway={"namespace": "obot", "podSelector": {}, "port": 9443})
OFF = settings_of(enabled=False)
PEERS["openshift-dns"] = pod("10.244.6.1", "openshift-dns", dns="default")
PEERS["obot"] = pod("10.244.7.1", "obot", app="obot")
SETTINGS = [
    (NODE_LOCAL, "server 169.254.20.10 53/UDP open"),
    (NODE_LOCAL, "server 169.254.20.10 53 open"),
    (NODE_LOCAL, "server 169.254.20.10 80 closed"),
    (NODE_LOCAL, "server 169.254.20.11 53/UDP closed"),
    (NODE_LOCAL, "server dns 53/UDP open"),
    (OPENSHIFT, "server openshift-dns 5353/UDP open"),
    (OPENSHIFT, "server openshift-dns 53/UDP closed"),
    (OPENSHIFT, "server dns 53/UDP closed"),
    (EVERY_POD, "server not-dns 53/UDP open"),
    (EVERY_POD, "server shop 53/UDP closed"),
    (OTHER_PODS, "server dns 53/UDP closed"),
    (OTHER_PODS, "server not-dns 53/UDP open"),
    (ELSEWHERE, "obot server 8080 open"),
    (ELSEWHERE, "server obot 9443 open"),
    (ELSEWHERE, "server obot 8080 closed"),
    (ELSEWHERE, "gateway server 8080 closed"),
    (OFF, "shop server 8080 open"),
    (OFF, "server 10.0.0.1 22 open"),
]


@pytest.mark.parametrize(("settings", "row"), SETTINGS)
def test_a_connection_under_other_settings(settings: Settings, row: str) -> None:
    (case,) = rows(row)
    source, destination, port, protocol, allowed = case.values
    policy = build_baseline_policy("tools", settings, RELEASE, Scope.OPTED_IN)
    found = World(() if policy is None else (policy,), NAMESPACES)

    assert found.allows(peer(source), peer(destination), port, protocol) == allowed


def test_there_are_as_many_as_a_table_needs() -> None:
    asked = {(*case.values[:4],) for case in TABLE}

    assert len(asked) == len(TABLE) >= 60


WIDE: Json = {
    "metadata": {"name": "let-me-out", "namespace": "tools"},
    "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]},
}


@pytest.mark.parametrize("scope", Scope)
def test_an_open_baseline_closes_nothing_beside_the_policies_of_servers(scope: Scope) -> None:
    opened = build_open_baseline("tools", scope)
    assert_valid(opened)
    access = build_access_policy(ASKING, GRANTED)
    assert access is not None
    found = World((opened, access), NAMESPACES)

    for source, destination in (("db-tools", "10.0.0.1"), ("shop", "db-tools"), ("server", "dns")):
        assert found.allows(peer(source), peer(destination), 22)


def test_policies_add_up_so_that_a_wide_one_of_the_users_opens_everything() -> None:
    shop, server_ = peer("shop"), peer("server")

    assert not world().allows(server_, peer("10.0.0.1"), 22)
    assert world(GRANTED, WIDE).allows(server_, peer("10.0.0.1"), 22)
    assert not world(GRANTED, WIDE).allows(shop, server_, 22)


def test_a_pod_of_a_public_address_is_reached_like_the_internet() -> None:
    public = Peer("2a00:1450::7", "shop", {"app": "web"})

    assert world().allows(peer("server"), public, 443)
    assert not world().allows(peer("server"), peer("shop"), 443)


CIDRS = st.sampled_from(["10.1.2.0/24", "10.1.0.0/16", "fd00:1::/64", "10.1.9.9/32"])
ENTRIES = st.sampled_from(["queue"]) | st.builds(
    "{}{}".format, CIDRS, st.sampled_from(["", ":22", ":443"])
)
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "egress": st.lists(ENTRIES, min_size=1, max_size=4).map(",".join),
        "ingress-from": st.just("metrics"),
    },
)
NAMES = st.from_regex(r"[a-z][-a-z0-9]{0,60}[a-z0-9]", fullmatch=True)
OTHERS = st.sampled_from(sorted(PEERS)).map(PEERS.__getitem__) | st.ip_addresses().map(
    lambda address: Peer(str(address))
)
PORTS = st.sampled_from([22, 53, 443, 5000, 8080, 9090])


@given(
    NAMES, ASKED, OTHERS, st.tuples(PORTS, st.sampled_from(["TCP", "UDP"])), st.sampled_from(Scope)
)
def test_what_one_server_asks_changes_nothing_for_another(
    name: str, asks: dict[str, str], other: Peer, port: tuple[int, str], scope: Scope
) -> None:
    asking = server(name=name, asks=asks)
    policy = build_access_policy(asking, GRANTED)
    before = world(scope=scope)
    after = World((*before.policies, *([policy] if policy else [])), NAMESPACES)
    neighbours = [peer("server"), peer("bystander"), peer("opted-out")]

    for pod_ in neighbours:
        if pod_.labels.get(NAME) == asking.identity:
            continue
        own = of(asking, "10.244.0.9")
        for ends in ((pod_, other), (other, pod_), (pod_, own), (own, pod_)):
            assert before.allows(*ends, *port) == after.allows(*ends, *port)


@given(ASKED, OTHERS, PORTS)
def test_what_a_server_asks_takes_nothing_away_from_it(
    asks: dict[str, str], other: Peer, port: int
) -> None:
    policy = build_access_policy(server(asks=asks), GRANTED)
    before = world()
    after = World((*before.policies, *([policy] if policy else [])), NAMESPACES)

    for ends in ((peer("server"), other), (other, peer("server"))):
        assert not before.allows(*ends, port) or after.allows(*ends, port)
