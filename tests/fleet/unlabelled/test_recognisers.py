"""Servers as they are written are recognised, ordinary workloads are not, and the sum is simple."""

import pytest

from tests.fleet.unlabelled.manifests import ORDINARY, SERVERS, Json, similar
from webhook.fleet.unlabelled.recognisers import (
    CERTAIN,
    LIKELY,
    MOST_REASONS,
    POSSIBLE,
    RECOGNISERS,
    Confidence,
    Recogniser,
    Sign,
    confidence,
    signs_in,
)
from webhook.fleet.unlabelled.traits import Trait

CONFIDENCES = {
    "Deployment team/quickstart": CERTAIN,
    "Deployment team/notes": LIKELY,
    "Deployment team/older-chart": LIKELY,
    "Deployment team/release-kubernetes-mcp-server": CERTAIN,
    "Deployment monitoring/prometheus-mcp-server": CERTAIN,
    "Deployment gateway/fast-time": LIKELY,
    "Deployment team/github": LIKELY,
    "Deployment network/ovn-kubernetes": LIKELY,
    "Deployment gateway/docker-gateway": CERTAIN,
    "Deployment demos/github-tools": CERTAIN,
    "Deployment demos/openshift": LIKELY,
    "Deployment kagent/kagent-grafana-mcp": CERTAIN,
    "Deployment sre/sre-tools": LIKELY,
    "Deployment demos/demo-api": LIKELY,
    "Deployment team/cluster-tools": CERTAIN,
    "Deployment team/run-time": LIKELY,
    "Pod gvisor/sandboxed": CERTAIN,
    "StatefulSet toolhive/fetch": CERTAIN,
    "Deployment toolhive/fetch": CERTAIN,
    "Deployment kmcp/echo": CERTAIN,
    "Deployment lifecycle/catalogue": CERTAIN,
    "Deployment obot-mcp/ms1abc": CERTAIN,
    "Deployment team/bridge": CERTAIN,
    "Job team/build-catalogue": CERTAIN,
    "CronJob team/nightly": CERTAIN,
    "DaemonSet team/node-tools": CERTAIN,
}


def test_every_server_has_its_confidence() -> None:
    found = {title: similar(each) for title, each in SERVERS.items()}

    assert {title: each and each.confidence for title, each in found.items()} == CONFIDENCES


@pytest.mark.parametrize("ordinary", ORDINARY.values(), ids=list(ORDINARY))
def test_no_ordinary_workload_looks_like_a_server(ordinary: Json) -> None:
    assert similar(ordinary) is None


def test_there_are_many_ordinary_ones() -> None:
    assert len(ORDINARY) >= 20


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("owner", "MCPRemoteProxy.toolhive.stacklok.dev", CERTAIN),
        ("owner", "VirtualMCPServer.example.org", CERTAIN),
        ("owner", "Agent.kagent.dev", None),
        ("label", "toolhive-tool-type=mcp", CERTAIN),
        ("label", "app.kubernetes.io/part-of=kmcp", LIKELY),
        ("label", "kagent.dev/mcp-server=tools", CERTAIN),
        ("label", "mcp.opendatahub.io/mcp-server=true", LIKELY),
        ("label", "note=mcp-server", None),
        ("annotation", "kmcp.dev/project-name", CERTAIN),
        ("annotation", "kmcp.kagent.dev/mcpserver-config-hash", CERTAIN),
        ("package", "supergateway@3", CERTAIN),
        ("package", "@example/mcp-proxy", CERTAIN),
        ("package", "supergateways", None),
        ("package", "@example/server-mcp@latest", CERTAIN),
        ("package", "@modelcontextprotocol/conformance", LIKELY),
        ("package", "@modelcontextprotocol/inspector@0.17", None),
        ("package", "mcp-grafana", LIKELY),
        ("package", "create-mcp-client", None),
        ("word", "supergateway", CERTAIN),
        ("word", "fastmcp", CERTAIN),
        ("word", "mcp_server.py", LIKELY),
        ("word", "mcp", POSSIBLE),
        ("word", "mcpd", None),
        ("image", "docker.io/mcp/github", CERTAIN),
        ("image", "supercorp/supergateway:3", CERTAIN),
        ("image", "registry.example/mcp/a/b:1", POSSIBLE),
        ("image", "registry.example/ingress-controller-mcp", LIKELY),
        ("image", "registry.example/mcp-admission:1", None),
        ("port", "http-mcp", LIKELY),
        ("port", "grpc-mcp", None),
        ("path", "/api/mcp/", LIKELY),
        ("path", "/mcp/a/b", None),
        ("env", "FASTMCP_PORT", LIKELY),
        ("env", "MCP_PORT", POSSIBLE),
        ("env", "MCP_SERVER_URL", None),
        ("name", "MCP-Servers", LIKELY),
        ("name", "tools-mcp-1", POSSIBLE),
        ("name", "mcp-inspector", None),
        ("name", "mcps", None),
        ("other", "mcp", None),
    ],
)
def test_a_line_of_the_table_knows_a_value(
    kind: str, value: str, expected: Confidence | None
) -> None:
    assert confidence(signs_in([Trait(kind, "there", value)])) == expected


@pytest.mark.parametrize("recogniser", RECOGNISERS, ids=lambda each: each.pattern.pattern)
def test_a_line_of_the_table_reads_lower_case_and_means_something(recogniser: Recogniser) -> None:
    assert recogniser.meaning
    assert not any(part.isupper() for part in recogniser.pattern.pattern.split("\\"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([("name", "mcp")], POSSIBLE),
        ([("name", "mcp"), ("name", "mcp-a")], POSSIBLE),
        ([("name", "mcp"), ("env", "MCP_PORT")], LIKELY),
        ([("name", "mcp"), ("env", "MCP_PORT"), ("port", "mcp")], LIKELY),
        ([("path", "/mcp"), ("port", "mcp")], CERTAIN),
        ([("label", "toolhive=true"), ("image", "mcp/a")], CERTAIN),
    ],
)
def test_a_second_reason_as_strong_of_another_kind_is_one_step(
    values: list[tuple[str, str]], expected: Confidence | None
) -> None:
    shown = [Trait(kind, "there", value) for kind, value in values]

    assert confidence(signs_in(shown)) == expected


def test_the_strongest_reasons_are_kept_each_once() -> None:
    shown = [Trait("name", "there", f"mcp-{at}") for at in range(100)]
    shown += [Trait("image", "there", "mcp/a"), Trait("image", "elsewhere", "mcp/a")]
    reasons = signs_in(shown)

    assert len(reasons) == MOST_REASONS
    assert [each.trait.where for each in reasons if each.trait.kind == "image"] == ["there"]
    assert reasons[0].trait.value == "mcp/a"


@pytest.mark.parametrize(
    ("trait", "sentence"),
    [
        (Trait("owner", "a", "MCPServer.kagent.dev"), "a names MCPServer.kagent.dev: made by kmcp"),
        (Trait("package", "a", "mcpo", "uvx"), "a runs mcpo by uvx: a bridge to MCP"),
        (Trait("word", "a", "mcpo"), "a runs mcpo: a bridge to MCP"),
        (Trait("port", "a", "mcp"), "a has mcp: a port for MCP"),
        (Trait("path", "a", "/mcp"), "a is /mcp: a path of MCP"),
    ],
)
def test_a_reason_says_where_what_and_what_it_means(trait: Trait, sentence: str) -> None:
    (reason,) = signs_in([trait])

    assert isinstance(reason, Sign)
    assert reason.sentence == sentence
