"""A roll that fails says so at once, and what ran comes back: its pods stay, others never run."""

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import builders
from tests.e2e.controller.control import grant
from tests.e2e.fleet.commands import MORE_MEMORY, Fleet
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Changes, Product

BASELINE: Changes = {"mcpNamespace": {"podSecurity": {"enforce": "baseline"}}}
NOWHERE: Changes = {"mcpServerDefaults": {"nodeSelector": {"is-on": "no-node"}}}
MISSING: Changes = {"mcpServerDefaults": {"runtimeClassName": "missing"}}
TOO_LARGE: Changes = {"mcpServerDefaults": {"resources": {"requests": {"memory": "900Ti"}}}}
BACK = "rolled back to the revision that ran, and its pods run"
SECONDS = 60.0

Json = dict[str, Any]


@contextlib.contextmanager
def gates_open(namespace: Namespace) -> Iterator[None]:
    """Within the block the gate is removed from every pod, as the controller does."""
    done = threading.Event()

    def open_gates() -> None:
        while not done.wait(0.2):
            namespace.release_all()

    thread = threading.Thread(target=open_gates)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def running(namespace: Namespace, *names: str) -> dict[str, str]:
    """Make servers, and wait until they run: the uid of the pod of each."""
    for name in names:
        namespace.create(builders.server(name, replicas=1))
    return {name: namespace.wait_until_rolled_out(name)[0]["metadata"]["uid"] for name in names}


def is_as_it_ran(namespace: Namespace, template: Json, uid: str, name: str = "crm") -> None:
    """The template is back, its pod never went, and it has the only one."""
    cluster = namespace.cluster
    assert namespace.deployment(name)["spec"]["template"] == template
    cluster.wait_for(
        "the old pod alone",
        lambda: [pod["metadata"]["uid"] for pod in namespace.pods(name)] == [uid],
    )
    assert len(namespace.replica_sets(name)) == 2


def template_of(namespace: Namespace, name: str = "crm") -> Json:
    found: Json = namespace.deployment(name)["spec"]["template"]
    return found


def told(ended: Any) -> Json:
    """What is told about the only server, by a report for programs."""
    report = json.loads(ended.out)
    (found,) = report["servers"]
    return {**found, "common_failure": report["common_failure"]}


def quota(namespace: Namespace, count: int) -> None:
    """No more pods than these may be created."""
    manifest = {"metadata": {"name": "quota"}, "spec": {"hard": {"pods": str(count)}}}
    namespace.cluster.create(namespace.path("resourcequotas"), manifest)
    namespace.cluster.wait_for(
        "the quota's count",
        lambda: (
            namespace.get("resourcequotas/quota").get("status", {}).get("used")
            == {"pods": str(count)}
        ),
    )


def restricted(namespace: Namespace) -> None:
    label = "pod-security.kubernetes.io/enforce=restricted"
    namespace.cluster.kubectl("label", "namespace", namespace.name, label)


CASES: dict[str, tuple[Changes, Changes, Callable[[Namespace], None], str, str]] = {
    "quota": ({}, MORE_MEMORY, lambda here: quota(here, 1), "QuotaExceeded", "exceeded quota"),
    "Pod Security": (
        BASELINE,
        {**BASELINE, **MORE_MEMORY},
        restricted,
        "PodSecurityRefused",
        'violates PodSecurity "restricted',
    ),
    "too large": ({}, TOO_LARGE, lambda _: None, "Unschedulable", "Insufficient memory"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_final_ends_the_roll_at_once_and_what_ran_comes_back(
    product: Product, fleet: Fleet, case: str
) -> None:
    before, after, happens, reason, said = CASES[case]
    namespace = fleet.namespace
    with product.settings(before):
        uid = running(namespace, "crm")["crm"]
    template = template_of(namespace)
    happens(namespace)
    with product.settings(after), gates_open(namespace):
        ended = fleet.apply("crm", "-o", "json", settings=after)

    found = told(ended)
    assert ended.code == 1
    assert (found["result"], found["reason"], found["rolled_back"]) == ("failed", reason, True)
    assert said in found["messages"][0]
    assert found["messages"][1:] == [BACK]
    assert found["seen"].startswith("pod crm-" if case == "too large" else "ReplicaSet crm-")
    is_as_it_ran(namespace, template, uid)


def test_a_missing_runtime_class_is_told_before_anything_is_touched(
    product: Product, fleet: Fleet
) -> None:
    namespace = fleet.namespace
    running(namespace, "crm")
    before = namespace.deployment("crm")["metadata"]["generation"]
    with product.settings(MISSING):
        dry = fleet.apply("crm", "--dry-run", settings=MISSING)
        ended = fleet.apply("crm", settings=MISSING)

    assert dry.code == 0
    assert "its pods would name the runtime class missing, which does not exist" in dry.out
    assert ended.code == 1
    assert "which does not exist: create it, or change mcpServerDefaults.runtimeClas" in ended.out
    assert "look at the setting mcpServerDefaults.runtimeClassName, which is missing" in ended.out
    assert namespace.deployment("crm")["metadata"]["generation"] == before


def test_who_may_not_read_runtime_classes_sees_the_roll_fail_and_come_back(
    product: Product, fleet: Fleet
) -> None:
    namespace = fleet.namespace
    uid = running(namespace, "crm")["crm"]
    template = template_of(namespace)
    tenants = Fleet(namespace, fleet.folder, namespace.tenant)
    with product.settings(MISSING):
        dry = tenants.apply("crm", "--dry-run", settings=MISSING)
        ended = tenants.apply("crm", "-o", "json", settings=MISSING)

    assert "whether it exists is unknown" in dry.out
    found = told(ended)
    assert (found["reason"], found["rolled_back"]) == ("RuntimeClassMissing", True)
    assert 'RuntimeClass "missing" not found' in found["messages"][0]
    (setting,) = found["common_failure"]["settings"]
    assert (setting["key"], setting["value"]) == ("mcpServerDefaults.runtimeClassName", "missing")
    is_as_it_ran(namespace, template, uid)


def test_an_image_without_a_valid_name_ends_the_roll(product: Product, fleet: Fleet) -> None:
    """Nothing schedules the new pod; its status is written as a kubelet does."""
    namespace, cluster = fleet.namespace, product.cluster
    uid = running(namespace, "crm")["crm"]
    template = template_of(namespace)
    waiting = {"reason": "InvalidImageName", "message": 'couldn\'t parse image name "A:B:C"'}
    container = {"name": "mcp", "image": "A:B:C", "imageID": "", "restartCount": 0, "ready": False}
    status = {"containerStatuses": [{**container, "state": {"waiting": waiting}}]}
    status["conditions"] = [{"type": "PodScheduled", "status": "True"}]

    def ended() -> bool:
        for pod in namespace.pods("crm"):
            if pod["metadata"]["uid"] != uid:
                path = f"pods/{pod['metadata']['name']}/status"
                namespace.raw("PATCH", path, {"status": status}, MERGE_PATCH)
        return process.poll() is not None

    with product.settings(NOWHERE), gates_open(namespace):
        command = fleet.command("apply", "crm", "-o", "json", settings=NOWHERE)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            cluster.wait_for("the end of apply", ended, seconds=SECONDS)
            out = process.stdout.read() if process.stdout else ""

    (found,) = json.loads(out)["servers"]
    assert (found["reason"], found["rolled_back"]) == ("InvalidImage", True)
    assert "couldn't parse image name" in found["messages"][0]
    is_as_it_ran(namespace, template, uid)


def test_several_at_a_time_end_after_so_many_failures_and_the_setting_is_named(
    product: Product, fleet: Fleet
) -> None:
    namespace, names = fleet.namespace, ("a", "b", "c", "d", "e")
    uids = running(namespace, *names)
    quota(namespace, len(names))
    options = ("--all", "--parallel", "3", "--max-failures", "2")
    with product.settings(MORE_MEMORY), gates_open(namespace):
        ended = fleet.apply(*options, settings=MORE_MEMORY)
        again = fleet.apply(*options, "-o", "json", settings=MORE_MEMORY)

    assert ended.code == 1
    assert (
        "every roll failed for QuotaExceeded: look at the setting mcpServerDefaults.resources"
        in (ended.out)
    )
    summary = json.loads(again.out)["summary"]
    assert summary["failed"] in {2, 3, 4}
    assert summary["failed"] + summary["not-touched"] == len(names)
    product.cluster.wait_for(
        "the old pods alone",
        lambda: {pod["metadata"]["uid"] for pod in namespace.pods()} == {*uids.values()},
    )


@pytest.mark.parametrize("options", [(), ("--no-rollback",)], ids=["rolled back", "left"])
def test_a_roll_that_takes_too_long_says_what_it_waited_for(
    product: Product, fleet: Fleet, options: tuple[str, ...]
) -> None:
    """Nobody takes the gate from the new pod."""
    namespace = fleet.namespace
    uid = running(namespace, "crm")["crm"]
    template = template_of(namespace)
    with product.settings(MORE_MEMORY):
        ended = fleet.apply("crm", "-o", "json", "--timeout", "3", *options, settings=MORE_MEMORY)

    found = told(ended)
    assert ended.code == 1
    assert (found["reason"], found["rolled_back"]) == ("SchedulingGated", not options)
    assert found["messages"][0].startswith("not rolled out after 3 s (timeout): ")
    assert builders.GATE in found["messages"][0]
    if options:
        assert len(namespace.pods("crm")) == 2
        assert template_of(namespace) != template
    else:
        is_as_it_ran(namespace, template, uid)


def test_a_revision_that_was_never_filled_in_does_not_come_back_and_its_pods_run_on(
    product: Product, fleet: Fleet
) -> None:
    namespace = fleet.namespace
    with product.uninstalled():
        uid = running(namespace, "crm")["crm"]
    quota(namespace, 1)
    ended = fleet.apply("crm", "-o", "json")

    found = told(ended)
    assert (found["reason"], found["rolled_back"]) == ("QuotaExceeded", False)
    assert "the revision before was never filled in" in found["messages"][1]
    assert [pod["metadata"]["uid"] for pod in namespace.pods("crm")] == [uid]


def test_where_pods_are_filled_in_the_template_that_ran_comes_back(
    product: Product, namespace: Namespace, tmp_path: Any
) -> None:
    by_pods: Changes = {"fillIn": "pods"}
    grant(namespace.cluster)
    fleet = Fleet(namespace, tmp_path)
    with product.settings(by_pods):
        found = builders.server("crm", replicas=1)
        found["spec"]["template"]["metadata"]["labels"] |= builders.OPTED_IN
        namespace.create(found)
        uid = namespace.wait_until_rolled_out("crm")[0]["metadata"]["uid"]
    template = template_of(namespace)
    quota(namespace, 1)
    after = {**by_pods, **MORE_MEMORY}
    with product.settings(after):
        ended = fleet.apply("crm", "-o", "json", settings=after)

    assert told(ended)["rolled_back"]
    is_as_it_ran(namespace, template, uid)
