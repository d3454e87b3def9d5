"""A server is named after the workload that a person wrote, in feedback and on its pods alike."""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import job_of, pod_of
from tests.in_memory.defaults import template_of
from webhook.admission.workload import Scope
from webhook.settings.model import Settings

Json = dict[str, Any]

SERVER, NAME = "mcp-admission.dev/server", "mcp-admission.dev/name"
TOKEN = "mcp-admission.dev/service-account-token"
LABELLED = {SERVER: "true"}
GRANTED = Settings.model_validate(
    {"serviceAccountTokens": {"optedIn": "forbid", "names": ["tools/nightly"]}}
)
RUNS = ["nightly-29310915", "nightly-29312355", "by-hand"]


def template(labels: Json | None = None, **annotations: str) -> Json:
    spec = {
        "containers": [{"name": "main", "image": "registry.example/mcp:1"}],
        "restartPolicy": "Never",
        "serviceAccountName": "reader",
    }
    own = LABELLED if labels is None else labels
    return {"metadata": {"labels": own, "annotations": {TOKEN: "true"}}, "spec": spec}


def workload(kind: str, name: str = "nightly", labels: Json | None = None) -> Json:
    spec: Json = {"template": template(labels)}
    if kind == "CronJob":
        spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": spec}}
    return {"kind": kind, "metadata": {"name": name, "namespace": "tools"}, "spec": spec}


def made_by(owner: Json, of: Json) -> Json:
    """A pod of the template of `of`, whose controller is `owner`."""
    made = pod_of(of)
    made["metadata"]["ownerReferences"] = [{"uid": "0-0", "controller": True, **owner}]
    return made


def named(pod: Json, settings: Settings = GRANTED) -> tuple[str, bool]:
    """The name of the server that a pod is, and whether it has its token."""
    outcome = ApiServer(settings).create(pod)
    mounted = outcome.stored["spec"].get("automountServiceAccountToken") is not False
    assert mounted == any("projected" in each for each in outcome.stored["spec"].get("volumes", []))
    return outcome.stored["metadata"]["labels"][NAME], mounted


@pytest.mark.parametrize("run", RUNS)
def test_each_run_of_a_schedule_is_the_one_server_that_was_granted_a_token(run: str) -> None:
    cron_job = workload("CronJob")
    feedback = ApiServer(GRANTED).create(cron_job)
    job = ApiServer(GRANTED).create(job_of(cron_job, run))

    assert feedback.warnings == []
    assert named(pod_of(job.stored)) == ("nightly", True)


@pytest.mark.parametrize("run", RUNS)
def test_one_that_was_not_granted_is_told_early_and_gets_none(run: str) -> None:
    cron_job = workload("CronJob", "weekly")
    feedback = ApiServer(GRANTED).create(cron_job)
    job = ApiServer(GRANTED).create(job_of(cron_job, run))

    assert feedback.warned_by == ["service-account-token"]
    assert named(pod_of(job.stored)) == ("weekly", False)


def test_the_job_of_a_schedule_gets_the_name_and_nothing_else() -> None:
    job = job_of(workload("CronJob"), RUNS[0])
    outcome = ApiServer().create(job)

    path = f"/spec/template/metadata/labels/{NAME.replace('/', '~1')}"
    assert outcome.patch == [{"op": "add", "path": path, "value": "nightly"}]
    assert ApiServer().create(outcome.stored).patch == []


@pytest.mark.parametrize("owner", [
    {}, {"kind": "JobSet"}, {"kind": "Workflow"}, {"kind": "CronJob", "controller": False},
])  # fmt: skip
def test_other_jobs_keep_their_own_names(owner: Json) -> None:
    job = job_of(workload("CronJob"), "import-29310915")
    references = job["metadata"]["ownerReferences"]
    job["metadata"]["ownerReferences"] = [{**references[0], **owner}] if owner else []
    stored = ApiServer().create(job)

    assert stored.patch == []
    assert named(pod_of(stored.stored)) == ("import-29310915", False)


@pytest.mark.parametrize(
    ("labels", "scope", "covered"),
    [
        ({}, Scope.OPTED_IN, False),
        ({SERVER: "false"}, Scope.OPTED_IN, False),
        (LABELLED, Scope.OPTED_IN, True),
        ({}, Scope.MANAGED, True),
    ],
)
@pytest.mark.parametrize("own", [{}, LABELLED])
def test_the_job_is_named_where_its_pods_are_servers(
    own: Json, labels: Json, scope: Scope, covered: bool
) -> None:
    job = job_of(workload("CronJob", labels=labels), RUNS[0])
    job["metadata"]["labels"] = own

    outcome = ApiServer(scope=scope).create(job)

    assert (NAME in template_of(outcome.stored)["metadata"]["labels"]) is covered


def test_a_name_in_the_template_is_the_authors_on_pods_and_in_feedback() -> None:
    """As it is for every workload that we do not fill in."""
    for kind in ("CronJob", "StatefulSet"):
        own = workload(kind, "weekly", {**LABELLED, NAME: "nightly"})
        assert ApiServer(GRANTED).create(own).warnings == [], kind
        job = ApiServer(GRANTED).create(job_of(own, RUNS[0])).stored if kind == "CronJob" else own
        assert named(pod_of(job)) == ("nightly", True), kind


@pytest.mark.parametrize("label", ["pod-template-hash", "rollouts-pod-template-hash"])
@pytest.mark.parametrize("revision", ["7d4b9c6f5", "5f6c9b4d7"])
def test_pods_of_each_revision_are_one_server(label: str, revision: str) -> None:
    """Of a Rollout, or of a Deployment that was never filled in."""
    of = workload("ReplicaSet", f"nightly-{revision}", {**LABELLED, label: revision})
    owner = {"kind": "ReplicaSet", "name": f"nightly-{revision}"}

    assert named(made_by(owner, of)) == ("nightly", True)


@pytest.mark.parametrize(
    ("kind", "name", "hash_", "server"),
    [
        ("ReplicaSet", "nightly-7d4b9c6f5", "5f6c9b4d7", "nightly-7d4b9c6f5"),
        ("ReplicaSet", "nightly-7d4b9c6f5", "", "nightly-7d4b9c6f5"),
        ("ReplicaSet", "nightly7d4b9c6f5", "7d4b9c6f5", "nightly7d4b9c6f5"),
        ("ReplicaSet", "b9c6f5", "b9c6f5", "b9c6f5"),
        ("ReplicaSet", "-b9c6f5", "b9c6f5", "b9c6f5-489e7679"),
        ("StatefulSet", "nightly-7d4b9c6f5", "7d4b9c6f5", "nightly-7d4b9c6f5"),
        ("DaemonSet", "nightly-7d4b9c6f5", "7d4b9c6f5", "nightly-7d4b9c6f5"),
        ("Job", "nightly-29310915", "29310915", "nightly-29310915"),
    ],
)
def test_nothing_else_is_cut_off_a_name(kind: str, name: str, hash_: str, server: str) -> None:
    of = workload("ReplicaSet", labels={**LABELLED, "pod-template-hash": hash_})

    assert named(made_by({"kind": kind, "name": name}, of))[0] == server


@pytest.mark.parametrize("hash_", ["7d4b9c6f5", "5f6c9b4d7", None])
def test_feedback_about_a_replica_set_names_its_pods_as_they_are_named(hash_: str | None) -> None:
    labels = LABELLED if hash_ is None else {**LABELLED, "pod-template-hash": hash_}
    own = workload("ReplicaSet", "nightly-7d4b9c6f5", labels)
    told = ApiServer(GRANTED).create(own).warnings

    _, token = named(pod_of(own))

    assert token == (not told)
