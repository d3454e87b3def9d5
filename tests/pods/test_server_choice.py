"""Which container is the server: what says so, in which order, and what is only a guess."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.case import Json, base, pod_of
from webhook.pods.server_choice import SIDECAR_PREFIXES, SIDECARS

CONTAINER, DEFAULT = "mcp-admission.dev/container", "kubectl.kubernetes.io/default-container"
MCP = [{"containerPort": 8080, "name": "mcp"}]


def named(*names: str, mcp: str = "") -> list[Json]:
    """Containers of these names, those of `mcp` with the port."""
    return [{"name": name, **({"ports": MCP} if name in mcp.split() else {})} for name in names]


def choice(pod: Json, **origin: Any) -> str:
    """The name of the server, with a question mark where it is a guess."""
    found = pod_of(pod, **origin)
    server, known = found.server, found.known_server
    if server is None:
        assert known is None
        return ""
    assert known in {None, server}
    return f"{server.fields.get('name')}{'?' if known is None else ''}"


TABLE = [
    ("main", named("main"), {}, "the-only-one"),
    ("istio-proxy", named("istio-proxy"), {}, "the-only-one-called-like-a-sidecar"),
    ("a?", named("a", "b"), {}, "the-first-is-a-guess"),
    ("b", named("a", "b"), {CONTAINER: "b"}, "ours"),
    ("b", named("a", "b", mcp="a"), {CONTAINER: "b", DEFAULT: "a"}, "ours-before-all"),
    ("istio-proxy", named("istio-proxy", "b"), {CONTAINER: "istio-proxy"}, "ours-of-a-sidecar"),
    ("", named("a", "b", mcp="a"), {CONTAINER: "c"}, "ours-names-none"),
    ("", named("a"), {CONTAINER: ""}, "ours-is-empty"),
    ("b", named("a", "b", mcp="b"), {}, "port"),
    ("b", named("a", "b", mcp="b"), {DEFAULT: "a"}, "port-before-the-default"),
    ("envoy", named("envoy", "b", mcp="envoy"), {}, "port-of-a-sidecar"),
    ("b?", named("a", "b", "c", mcp="b c"), {}, "several-ports"),
    ("c", named("a", "b", "c", mcp="b c"), {DEFAULT: "c"}, "default-among-ports"),
    ("b?", named("a", "b", "c", mcp="b c"), {DEFAULT: "a"}, "default-beside-the-ports"),
    ("c", named("a", "istio-proxy", "c", mcp="istio-proxy c"), {}, "sidecar-among-ports"),
    ("b", named("a", "b"), {DEFAULT: "b"}, "default"),
    ("istio-proxy", named("a", "istio-proxy"), {DEFAULT: "istio-proxy"}, "default-is-a-sidecar"),
    ("a?", named("a", "b"), {DEFAULT: "c"}, "default-names-none"),
    ("a?", named("a", "b"), {DEFAULT: ""}, "default-is-empty"),
    ("a?", named("a", "b"), {DEFAULT: ["b"]}, "default-of-another-shape"),
    ("b", named("istio-proxy", "b"), {}, "sidecar-in-front"),
    ("a", named("a", "vault-agent"), {}, "sidecar-behind"),
    ("c", named("linkerd-proxy", "vault-agent", "c", "daprd"), {}, "many-sidecars"),
    ("b?", named("daprd", "b", "c"), {}, "several-left"),
    ("envoy?", named("envoy", "daprd"), {}, "none-left"),
    ("b", named("csql-default-orders", "b"), {}, "sidecar-by-prefix"),
    ("a?", named("a", "my-istio-proxy"), {}, "not-by-ending"),
    ("a?", named("a", "istio-proxy-2"), {}, "not-by-beginning"),
    ("None?", [{}, {"name": ""}], {DEFAULT: None}, "nameless"),
    ("1?", [{"name": 1}, {"name": ["a"]}], {}, "names-of-another-shape"),
    ("", [], {DEFAULT: "a"}, "no-container"),
    ("", [], {CONTAINER: "a"}, "no-container-at-all"),
]


@pytest.mark.parametrize(
    ("server", "containers", "annotations"),
    [pytest.param(*row[:3], id=row[3]) for row in TABLE],
)
@pytest.mark.parametrize("kind", ["Pod", "Deployment"])
def test_the_server_container_is_chosen_by_the_best_clue(
    server: str, containers: list[Json], annotations: Json, kind: str
) -> None:
    pod = base(containers=containers)
    pod["metadata"]["annotations"] = annotations

    assert choice(pod, kind=kind) == server


@pytest.mark.parametrize(
    ("server", "containers", "annotations"),
    [
        ("b", named("a", "b", mcp="a"), {DEFAULT: "a"}),
        ("a", named("a", "b"), {CONTAINER: "a"}),
        ("a", named("a"), {}),
    ],
)
def test_what_was_the_server_stays_it_but_for_the_annotation(
    server: str, containers: list[Json], annotations: Json
) -> None:
    pod = base(containers=containers)
    pod["metadata"]["annotations"] = annotations

    assert choice(pod, server=lambda: "b") == server


@pytest.mark.parametrize("name", [*SIDECARS, *(f"{prefix}x" for prefix in SIDECAR_PREFIXES)])
def test_every_known_sidecar_is_left_out(name: str) -> None:
    for containers in (named(name, "main"), named("main", name)):
        assert choice(base(containers=containers)) == "main"


@pytest.mark.parametrize("key", ["initContainers", "ephemeralContainers"])
def test_only_regular_containers_are_candidates(key: str) -> None:
    for asked, server in (({}, "main"), ({DEFAULT: "a"}, "main"), ({CONTAINER: "a"}, "")):
        pod = base(**{key: named("a", "b", mcp="a")})
        pod["metadata"]["annotations"] = asked

        assert choice(pod) == server


NAMES = st.sampled_from(["a", "b", "c", "istio-proxy", "envoy", "csql-x"])
PODS = st.lists(NAMES, min_size=1, max_size=5, unique=True)


@given(PODS, st.lists(NAMES).map(" ".join), st.none() | NAMES, st.integers(0, 5), st.booleans())
def test_an_injected_container_changes_no_server_that_is_remembered(
    names: list[str], mcp: str, default: str | None, at: int, with_port: bool
) -> None:
    pod = base(containers=named(*names, mcp=mcp))
    pod["metadata"]["annotations"] = {} if default is None else {DEFAULT: default}
    before = choice(pod)

    pod["spec"]["containers"].insert(at, {"name": "in", **({"ports": MCP} if with_port else {})})

    if not before.endswith("?"):
        assert choice(pod, server=lambda: before) == before


@given(PODS, st.lists(NAMES).map(" ".join), st.integers(0, 5))
def test_a_known_sidecar_changes_nothing_wherever_it_is_put(
    names: list[str], mcp: str, at: int
) -> None:
    pod = base(containers=named(*names, mcp=mcp))
    before = choice(pod)

    pod["spec"]["containers"].insert(at, {"name": "daprd"})

    if set(names) & {"a", "b", "c", *mcp.split()}:
        assert choice(pod) == before
