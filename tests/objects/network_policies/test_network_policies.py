"""The two policies as documents: complete, valid, and as the settings ask."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.objects.case import UID, Json, assert_valid, server, settings_of
from webhook.admission import Scope
from webhook.objects.deployed_server import Refused
from webhook.objects.network_policies import build_access_policy, build_baseline_policy
from webhook.settings.model import Settings

RELEASE = "mcp-admission-system"
GATEWAY = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": RELEASE}},
    "podSelector": {"matchLabels": {"mcp-admission.dev/gateway": "true"}},
}
DNS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {
        "matchExpressions": [
            {"key": "k8s-app", "operator": "In", "values": ["kube-dns", "coredns"]}
        ]
    },
}
DB = {"ipBlock": {"cidr": "10.9.0.0/16"}}
POSTGRES, HTTPS = {"protocol": "TCP", "port": 5432}, {"protocol": "TCP", "port": 443}
METRICS = {"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}
GRANTING = settings_of(
    egressCeilings=["10.1.0.0/16", "2001:db8::/32"],
    egressProfiles={"db": {"to": [DB], "ports": [POSTGRES]}, "all-of-db": {"to": [DB]}},
    ingressProfiles={"metrics": {"from": [METRICS], "ports": [{"protocol": "TCP", "port": 9090}]}},
)


def baseline(settings: Settings | None = None, scope: Scope = Scope.OPTED_IN) -> Json:
    made = build_baseline_policy("tools", settings or Settings(), RELEASE, scope)
    assert made is not None
    assert_valid(made)
    return made


def of_server(**asks: str) -> Json:
    made = build_access_policy(
        server(asks={key.replace("_", "-"): value for key, value in asks.items()}), GRANTING
    )
    assert made is not None
    assert_valid(made)
    return made


def test_the_baseline_policy_has_these_rules_and_no_more() -> None:
    assert baseline() == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "mcp-admission-baseline",
            "namespace": "tools",
            "labels": {"app.kubernetes.io/managed-by": "mcp-admission"},
        },
        "spec": {
            "podSelector": {"matchLabels": {"mcp-admission.dev/server": "true"}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [GATEWAY]}],
            "egress": [
                {
                    "to": [DNS],
                    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
                },
                {"to": [GATEWAY], "ports": [{"protocol": "TCP", "port": 8080}]},
                {
                    "to": [
                        {
                            "ipBlock": {
                                "cidr": "0.0.0.0/0",
                                "except": [
                                    "10.0.0.0/8",
                                    "172.16.0.0/12",
                                    "192.168.0.0/16",
                                    "127.0.0.0/8",
                                    "169.254.0.0/16",
                                    "224.0.0.0/4",
                                    "240.0.0.0/4",
                                    "0.0.0.0/8",
                                    "100.64.0.0/10",
                                    "168.63.129.16/32",
                                    "192.0.0.0/24",
                                    "192.0.2.0/24",
                                    "192.31.196.0/24",
                                    "192.52.193.0/24",
                                    "192.88.99.0/24",
                                    "192.175.48.0/24",
                                    "198.18.0.0/15",
                                    "198.51.100.0/24",
                                    "203.0.113.0/24",
                                ],
                            }
                        },
                        {
                            "ipBlock": {
                                "cidr": "::/0",
                                "except": [
                                    "::/80",
                                    "64:ff9b::/96",
                                    "64:ff9b:1::/48",
                                    "100::/64",
                                    "100:0:0:1::/64",
                                    "2001::/23",
                                    "2001:db8::/32",
                                    "2002::/16",
                                    "2620:4f:8000::/48",
                                    "3fff::/20",
                                    "5f00::/16",
                                    "fc00::/7",
                                    "fe80::/10",
                                    "fec0::/10",
                                    "ff00::/8",
                                ],
                            }
                        },
                    ]
                },
            ],
        },
    }


def test_in_a_managed_namespace_it_selects_every_pod() -> None:
    labelled, managed = baseline(), baseline(scope=Scope.MANAGED)

    assert managed["spec"].pop("podSelector") == {}
    assert labelled["spec"].pop("podSelector") != {}
    assert managed == labelled


def test_the_baseline_lets_another_gateway_in() -> None:
    gateway = {"namespace": "obot", "podSelector": {"app": "obot"}, "port": 9443}
    spec = baseline(settings_of(gateway=gateway))["spec"]

    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "obot"}},
        "podSelector": {"matchLabels": {"app": "obot"}},
    }
    assert spec["ingress"] == [{"from": [peer]}]
    assert spec["egress"][1] == {"to": [peer], "ports": [{"protocol": "TCP", "port": 9443}]}


def test_every_pod_of_the_gateways_namespace() -> None:
    (rule,) = baseline(settings_of(gateway={"podSelector": {}}))["spec"]["ingress"]

    assert rule["from"][0]["podSelector"] == {}


def test_the_baseline_lets_dns_elsewhere_through() -> None:
    policy = settings_of(
        dnsNamespace="openshift-dns", dnsPeers=["169.254.20.10/32", "fd00::a/128"], dnsPorts=[5353]
    )

    openshift = {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}
    assert baseline(policy)["spec"]["egress"][0] == {
        "to": [
            {"namespaceSelector": openshift},
            {"ipBlock": {"cidr": "169.254.20.10/32"}},
            {"ipBlock": {"cidr": "fd00::a/128"}},
        ],
        "ports": [{"protocol": "UDP", "port": 5353}, {"protocol": "TCP", "port": 5353}],
    }


def test_off_means_none_at_all() -> None:
    off = settings_of(enabled=False, egressCeilings=["10.1.0.0/16"])

    assert build_baseline_policy("tools", off, RELEASE, Scope.MANAGED) is None
    assert build_access_policy(server(asks={"egress": "10.1.0.0/16"}), off) is None


def test_families_never_mix_and_every_exception_lies_inside() -> None:
    for peer in baseline()["spec"]["egress"][-1]["to"]:
        block = peer["ipBlock"]
        whole = ip_network(block["cidr"])
        for text in block["except"]:
            excepted = ip_network(text)
            assert excepted.version == whole.version
            assert excepted.prefixlen > whole.prefixlen


def test_made_objects_share_no_parts() -> None:
    one = baseline()
    one["spec"]["egress"][-1]["to"][0]["ipBlock"]["except"].clear()
    one["spec"]["ingress"][0]["from"][0]["podSelector"].clear()
    one["spec"]["egress"][0]["to"][0]["podSelector"]["matchExpressions"].clear()
    of_server(egress="db")["spec"]["egress"][0]["to"].clear()

    assert one["spec"]["egress"][1]["to"] == [GATEWAY]
    assert baseline()["spec"]["egress"][0]["to"] == [DNS]
    assert len(baseline()["spec"]["egress"][-1]["to"][0]["ipBlock"]["except"]) == 19
    assert of_server(egress="db")["spec"]["egress"][0]["to"] == [DB]


def test_the_whole_policy_of_a_server() -> None:
    made = of_server(
        egress="10.1.2.0/24:443, 10.1.3.0/24, 2001:db8:1::/48:443, db, all-of-db",
        ingress_from="metrics",
    )

    assert made["metadata"] == {
        "name": "github-tools-mcp-access",
        "namespace": "tools",
        "labels": {
            "app.kubernetes.io/managed-by": "mcp-admission",
            "mcp-admission.dev/name": "github-tools",
        },
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "github-tools", "uid": UID}
        ],
    }
    assert made["spec"] == {
        "podSelector": {
            "matchLabels": {
                "mcp-admission.dev/server": "true",
                "mcp-admission.dev/name": "github-tools",
            }
        },
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [METRICS], "ports": [{"protocol": "TCP", "port": 9090}]}],
        "egress": [
            {
                "to": [
                    {"ipBlock": {"cidr": "10.1.2.0/24"}},
                    {"ipBlock": {"cidr": "2001:db8:1::/48"}},
                ],
                "ports": [HTTPS],
            },
            {"to": [{"ipBlock": {"cidr": "10.1.3.0/24"}}]},
            {"to": [DB], "ports": [POSTGRES]},
            {"to": [DB]},
        ],
    }


@pytest.mark.parametrize(
    ("asks", "types"), [({"egress": "db"}, ["Egress"]), ({"ingress_from": "metrics"}, ["Ingress"])]
)
def test_a_direction_in_which_nothing_is_asked_is_not_there(
    asks: dict[str, str], types: list[str]
) -> None:
    spec = of_server(**asks)["spec"]

    assert spec["policyTypes"] == types
    assert spec.keys() == {"podSelector", "policyTypes", types[0].lower()}


@pytest.mark.parametrize("asks", [{}, {"egress": ""}, {"ingress-from": ""}])
def test_a_server_that_asks_for_nothing_has_none(asks: dict[str, str]) -> None:
    assert build_access_policy(server(asks=asks), GRANTING) is None


def test_what_the_settings_grant_no_more_is_refused_with_every_reason() -> None:
    asks = {"egress": "db,10.1.0.0/16", "ingress-from": "metrics"}

    with pytest.raises(Refused) as refused:
        build_access_policy(server(asks=asks), Settings())

    assert refused.value.reason == "AccessRefused"
    assert [sentence.partition(", which")[0] for sentence in refused.value.sentences] == [
        'metadata.annotations[mcp-admission.dev/egress] holds "db"',
        'metadata.annotations[mcp-admission.dev/egress] holds "10.1.0.0/16"',
        'metadata.annotations[mcp-admission.dev/ingress-from] holds "metrics"',
    ]


BLOCKS = st.builds(
    lambda address, prefix: str(ip_network(f"{address}/{prefix}", strict=False)),
    st.ip_addresses(network="10.1.0.0/16"),
    st.integers(16, 32),
)


@given(st.lists(st.tuples(BLOCKS, st.none() | st.integers(1, 65535)), min_size=1, max_size=8))
def test_every_block_that_is_asked_for_is_there_once_on_its_port(
    blocks: list[tuple[str, int | None]],
) -> None:
    asks = ",".join(cidr if port is None else f"{cidr}:{port}" for cidr, port in blocks)
    made = build_access_policy(server(asks={"egress": asks}), GRANTING)
    assert made is not None

    found = [
        (peer["ipBlock"]["cidr"], rule.get("ports", [{"port": None}])[0]["port"])
        for rule in made["spec"]["egress"]
        for peer in rule["to"]
    ]
    assert len(found) == len(set(found))
    assert set(found) == set(blocks)
