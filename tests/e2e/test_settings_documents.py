"""What kubectl shows of settings documents that make no sense, when they are applied."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.product import Product
from tools.chart.definition import definitions
from tools.cluster.clients import Output
from tools.cluster.control_plane import ControlPlane
from webhook.settings import (
    EXCEPTION_KIND,
    GROUP,
    KIND,
    NAMESPACE_KIND,
    VERSION,
    Overlay,
    ServerException,
)

Json = dict[str, Any]
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TEAM = "settings-documents"
RULES = frozenset({"privileged"})
GRANTED = ServerException("until-march", TEAM, "files", RULES, (), "", 4e9)
DEFAULTS = {"mcpServerDefaults": {"resources": {"requests": {"memory": "1Gi"}}}}
CEILING = {"mcpServerMaximums": {"requests": {"memory": "512Mi"}}}


@pytest.fixture(scope="module")
def cluster(product: Product) -> Iterator[ControlPlane]:
    """The control plane with the resources, a locked default, and an exception in a namespace."""
    cluster = product.cluster
    for plural, definition in definitions().items():
        cluster.create(DEFINITIONS, definition)
        path = f"/apis/{GROUP}/{VERSION}/{plural}"
        cluster.wait_for(
            "the resource is served",
            lambda path=path: cluster.raw("GET", path).status == 200,  # type: ignore[misc]
        )
    cluster.kubectl("create", "namespace", TEAM)
    locked = {**DEFAULTS, "onConflict": "deny"}
    with product.settings(DEFAULTS), product.beside(locked, {TEAM: Overlay({}, (GRANTED,))}):
        yield cluster
    cluster.kubectl("delete", "namespace", TEAM, "--wait=false")
    for definition in definitions().values():
        cluster.raw("DELETE", f"{DEFINITIONS}/{definition['metadata']['name']}")


def applied(cluster: ControlPlane, kind: str, spec: Json, name: str = "default") -> Output:
    """What kubectl prints; the API server stores nothing, and asks the webhook as always."""
    metadata = {"name": name} | ({"namespace": TEAM} if kind == NAMESPACE_KIND else {})
    document = {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": metadata}
    sent = {**document, "spec": spec}
    return cluster.kubectl("apply", "--dry-run=server", "-f", "-", sent=sent, check=False)


def exception(days: float = 30, **changes: Any) -> Json:
    end = datetime.now(UTC) + timedelta(days=days)
    spec = {
        "workload": {"namespace": TEAM, "name": "tools"},
        "rules": [*RULES],
        "reason": "its vendor mends it in March",
        "expires": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return spec | changes


@pytest.mark.parametrize(
    ("kind", "spec", "warning"),
    [
        (
            KIND,
            {"onConflict": "warn"},
            "spec.onConflict has no effect: chart or environment set it",
        ),
        (
            KIND,
            CEILING,
            (
                "spec.mcpServerMaximums.requests.memory: 512Mi is less than "
                "mcpServerDefaults.resources.requests.memory, 1Gi"
            ),
        ),
        (
            NAMESPACE_KIND,
            CEILING,
            (
                "spec.mcpServerMaximums.requests.memory: 512Mi is less than "
                "mcpServerDefaults.resources.requests.memory, 1Gi"
            ),
        ),
        (
            NAMESPACE_KIND,
            {"mode": "observe"},
            "spec.mode: observe is looser than enforce, which the cluster has",
        ),
        (
            EXCEPTION_KIND,
            exception(workload={"namespace": TEAM, "name": "files"}, rules=["tolerations"]),
            (f"the exception until-march is for {TEAM}/files, too: the rules of both count"),
        ),
        (
            EXCEPTION_KIND,
            exception(),
            (
                "Pod Security (restricted) still refuses what privileged objects to, "
                f"if {TEAM} is managed\nWarning: such pods need "
                "mcpNamespace.podSecurity.enforce: privileged there, or a namespace that is not "
                "managed"
            ),
        ),
        (KIND, {"onConflict": None}, ""),
        (NAMESPACE_KIND, {"rules": {"capabilities": "deny"}}, ""),
        (EXCEPTION_KIND, exception(rules=["tolerations"]), ""),
    ],
)
def test_what_only_the_merge_sees_is_a_warning(
    cluster: ControlPlane, kind: str, spec: Json, warning: str
) -> None:
    said = applied(cluster, kind, spec)

    assert said.returncode == 0
    assert said.stderr == (f"Warning: {warning}\n" if warning else "")


def test_an_exception_that_ends_too_late_is_told_with_the_longest_time(
    cluster: ControlPlane,
) -> None:
    spec = exception(days=91)
    said = applied(cluster, EXCEPTION_KIND, spec)

    assert said.stderr == (
        f"Warning: spec.expires: {spec['expires']} is more than 90 days after it was made, which "
        "exceptions.longestDays allows\n"
    )


@pytest.mark.parametrize(
    ("kind", "spec", "words"),
    [
        (EXCEPTION_KIND, exception(rules=["identity"]), 'Unsupported value: "identity"'),
        (EXCEPTION_KIND, exception(rules=["privilege"]), 'Unsupported value: "privilege"'),
        (EXCEPTION_KIND, exception(expires=None), "spec.expires: Required value"),
        (NAMESPACE_KIND, {"delegated": ["mode"]}, 'unknown field "spec.delegated"'),
        (NAMESPACE_KIND, {"mode": "maybe"}, 'Unsupported value: "maybe"'),
    ],
)
def test_what_the_schema_sees_is_refused(
    cluster: ControlPlane, kind: str, spec: Json, words: str
) -> None:
    said = applied(cluster, kind, spec)

    assert said.returncode == 1
    assert words in said.stderr
