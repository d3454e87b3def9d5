"""The plain manifests on a real API server: what GitOps tools see after the first sync is nothing.

Both ways to apply are tried, with a caBundle that the controller has rotated in between.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from certs.authority import make_authority
from tests.cluster.fixtures import binaries_or_skip
from tools.chart.helm import NAMESPACE
from tools.chart.shipped import FOLDER, everything
from tools.cluster.control_plane import ControlPlane
from webhook.controller.certificates import ca_bundles
from webhook.controller.installation import Installation
from webhook.kube.api import Api

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]

CLIENT, SERVER = ("apply",), ("apply", "--server-side")
EVERYTHING = ("--filename", str(FOLDER))
# kubectl sends the selector of every PodDisruptionBudget again (its patch strategy is `replace`),
# and calls that configured; the API server stores nothing.
SAYS_UNCHANGED = (
    " unchanged",
    "poddisruptionbudget.policy/mcp-admission-certificates configured",
    "poddisruptionbudget.policy/mcp-admission-control configured",
    "poddisruptionbudget.policy/mcp-admission-serve configured",
)
# What a cluster allocates or notes by itself.
ALLOCATED = {
    "metadata.annotations.deployment.kubernetes.io/revision",
    "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
    "metadata.creationTimestamp",
    "metadata.finalizers",
    "metadata.generation",
    "metadata.labels.kubernetes.io/metadata.name",
    "metadata.managedFields",
    "metadata.resourceVersion",
    "metadata.uid",
    # The controller writes these.
    "webhooks[0].clientConfig.caBundle",
    "webhooks[1].clientConfig.caBundle",
    "webhooks[2].clientConfig.caBundle",
    "spec.clusterIP",
    "spec.clusterIPs",
    "spec.finalizers",
    "spec.ipFamilies",
    "spec.ipFamilyPolicy",
    "status",
}


@pytest.fixture(scope="module", params=[CLIENT, SERVER], ids=["client-side", "server-side"])
def applied(request: pytest.FixtureRequest) -> Iterator[tuple[ControlPlane, tuple[str, ...]]]:
    """A cluster of its own with the manifests, and the way in which they were applied."""
    with ControlPlane(binaries_or_skip(request.config)) as running:
        running.kubectl(*request.param, *EVERYTHING)
        wait = ("wait", "--timeout=120s")
        checked = "--for=jsonpath={.status.observedGeneration}"
        running.kubectl(*wait, "validatingadmissionpolicy", "--all", checked)
        runs = "--for=condition=Available"
        running.kubectl(*wait, "deployment", "--all", "--namespace", NAMESPACE, runs)
        yield running, request.param


# Their status goes on while pods start, and while Kubernetes checks the types of expressions.
COUNTED = {
    "CustomResourceDefinition",
    "Deployment",
    "Namespace",
    "PodDisruptionBudget",
    "ValidatingAdmissionPolicy",
}


def stored(cluster: ControlPlane) -> list[Json]:
    """Each of the objects as it is in the cluster, in the same order."""
    shown = ("--show-managed-fields", "--output", "json")
    answer = cluster.kubectl("get", "--filename", str(FOLDER), *shown).json()
    items: list[Json] = answer["items"]
    return items


def without_what_moves(found: Json) -> Json:
    """An object without what changes while its pods start."""
    managed = [entry for entry in found["metadata"]["managedFields"] if "subresource" not in entry]
    controllers = {"kube-controller-manager"}
    metadata = {
        **found["metadata"],
        "managedFields": [entry for entry in managed if entry["manager"] not in controllers],
    }
    if found["kind"] not in COUNTED:
        return {**found, "metadata": metadata}
    metadata["resourceVersion"] = ""
    return {**found, "metadata": metadata, "status": {}}


def beyond(live: Any, given: Any, path: str = "") -> Iterator[str]:
    """The paths of what the cluster holds and nobody has written."""
    if path in ALLOCATED:
        return
    if isinstance(live, dict) and isinstance(given, dict | None) and live:
        for key, value in live.items():
            yield from beyond(value, (given or {}).get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(live, list) and isinstance(given, list) and len(live) == len(given):
        for at, value in enumerate(live):
            yield from beyond(value, given[at], f"{path}[{at}]")
    elif live != given:
        yield path


async def rotate(cluster: ControlPlane) -> None:
    """Let every entry trust a new authority, with the controller's own rights and code."""
    controller = cluster.service_account(NAMESPACE, "mcp-admission-certificates")
    pem = make_authority(datetime.now(UTC), timedelta(days=1)).certificate_pem
    async with await Api.connect(controller.kubeconfig) as api:
        found = await ca_bundles.read_configurations(api, Installation("mcp-admission", NAMESPACE))
        await ca_bundles.publish_bundle(api, found, ca_bundles.ca_bundles(found), pem)
        found = await ca_bundles.read_configurations(api, Installation("mcp-admission", NAMESPACE))
    assert list(ca_bundles.ca_bundles(found).values()) == [pem] * 5


def test_applying_the_rendered_chart_again_changes_nothing(
    applied: tuple[ControlPlane, tuple[str, ...]],
) -> None:
    cluster, apply = applied
    asyncio.run(rotate(cluster))
    asyncio.run(rotate(cluster))
    before = [without_what_moves(found) for found in stored(cluster)]

    difference = cluster.kubectl("diff", *apply[1:], *EVERYTHING, check=False)
    said = cluster.kubectl(*apply, *EVERYTHING).stdout.splitlines()

    assert (difference.returncode, difference.stdout) == (0, "")
    assert [without_what_moves(found) for found in stored(cluster)] == before
    assert len(said) == len(everything())
    if apply == CLIENT:
        assert [line for line in said if not line.endswith(SAYS_UNCHANGED)] == []


def test_the_rendered_chart_spells_out_every_default_of_the_api_server(
    applied: tuple[ControlPlane, tuple[str, ...]],
) -> None:
    cluster, _ = applied

    for live, given in zip(stored(cluster), everything(), strict=True):
        assert live["metadata"]["name"] == given["metadata"]["name"]
        assert list(beyond(live, given)) == [], given["kind"]
