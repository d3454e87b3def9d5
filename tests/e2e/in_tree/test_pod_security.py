"""Pod Security at every level: what our level fills in is what the namespace's level asks for."""

from collections.abc import Iterator

import pytest

from tests.builders import bare_pod, container, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules

LEVELS = ("privileged", "baseline", "restricted")
MODES = ("enforce", "audit", "warn")


@pytest.fixture(params=LEVELS)
def ours(request: pytest.FixtureRequest, product: Product) -> Iterator[str]:
    """The level that our settings name."""
    level: str = request.param
    with product.settings({"mcpNamespace": {"podSecurity": {"enforce": level}}}):
        yield level


def labelled(product: Product, level: str) -> Namespace:
    """A namespace of this level in every mode."""
    labels = {f"pod-security.kubernetes.io/{mode}": level for mode in MODES}
    return Namespace(product, product.cluster.namespace(f"asks-for-{level}", labels))


def test_a_plain_server_is_admitted_up_to_our_level(product: Product, ours: str) -> None:
    for asked in LEVELS:
        namespace = labelled(product, asked)
        pod = namespace.raw("POST", "pods", bare_pod())
        deployment = namespace.raw("POST", "deployments", server())

        if LEVELS.index(asked) <= max(1, LEVELS.index(ours)):
            assert (pod.status, pod.warnings) == (201, []), pod.body
            assert (deployment.status, deployment.warnings) == (201, [])
            namespace.wait_for_pods(2)
        else:
            assert 'violates PodSecurity "restricted:latest"' in pod.json()["message"]
            (warning,) = deployment.warnings
            assert 'would violate PodSecurity "restricted:latest"' in warning


@pytest.mark.parametrize("asked", LEVELS)
def test_a_privileged_server_is_refused_before_pod_security_sees_it(
    product: Product, asked: str
) -> None:
    namespace = labelled(product, asked)
    privileged = [container(securityContext={"privileged": True})]

    for kind, made in (("pods", bare_pod), ("deployments", server)):
        answer = namespace.raw("POST", kind, made(containers=privileged))
        assert refusing_rules(answer) == {"privileged", "privilege-escalation"}


@pytest.mark.parametrize("version", ["v1.25", "v1.34", "latest"])
def test_a_server_satisfies_a_pinned_version_of_pod_security(
    product: Product, version: str
) -> None:
    labels = {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": version,
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": version,
    }
    namespace = Namespace(product, product.cluster.namespace("pinned", labels))

    answer = namespace.raw("POST", "pods", bare_pod())

    assert (answer.status, answer.warnings) == (201, []), answer.body
