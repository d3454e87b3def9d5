"""The findings of Deployments, pods and other workloads, a line for each case."""

from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import (
    RESOURCES,
    Json,
    filled_in,
    memory,
    server,
    settings,
    stored,
)
from webhook.admission import Scope
from webhook.fleet import workloads
from webhook.fleet.report import ServerFinding, ServerStatus
from webhook.rules.checks.scheduling import REQUIRED
from webhook.settings.model import Settings

DEFAULTS = Settings()
PRIVILEGED = [builders.container(securityContext={"privileged": True})]
STUCK = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}


def findings_of(
    found: Json, values: Json | None = None, scope: Scope = Scope.OPTED_IN
) -> list[ServerFinding]:
    given = settings(**values or {})
    resource = RESOURCES[found["kind"]]
    workload = workloads.server_workload(found, resource, given, scope)
    assert workload is not None
    if found["kind"] == "Deployment":
        return workloads.deployment_findings(found, given, scope)
    if found["kind"] == "Pod":
        return workloads.pod_findings(found, given, scope)
    return workloads.workload_findings(found, workload, resource, given, scope)


def changed(found: Json, **parts: Json) -> Json:
    """With these keys of parts of the object: metadata, spec, status."""
    return {**found, **{part: {**found.get(part, {}), **keys} for part, keys in parts.items()}}


def live_pod(**spec: Any) -> Json:
    """A pod that runs: on a node, its gate taken, its token where the API server put it."""
    found = filled_in(builders.bare_pod("crm", **spec), DEFAULTS)
    del found["spec"]["schedulingGates"]
    return changed(found, spec={"nodeName": "node-1"}, status={"phase": "Running"})


def without(found: Json, *labels: str) -> Json:
    kept = {key: each for key, each in found["metadata"]["labels"].items() if key not in labels}
    return changed(found, metadata={"labels": kept})


def half(kind: str) -> Json:
    """The label on the workload alone."""
    found = builders.of_kind(kind, labels={})
    found["metadata"]["labels"] = dict(builders.OPTED_IN)
    return stored(found)


ROLLING = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 1, "readyReplicas": 1}
OLDER = {"older-than-webhook", "out-of-date"}
BY_PODS = {"fillIn": "pods"}
LABELLED_TEMPLATE = builders.of_kind("Deployment")
CASES: list[Any] = [
    pytest.param(stored(LABELLED_TEMPLATE), BY_PODS, set(), id="by-pods"),
    pytest.param(
        without(stored(LABELLED_TEMPLATE), builders.SERVER),
        BY_PODS,
        set(),
        id="by-pods-label-in-the-template-alone",
    ),
    pytest.param(stored(server()), BY_PODS, {"half-labelled"}, id="by-pods-no-server"),
    pytest.param(
        stored(builders.of_kind("Deployment", hostPID=True)),
        BY_PODS,
        {"refused"},
        id="by-pods-refused",
    ),
    pytest.param(
        changed(stored(LABELLED_TEMPLATE), status={**ROLLING, "conditions": [STUCK]}),
        BY_PODS,
        {"not-rolled"},
        id="by-pods-stuck",
    ),
    pytest.param(filled_in(server(), DEFAULTS), {}, set(), id="up-to-date"),
    pytest.param(filled_in(server(), DEFAULTS), memory("1Gi"), {"out-of-date"}, id="out-of-date"),
    pytest.param(stored(server()), {}, OLDER | {"half-labelled"}, id="older"),
    pytest.param(
        stored(server(containers=PRIVILEGED)),
        {},
        {"older-than-webhook", "half-labelled", "refused"},
        id="older-and-refused",
    ),
    pytest.param(
        without(filled_in(server(), DEFAULTS), builders.SERVER),
        {},
        {"half-labelled", "out-of-date"},
        id="label-in-the-template-alone",
    ),
    pytest.param(changed(filled_in(server(), DEFAULTS), status=ROLLING), {}, set(), id="rolls-now"),
    pytest.param(
        changed(filled_in(server(), DEFAULTS), status={**ROLLING, "conditions": [STUCK]}),
        {},
        {"not-rolled"},
        id="stuck",
    ),
    pytest.param(
        changed(filled_in(server(), DEFAULTS), status=ROLLING, spec={"paused": True}),
        {},
        {"not-rolled"},
        id="paused-in-the-middle",
    ),
    pytest.param(
        changed(
            filled_in(server(), DEFAULTS),
            status={**ROLLING, "readyReplicas": 0, "conditions": [STUCK]},
        ),
        {},
        set(),
        id="stuck-and-none-ready",
    ),
    pytest.param(
        changed(
            filled_in(server(), DEFAULTS),
            status={**ROLLING, "replicas": 1, "conditions": [STUCK]},
            spec={"paused": True},
        ),
        {},
        set(),
        id="paused-and-rolled",
    ),
    pytest.param(live_pod(), {}, set(), id="pod-up-to-date"),
    pytest.param(live_pod(), memory("1Gi"), {"out-of-date"}, id="pod-out-of-date"),
    pytest.param(
        live_pod(), {"isolation": {"gate": False}}, set(), id="pod-gates-are-for-new-ones"
    ),
    pytest.param(stored(builders.bare_pod("crm")), {}, OLDER, id="pod-older"),
    pytest.param(
        stored(builders.bare_pod("crm", hostPID=True)),
        {},
        {"older-than-webhook", "refused"},
        id="pod-refused",
    ),
    pytest.param(
        changed(stored(builders.bare_pod("crm", hostPID=True)), status={"phase": "Succeeded"}),
        {},
        set(),
        id="pod-that-has-ended",
    ),
    pytest.param(
        changed(live_pod(), spec={"ephemeralContainers": [builders.container(name="debug")]}),
        {},
        set(),
        id="pod-with-a-debugger",
    ),
    pytest.param(stored(builders.of_kind("StatefulSet")), {}, set(), id="other-fine"),
    pytest.param(half("StatefulSet"), {}, {"half-labelled"}, id="other-half-labelled"),
    pytest.param(half("CronJob"), {}, {"half-labelled"}, id="cron-job-half-labelled"),
    pytest.param(
        stored(builders.of_kind("DaemonSet", hostNetwork=True)),
        {},
        {"refused"},
        id="other-refused",
    ),
    pytest.param(
        changed(
            stored(builders.of_kind("Job", hostNetwork=True)),
            status={"completionTime": "2026-01-01T00:00:00Z"},
        ),
        {},
        set(),
        id="job-that-is-complete",
    ),
    pytest.param(
        changed(
            stored(builders.of_kind("Job", hostNetwork=True)),
            status={"conditions": [{"type": "Failed", "status": "True"}]},
        ),
        {},
        set(),
        id="job-that-has-failed",
    ),
]


@pytest.mark.parametrize(("found", "values", "expected"), CASES)
def test_a_workload_has_the_reasons_of_its_state(
    found: Json, values: Json, expected: set[str]
) -> None:
    given = findings_of(found, values)

    assert {each.reason for each in given} == expected
    assert all(each.message and "\n" not in each.message for each in given)


def test_sentences_name_the_field_the_place_and_the_way_out() -> None:
    def sentences(found: Json, values: Json | None = None) -> set[str]:
        return {each.line for each in findings_of(found, values)}

    assert sentences(filled_in(server(), DEFAULTS), memory("1Gi")) == {
        "containers[mcp].resources.requests.memory is 400Mi and would be 1Gi"
    }
    assert any(
        each.startswith("pods will be refused: hostNetwork ") and each.endswith("(host-namespaces)")
        for each in sentences(stored(builders.of_kind("DaemonSet", hostNetwork=True)))
    )
    (sentence,) = sentences(half("CronJob"))
    assert sentence == (
        "the label is on the workload alone, its pods lack it: put mcp-admission.dev/server into "
        "spec.jobTemplate.spec.template.metadata.labels"
    )
    without_own = without(filled_in(server(), DEFAULTS), builders.SERVER)
    assert (
        "the label is on the pod template alone, the workload itself lacks it: put "
        "mcp-admission.dev/server into metadata.labels"
    ) in sentences(without_own)


def test_long_values_are_cut() -> None:
    wide = {
        "mcpServerDefaults": {"affinity": {"podAffinity": {REQUIRED: [{"topologyKey": "x" * 200}]}}}
    }
    lines = [each.line for each in findings_of(filled_in(server(), DEFAULTS), wide)]

    assert all(len(line) < 200 for line in lines)


@pytest.mark.parametrize(
    ("found", "scope", "expected"),
    [
        (stored(server()), Scope.OPTED_IN, True),
        (stored(builders.server("crm", labels={})), Scope.OPTED_IN, False),
        (stored(builders.server("crm", labels={})), Scope.MANAGED, True),
        (stored(builders.server("crm", labels={builders.SERVER: "false"})), Scope.OPTED_IN, False),
        (stored(builders.bare_pod("crm")), Scope.OPTED_IN, True),
        (
            stored(
                builders.of_kind("ReplicaSet"),
                ownerReferences=[{"kind": "Deployment", "name": "crm", "controller": True}],
            ),
            Scope.OPTED_IN,
            False,
        ),
        (
            stored(
                builders.bare_pod("crm"),
                ownerReferences=[{"kind": "StatefulSet", "name": "crm", "controller": True}],
            ),
            Scope.OPTED_IN,
            True,
        ),
        (stored(server(), labels=["none"]), Scope.OPTED_IN, False),
    ],
)
def test_which_objects_are_servers(found: Json, scope: Scope, expected: bool) -> None:
    workload = workloads.server_workload(found, RESOURCES[found["kind"]], DEFAULTS, scope)

    assert (workload is not None) is expected


def test_a_label_in_an_unreviewed_namespace_is_a_finding() -> None:
    labelled = workloads.server_workload(
        stored(server()), "deployments.apps", DEFAULTS, Scope.OPTED_IN
    )
    assert labelled is not None
    assert [each.reason for each in workloads.unreviewed_findings(labelled)] == ["not-reviewed"]

    unlabelled = stored(builders.server("crm", labels={}))
    managed = workloads.server_workload(unlabelled, "deployments.apps", DEFAULTS, Scope.MANAGED)
    assert managed is not None
    assert workloads.unreviewed_findings(managed) == []


def test_the_findings_of_a_server_make_its_state() -> None:
    states = [
        ServerStatus("Deployment", "team", "crm", tuple(findings_of(found, values))).state
        for found, values in (
            (filled_in(server(), DEFAULTS), {}),
            (filled_in(server(), DEFAULTS), memory("1Gi")),
            (stored(server()), {}),
            (stored(server(containers=PRIVILEGED)), {}),
        )
    ]

    assert states == ["current", "out-of-date", "unprotected", "refused"]
