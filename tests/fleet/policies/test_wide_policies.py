"""The additive trap: a policy of the user's that opens more is found and named, no other is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fleet.policies.flows import Peer, World
from tests.objects.case import Json, assert_valid, server, settings_of
from webhook.admission import Scope
from webhook.fleet.policies.wide_policies import FURTHER, MOST_NAMED, WidePolicy, wide_policies
from webhook.objects.made import namespace_objects, server_objects

RELEASE = "mcp-admission-system"
GRANTED = settings_of(
    egressCeilings=["10.1.0.0/16"],
    ingressProfiles={"metrics": {"from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]}},
)
ASKING = server(asks={"egress": "10.1.2.0/24:5432,10.1.3.0/24", "ingress-from": "metrics"})
OURS = [
    *namespace_objects("tools", GRANTED, RELEASE, Scope.OPTED_IN),
    *(
        made
        for made in server_objects(ASKING, GRANTED, None).objects
        if made["kind"] == "NetworkPolicy"
    ),
]
LABELS = {"app": "github-tools", **ASKING.selector}
GATEWAY = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": RELEASE}},
    "podSelector": {"matchLabels": {"mcp-admission.dev/gateway": "true"}},
}
DNS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}


def asking_for(*values: str) -> Json:
    requirement = {"key": "k8s-app", "operator": "In", "values": list(values)}
    return {"matchExpressions": [requirement]}


def policy(name: str = "users", selector: Json | None = None, **spec: Any) -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "tools"},
        "spec": {"podSelector": selector or {}, **spec},
    }


def egress(*rules: Json, **more: Any) -> Json:
    return policy(policyTypes=["Egress"], egress=list(rules), **more)


def ingress(*rules: Json, **more: Any) -> Json:
    return policy(policyTypes=["Ingress"], ingress=list(rules), **more)


def to(cidr: str, *excepted: str, **rule: Any) -> Json:
    block: Json = {"cidr": cidr} | ({"except": list(excepted)} if excepted else {})
    return {"to": [{"ipBlock": block}], **rule}


def port(number: object = None, end: int | None = None, protocol: str = "TCP") -> Json:
    optional = {"port": number, "endPort": end}
    return {"protocol": protocol, **{key: value for key, value in optional.items() if value}}


def found(*policies: Json, labels: dict[str, str] | None = None) -> list[WidePolicy]:
    assert_valid(*policies)
    return wide_policies([*OURS, *policies], OURS, labels or LABELS)


EVERY = "every port"
KUBE_SYSTEM = "kubernetes.io/metadata.name=kube-system"
WIDER = [
    pytest.param(egress({}), ("Egress", "everybody", EVERY), id="everything-out"),
    pytest.param(ingress({}), ("Ingress", "everybody", EVERY), id="everything-in"),
    pytest.param(
        policy(egress=[{"to": []}]), ("Egress", "everybody", EVERY), id="types-from-rules"
    ),
    pytest.param(policy(ingress=[{}]), ("Ingress", "everybody", EVERY), id="ingress-is-implied"),
    pytest.param(egress(to("0.0.0.0/0")), ("Egress", "0.0.0.0/0", EVERY), id="all-of-ipv4"),
    pytest.param(egress(to("::/0")), ("Egress", "::/0", EVERY), id="all-of-ipv6"),
    pytest.param(
        egress(to("0.0.0.0/0", "10.0.0.0/8")),
        ("Egress", "0.0.0.0/0 except 10.0.0.0/8", EVERY),
        id="too-few-exceptions",
    ),
    pytest.param(
        egress(to("10.1.2.0/24", ports=[port(5432), port(5433)])),
        ("Egress", "10.1.2.0/24", "TCP 5433"),
        id="one-port-more",
    ),
    pytest.param(
        egress(to("10.1.2.0/24", ports=[port(5432, 5440)])),
        ("Egress", "10.1.2.0/24", "TCP 5432-5440"),
        id="a-range-of-ports",
    ),
    pytest.param(
        egress(to("10.1.2.0/24", ports=[port(protocol="UDP")])),
        ("Egress", "10.1.2.0/24", "every UDP port"),
        id="another-protocol",
    ),
    pytest.param(
        egress(to("10.1.2.0/24", ports=[port("sql")])),
        ("Egress", "10.1.2.0/24", "TCP sql"),
        id="a-port-by-name",
    ),
    pytest.param(
        egress(to("10.1.2.0/23")), ("Egress", "10.1.2.0/23", EVERY), id="a-neighbour"
    ),
    pytest.param(
        egress({"to": [{"podSelector": {}}]}),
        ("Egress", "every pod of the namespace", EVERY),
        id="pods-beside-it",
    ),
    pytest.param(
        egress({"to": [{"namespaceSelector": {}}], "ports": [port(53, protocol="UDP")]}),
        ("Egress", "every pod of every namespace", "UDP 53"),
        id="dns-of-every-namespace",
    ),
    pytest.param(
        egress({"to": [DNS], "ports": [port(53)]}),
        ("Egress", f"every pod of namespaces with {KUBE_SYSTEM}", "TCP 53"),
        id="every-pod-beside-dns",
    ),
    pytest.param(
        egress({"to": [DNS], "ports": [port(443)]}),
        ("Egress", f"every pod of namespaces with {KUBE_SYSTEM}", "TCP 443"),
        id="not-only-dns",
    ),
    pytest.param(
        ingress({"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [port(80)]}),
        ("Ingress", "pods with app=web of the namespace", "TCP 80"),
        id="a-caller-beside-it",
    ),
    pytest.param(
        ingress(
            {
                "from": [
                    {
                        "namespaceSelector": {
                            "matchExpressions": [
                                {"key": "a", "operator": "In", "values": ["b", "c"]},
                                {"key": "d", "operator": "Exists"},
                            ]
                        }
                    }
                ]
            }
        ),
        ("Ingress", "every pod of namespaces with a in (b,c), d exists", EVERY),
        id="callers-by-expression",
    ),
    pytest.param(
        ingress({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}),
        ("Ingress", "10.0.0.0/8", EVERY),
        id="callers-by-address",
    ),
    pytest.param(
        egress({}, selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
        ("Egress", "everybody", EVERY),
        id="selected-by-expression",
    ),
    pytest.param(
        egress({}, selector={"matchExpressions": [
            {"key": "mcp-admission.dev/name", "operator": "In", "values": ["github-tools", "b"]}]}),
        ("Egress", "everybody", EVERY),
        id="selected-by-name",
    ),
    pytest.param(
        egress({}, name="mcp-admission-baseline"),
        ("Egress", "everybody", EVERY),
        id="ours-in-name-alone",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("users", "opened"), WIDER)
def test_a_policy_that_opens_more(users: Json, opened: tuple[str, str, str]) -> None:
    assert found(users) == [WidePolicy(users["metadata"]["name"], *opened)]  # type: ignore[arg-type]


HARMLESS = [
    pytest.param(egress(), id="no-rule"),
    pytest.param(policy(), id="no-rule-and-no-type"),
    pytest.param(egress(to("8.8.8.8/32")), id="public"),
    pytest.param(egress(to("2606:4700::/32", ports=[port(443)])), id="public-ipv6"),
    pytest.param(
        egress(to("8.0.0.0/6", "10.0.0.0/8")), id="public-without-what-is-private"
    ),
    pytest.param(
        egress(to("10.1.2.0/23", ports=[port(5432)])), id="two-blocks-of-ours-together"
    ),
    pytest.param(egress(to("10.1.3.0/25", ports=[port(1, 70)])), id="a-part-of-a-block"),
    pytest.param(egress(to("10.1.3.0/25", ports=[port("sql")])), id="a-name-of-every-port"),
    pytest.param(
        egress({"to": [{**DNS, "podSelector": asking_for("kube-dns", "coredns")}],
                "ports": [port(53)]}),
        id="dns",
    ),
    pytest.param(
        egress({"to": [{**DNS, "podSelector": asking_for("coredns")}], "ports": [port(53)]}),
        id="some-of-the-pods-of-dns",
    ),
    pytest.param(
        egress({"to": [{**DNS, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
                "ports": [port(53, protocol="UDP")]}),
        id="a-part-of-dns",
    ),
    pytest.param(ingress({"from": [GATEWAY]}), id="the-gateway"),
    pytest.param(
        ingress({"from": [{"namespaceSelector": {"matchLabels": {"a": "b", "c": "d"}}}]}),
        id="fewer-callers-than-granted",
    ),
    pytest.param(
        egress({}, selector={"matchLabels": {"app": "another"}}), id="of-another-workload"
    ),
    pytest.param(
        egress({}, selector={"matchExpressions": [
            {"key": "mcp-admission.dev/server", "operator": "NotIn", "values": ["true"]}]}),
        id="of-what-is-no-server",
    ),
    pytest.param(
        egress({}, selector={"matchExpressions": [
            {"key": "mcp-admission.dev/server", "operator": "DoesNotExist"}]}),
        id="of-what-has-no-label",
    ),
]  # fmt: skip


@pytest.mark.parametrize("users", HARMLESS)
def test_a_policy_that_opens_nothing_more(users: Json) -> None:
    assert found(users) == []


def test_another_server_may_be_what_is_widened() -> None:
    labels = {"mcp-admission.dev/server": "true", "mcp-admission.dev/name": "other"}

    assert found(egress(to("10.1.3.0/24")), labels=labels) == [
        WidePolicy("users", "Egress", "10.1.3.0/24", EVERY)
    ]


def test_where_nothing_is_isolated_nothing_is_wide() -> None:
    assert wide_policies([egress({}), ingress({})], [], LABELS) == []


def test_what_is_no_block_of_addresses_counts_as_wide() -> None:
    users = egress(to("010.1.3.0/24"))

    assert wide_policies([users], OURS, LABELS) == [
        WidePolicy("users", "Egress", "010.1.3.0/24", EVERY)
    ]


def test_the_sentence_says_what_is_opened_and_what_to_do() -> None:
    out, into = found(egress({}), ingress({"from": [{"podSelector": {}}], "ports": [port(80)]}))

    assert into.sentence == (
        "NetworkPolicy users lets it reach everybody on every port, beyond what mcp-admission "
        "allows: narrow its podSelector or its rules"
    )
    assert out.sentence == (
        "NetworkPolicy users lets every pod of the namespace call it on TCP 80, beyond what "
        "mcp-admission allows: narrow its podSelector or its rules"
    )


ME = Peer("10.244.0.1", "tools", LABELS)
OTHERS = [
    Peer("10.244.1.1", RELEASE, {"mcp-admission.dev/gateway": "true"}),
    Peer("10.244.2.1", "shop", {"app": "web"}),
    Peer("10.244.3.1", "tools", {"app": "web"}),
    Peer("10.244.4.1", "kube-system", {"k8s-app": "kube-dns"}),
    *map(Peer, ["10.0.0.1", "10.1.2.0", "10.1.3.255", "10.1.4.0", "8.8.8.8", "fd00::1", "2600::"]),
]
CIDRS = ["0.0.0.0/0", "10.0.0.0/8", "10.1.2.0/23", "10.1.3.0/24", "8.8.8.0/24", "::/0", "2600::/16"]
SELECTORS: list[Json] = [
    {},
    {"matchLabels": {"app": "web"}},
    {"matchLabels": {"kubernetes.io/metadata.name": RELEASE}},
    {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]},
]
BLOCKS = st.builds(
    lambda cidr, excepted: {"cidr": cidr, **({"except": ["10.1.0.0/16"]} if excepted else {})},
    st.sampled_from(CIDRS),
    st.booleans(),
).filter(lambda block: block["cidr"] in ("0.0.0.0/0", "10.0.0.0/8") or "except" not in block)
PEERS = st.builds(lambda block: {"ipBlock": block}, BLOCKS) | st.fixed_dictionaries(
    {"podSelector": st.sampled_from(SELECTORS)},
    optional={"namespaceSelector": st.sampled_from(SELECTORS)},
)
NUMBERS = [53, 443, 5432, 8080]
PORTS = st.builds(
    lambda number, width, protocol: {
        "protocol": protocol,
        **({"port": number} if number else {}),
        **({"endPort": number + width} if number and width else {}),
    },
    st.sampled_from([None, *NUMBERS]),
    st.sampled_from([0, 0, 1, 9999]),
    st.sampled_from(["TCP", "UDP"]),
)
RULES = st.builds(
    lambda peers, listed, key: {key: peers, "ports": listed},
    st.lists(PEERS, max_size=2),
    st.lists(PORTS, max_size=2),
    st.just("to"),
)
POLICIES = st.builds(
    lambda rules, inwards: (
        ingress(*[{"from": rule["to"], "ports": rule["ports"]} for rule in rules])
        if inwards
        else egress(*rules)
    ),
    st.lists(RULES, max_size=2),
    st.booleans(),
)


@given(POLICIES)
def test_no_policy_that_opens_a_connection_goes_unnamed(users: Json) -> None:
    before, after = World(tuple(OURS)), World((*OURS, users))
    opened = [
        (ends, number, protocol)
        for other in OTHERS
        for ends in ((ME, other), (other, ME))
        for number in [1, *NUMBERS]
        for protocol in ("TCP", "UDP")
        if after.allows(*ends, number, protocol) and not before.allows(*ends, number, protocol)
    ]

    named = wide_policies([*OURS, users], OURS, LABELS)

    assert not opened or named


def test_a_policy_of_more_than_can_be_compared_is_wide() -> None:
    peers = [{"ipBlock": {"cidr": f"8.{number}.0.0/24"}} for number in range(250)]
    ports = [{"protocol": "TCP", "port": 2 * number + 1} for number in range(400)]

    found = wide_policies([egress({"to": peers, "ports": ports})], OURS, LABELS)

    assert found == [WidePolicy("users", "Egress", "250 peers", "400 ports")]


def test_rules_without_end_are_not_compared_one_by_one() -> None:
    peers = [{"ipBlock": {"cidr": f"8.{number}.0.0/24"}} for number in range(250)]
    rules = [{"to": peers, "ports": [{"port": 1}, {"port": 2}, {"port": 3}]} for _ in range(100)]

    found = wide_policies([egress(*rules)], OURS, LABELS)

    assert found == [WidePolicy("users", "Egress", "25000 peers", "300 ports")]


def test_policies_without_end_are_told_as_far_as_anybody_reads() -> None:
    rules = [{"to": [{"ipBlock": {"cidr": f"192.168.{number}.0/24"}}]} for number in range(250)]

    found = wide_policies([egress(*rules)], OURS, LABELS)

    assert len(found) == MOST_NAMED + 1
    assert found[-1] == WidePolicy("users", "Egress", *FURTHER)
    assert len(wide_policies([egress(*rules)], OURS, LABELS, most=999)) == 250
