"""The name by which exceptions are granted: what a pod can show of it, and what it cannot."""

import pytest

from tests.admission.case import NAME, SERVER, Json
from tests.builders import bare_pod, of_kind, server
from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import job_of, pod_of
from tests.in_memory.requests import request
from webhook.admission.workload import Scope, read_workload
from webhook.admission.workload_name import draft_command, draft_for, known_workload
from webhook.names import identity
from webhook.pods import Patch, PodHead

HASH = "pod-template-hash"
LONG = "an-mcp-server-with-a-very-long-name-indeed"


def head_of(document: Json) -> PodHead:
    return read_workload(document, request(document), Scope.OPTED_IN, Patch()).head


def made_by(kind: str, name: str, **labels: str) -> Json:
    """A pod whose controller is said to be this one, with these labels."""
    pod = bare_pod("a-pod", labels={key.replace("_", "-"): value for key, value in labels.items()})
    pod["metadata"]["ownerReferences"] = [{"kind": kind, "name": name, "controller": True}]
    return pod


def run_of(schedule: str, run: str, name: str | None = None) -> Json:
    """The pod of a Job; `name` is the label that its author wrote into the template."""
    cron_job = of_kind(
        "CronJob", schedule, labels={SERVER: "true", **({NAME: name} if name else {})}
    )
    return pod_of(ApiServer().create(job_of(cron_job, run)).stored)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"])
@pytest.mark.parametrize("name", ["github-tools", LONG])
def test_a_workload_and_its_pods_have_its_exact_name(kind: str, name: str) -> None:
    workload = server(name) if kind == "Deployment" else of_kind(kind, name)
    pod = pod_of(workload)
    if kind == "Deployment":
        pod["metadata"]["labels"][HASH] = "7d4b9c6f5"
    if kind == "CronJob":
        pod = run_of(name, f"{name}-29310915")

    assert known_workload(head_of(workload)) == (kind, name)
    assert known_workload(head_of(pod)) == (kind, name)


@pytest.mark.parametrize(
    ("pod", "known"),
    [
        pytest.param(bare_pod(), ("Pod", "github-tools"), id="bare"),
        pytest.param(
            bare_pod(labels={SERVER: "true", NAME: "other"}), ("Pod", "github-tools"), id="label"
        ),
        pytest.param(
            made_by("StatefulSet", "weekly", **{NAME: "github-tools"}), ("StatefulSet", "weekly"),
            id="label-of-a-template",
        ),
        pytest.param(made_by("ReplicaSet", "files-5f6"), ("ReplicaSet", "files-5f6"), id="a-set"),
        pytest.param(
            made_by("ReplicaSet", "files-5f6", **{HASH: "5f6"}), ("Deployment", "files"),
            id="replica-set",
        ),
        pytest.param(
            made_by("ReplicaSet", "files-5f6", rollouts_pod_template_hash="5f6"),
            ("Rollout", "files"), id="rollout",
        ),
        pytest.param(
            made_by("ReplicaSet", "files-x-5f6", pod_template_hash="5f6",
                    rollouts_pod_template_hash="x-5f6"),
            ("Deployment", "files-x"), id="a-second-hash-from-the-author",
        ),
        pytest.param(made_by("McpServer", "files"), ("McpServer", "files"), id="operator"),
        pytest.param(run_of("nightly", "by-hand"), ("Job", "by-hand"), id="run-by-hand"),
        pytest.param(run_of("nightly", "nightly-x"), ("Job", "nightly-x"), id="run-of-a-word"),
        pytest.param(run_of("nightly", "nightly-2"), ("CronJob", "nightly"), id="run-of-a-number"),
        pytest.param(
            run_of("evil", "evil-29310915", "nightly"), ("Job", "evil-29310915"),
            id="schedule-with-the-label-of-another",
        ),
        pytest.param(
            run_of("nightly-x", "nightly-x-29310915", "nightly"), ("Job", "nightly-x-29310915"),
            id="schedule-with-a-name-that-begins-like-another",
        ),
        pytest.param(
            run_of("nightly-5", "nightly-5-29310915", "nightly"), ("Job", "nightly-5-29310915"),
            id="schedule-with-a-name-like-a-run",
        ),
        pytest.param(pod_of(of_kind("Job", "nightly-5")), ("Job", "nightly-5"), id="like-a-run"),
        pytest.param(made_by("Job", "-5", **{NAME: identity("")}), ("Job", "-5"), id="no-schedule"),
    ],
)  # fmt: skip
def test_neither_labels_nor_beginnings_make_a_pod_that_of_another(
    pod: Json, known: tuple[str, str]
) -> None:
    assert known_workload(head_of(pod)) == known


def test_a_name_that_is_another_one_in_short_is_not_that_one() -> None:
    short = identity(LONG)
    assert identity(short) == short

    assert known_workload(head_of(server(short))).name == short
    assert known_workload(head_of(server(LONG))).name == LONG
    assert known_workload(head_of(run_of(short, f"{short}-1"))).name == short
    assert known_workload(head_of(run_of(LONG, f"{LONG}-1"))).name == LONG


def test_a_pod_that_will_be_given_a_name_has_none_yet() -> None:
    pod = bare_pod()
    pod["metadata"]["generateName"] = f"{pod['metadata'].pop('name')}-"

    assert known_workload(head_of(pod)) == ("", "")
    assert draft_for(head_of(pod)) == ""


@pytest.mark.parametrize(
    ("kind", "name", "namespace", "command"),
    [
        ("Deployment", "files", "team-a", "deployment/files -n team-a"),
        ("CronJob", "a.b", "", "cronjob/a.b"),
        ("Deployment", "files; reboot", "team-a", ""),
        ("Deployment", "files", "$(reboot)", ""),
        ("<kind>", "files", "team-a", ""),
        ("Deployment", "", "team-a", ""),
        ("Deployment", "files\n", "team-a", ""),
    ],
)
def test_a_command_is_one_that_a_shell_takes_as_it_is(
    kind: str, name: str, namespace: str, command: str
) -> None:
    expected = f"mcp-admission exception draft {command}" if command else ""
    assert draft_command(kind, name, namespace) == expected
