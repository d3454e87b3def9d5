"""Settings change again and again while servers are created: nobody is refused over it."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.builders import NOT_LABELLED, OPTED_IN, server
from tests.release.load import Creator
from tools.cluster.background import Background
from tools.cluster.control_plane import ControlPlane
from tools.release.release import TOOLS, WAIT, Release
from webhook.settings.load import GROUP, KIND, NAME, PLURAL, VERSION

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
PATH = f"/apis/{GROUP}/{VERSION}/{PLURAL}/{NAME}"
CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
FORBIDDEN = {"perServer": "forbid"}
# What each fills in contradicts what another one asks for.
SPECS: Sequence[Json] = (
    {"mcpServerDefaults": {**FORBIDDEN, "resources": {"requests": {"memory": "500Mi"}}}},
    {"mcpNamespace": {"podSecurity": {"enforce": "baseline"}}},
    {"mcpServerDefaults": {"runtimeClassName": "kata"}},
    {"mcpServerDefaults": {"runtimeClassName": "gvisor"}},
    {"mcpServerMaximums": {"limits": {"cpu": "500m", "memory": "450Mi"}}},
    {"mcpServerDefaults": {**FORBIDDEN, "resources": {"limits": {"memory": "600Mi"}}}},
    {"mcpServerDefaults": {**FORBIDDEN, "tolerations": [{"key": "a", "operator": "Exists"}]}},
    {"mcpServerDefaults": {**FORBIDDEN, "nodeSelector": {"pool": "a"}}},
    {"mcpServerDefaults": {**FORBIDDEN, "nodeSelector": {"pool": "b"}}},
    {"isolation": {"gate": False}, "onConflict": "override"},
    {"platform": "openshift"},
    {"serviceAccountTokens": {"optedIn": "forbid"}, "mcpServerDefaults": {"image": "b.example/c"}},
)


class Deployer(Background):
    """Asks for Deployments without an end, each a dry run; whatever is refused is kept."""

    def __init__(self, cluster: ControlPlane, namespace: str, *, labelled: bool) -> None:
        super().__init__(f"Deployments in {namespace}")
        self._cluster = cluster
        self._path = f"/apis/apps/v1/namespaces/{namespace}/deployments?dryRun=All"
        self._labels = OPTED_IN if labelled else NOT_LABELLED
        self.count = 0
        self.refused: list[str] = []

    def run(self) -> None:
        for number in itertools.count():
            if self.over.wait(0.02):
                return
            answer = self._cluster.raw(
                "POST", self._path, server(f"s-{number}", labels=self._labels)
            )
            self.count += 1
            if answer.status != 201:
                self.refused.append(f"{answer.status} {answer.json()['message']}")


@pytest.fixture(scope="module")
def installed(release: Release) -> Iterator[Release]:
    """A release with two serving replicas, in a cluster with two runtime classes."""
    for name in ("kata", "gvisor"):
        body = {"metadata": {"name": name}, "handler": name}
        release.cluster.create(CLASSES, body)
    release.install("--set", "serve.replicas=2", "--wait")
    yield release
    release.cluster.raw("DELETE", PATH)
    release.uninstall()


def apply(release: Release, spec: Json) -> None:
    resource = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": {"name": NAME}}
    release.cluster.kubectl("apply", "--filename", "-", sent={**resource, "spec": spec})


def distributed(release: Release) -> bool:
    found = release.cluster.get(PATH)
    return any(
        each["type"] == "Distributed"
        and each["status"] == "True"
        and each["observedGeneration"] == found["metadata"]["generation"]
        for each in (found.get("status") or {}).get("conditions") or []
    )


@contextmanager
def load(release: Release) -> Iterator[list[str]]:
    """Pods and Deployments created without an end; afterwards, who of them was refused."""
    elsewhere = release.cluster.namespace("changing")
    creators: list[Creator | Deployer] = [
        *(Creator(release.cluster, TOOLS, labelled=False, filled_in=False) for _ in range(2)),
        *(Creator(release.cluster, elsewhere, labelled=True, filled_in=False) for _ in range(2)),
        Deployer(release.cluster, elsewhere, labelled=True),
        Deployer(release.cluster, TOOLS, labelled=False),
    ]
    refused: list[str] = []
    with ExitStack() as stack:
        for each in creators:
            stack.enter_context(each)
        yield refused
    refused += [said for each in creators for said in each.refused]
    print(f"{len(refused)} of {sum(each.count for each in creators)} refused")


def wait_until_distributed(release: Release) -> None:
    release.wait_for("Distributed", lambda: distributed(release))


def test_changed_settings_refuse_nobody(installed: Release) -> None:
    with load(installed) as refused:
        for spec in SPECS[:6]:
            apply(installed, spec)
            wait_until_distributed(installed)

    assert refused == []


def test_settings_that_change_amid_a_change_refuse_nobody(installed: Release) -> None:
    with load(installed) as refused:
        for spec in SPECS[6:]:
            apply(installed, spec)
        wait_until_distributed(installed)

    assert refused == []


def test_changed_values_of_the_chart_refuse_nobody(installed: Release) -> None:
    locked = ("mcpServerDefaults.perServer=forbid", "mcpServerDefaults.runtimeClassName=gvisor")
    values = [word for each in locked for word in ("--set", each)]
    with load(installed) as refused:
        installed.helm("upgrade", "--reuse-values", "--wait", "--timeout", WAIT, *values)
        wait_until_distributed(installed)

    assert refused == []
    assert installed.restarts() == 0
