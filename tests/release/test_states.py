"""A server that does not run, or lacks a part, is told by every voice within seconds, and why.

The voices are condition, metric, Event, `audit`, `check` and `status`. The node of the test runs no
containers of servers: what a kubelet would say of one is written by the test.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import pytest

from tests import builders
from tests.release.checked import Ended, run
from tests.release.watched import PATH, Watched
from tools.chart.helm import NAMESPACE
from tools.release.release import WAIT, Release
from webhook.health import CAUSES, INCOMPLETE, NOT_RUNNING, STATES, cause_id
from webhook.settings.load import GROUP, KIND, NAME, VERSION

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
Found = TypeVar("Found")
# Below the level of the namespace that is restricted, so that Pod Security has to refuse.
PRIVILEGED = "mcpNamespace.podSecurity.enforce=privileged"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
PORTS = [{"name": "mcp", "containerPort": 8099}]
KEY = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "token"}}}
CONFIG, FILES = {"config-from": "nowhere"}, {"config-from": "mine", "file-keys": "a.pem"}

DEPLOYMENTS: dict[str, Json] = {
    "fine": {},
    "no-class": {"runtimeClassName": "missing"},
    "no-config": {"asks": CONFIG},
    "no-file-key": {"asks": FILES},
    "no-env-from": {"asks": {"env-from": "nowhere"}},
    "no-key": {"container": {"env": [KEY], "ports": PORTS}},
    "no-node": {"nodeSelector": {"is": "nowhere"}},
    "no-image": {},
    "crashing": {},
}
# What a kubelet says of the containers of these.
WAITING: dict[str, Json] = {
    "no-key": {
        "reason": "CreateContainerConfigError",
        "message": "couldn't find key token in Secret team/mine",
    },
    "no-image": {
        "reason": "ImagePullBackOff",
        "message": 'Back-off pulling image "x": ErrImagePull: manifest unknown',
    },
    "crashing": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed"},
}
EXPECTED = {
    "no-class": (INCOMPLETE, "runtime-class-missing"),
    "no-config": (INCOMPLETE, "config-missing"),
    "no-file-key": (INCOMPLETE, "config-refused"),
    "no-env-from": (INCOMPLETE, "secret-missing"),
    "no-key": (INCOMPLETE, "secret-key-missing"),
    "no-node": (NOT_RUNNING, "unschedulable"),
    "no-image": (NOT_RUNNING, "image-not-pulled"),
    "crashing": (NOT_RUNNING, "crash-loop"),
    "quota": (NOT_RUNNING, "quota-exceeded"),
    "security": (NOT_RUNNING, "pod-security-refused"),
}
"""The state of each server that is not as it should be, and the reason that is told."""
OF_OTHERS = {"of-quota": (NOT_RUNNING, "quota-exceeded")}
"""The same of a StatefulSet, of which the commands alone tell."""
GATED = {"gated": (NOT_RUNNING, "scheduling-gated")}
"""The same of a server that is deployed while no controller runs."""
SECONDS_TO_TELL = 20
MERGE = "application/merge-patch+json"


class Down:
    """A release, and namespaces with servers that do not run."""

    def __init__(self, release: Release) -> None:
        self.release, self.cluster, self.watched = release, release.cluster, Watched(release)
        self.team, self.quota, self.restricted = (
            self.cluster.namespace(name, labels)
            for name, labels in (("team", {}), ("quota", {}), ("restricted", RESTRICTED))
        )
        path, hard = f"/api/v1/namespaces/{self.quota}/resourcequotas", {"hard": {"pods": "0"}}
        self.cluster.create(path, {"metadata": {"name": "none"}, "spec": hard})
        self.cluster.wait_for(
            "quota in force", lambda: self.cluster.get(f"{path}/none")["status"].get("hard")
        )
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine"}}
        self.deploy(self.team, {**secret, "stringData": {"other": "value"}})
        self.deploy(self.team, *(server(name, **given) for name, given in DEPLOYMENTS.items()))
        self.deploy(self.quota, server("quota"), builders.of_kind("StatefulSet", "of-quota"))
        self.deploy(self.restricted, server("security"))

    def deploy(self, namespace: str, *found: Json) -> None:
        self.cluster.kubectl("apply", "--namespace", namespace, "--filename", "-", sent=found)

    def say_what_kubelets_say(self) -> None:
        """Let the pods of some servers wait, once they run."""
        for name, waiting in WAITING.items():
            pod = self.release.wait_for("a pod", partial(self._running, name))
            assert pod is not None
            container = pod["spec"]["containers"][0]
            told = {"ready": False, "restartCount": 5, "state": {"waiting": waiting}, "imageID": ""}
            status = {
                "containerStatuses": [
                    {**{key: container[key] for key in ("name", "image")}, **told}
                ],
                "conditions": [{"type": "Ready", "status": "False"}],
            }
            path = f"/api/v1/namespaces/{self.team}/pods/{pod['metadata']['name']}/status"
            assert self.cluster.raw("PATCH", path, {"status": status}, MERGE).status == 200

    def _running(self, name: str) -> Json | None:
        found = self.release.pods(self.team, app=name)
        return next((each for each in found if each["status"].get("podIP")), None)

    def within(self, what: str, told: Callable[[], Found]) -> Found:
        return self.release.wait_for(what, told, SECONDS_TO_TELL)

    def condition(self) -> Json:
        return self.watched.conditions().get("ServersRunning", {})

    def counted(self) -> dict[str, float]:
        """How many servers the controller counts of each state that some are in."""
        found = self.watched.samples("servers")
        return {labels["state"]: value for labels, value in found if value}

    def told_by_events(self) -> list[tuple[str, str, str]]:
        """Deployment, reason and note of each warning of the controller."""
        found = self.cluster.get("/apis/events.k8s.io/v1/events")["items"]
        return sorted(
            (each["regarding"]["name"], each["reason"], each["note"])
            for each in found
            if each["regarding"]["kind"] == "Deployment"
            and each["type"] == "Warning"
            and each["metadata"]["namespace"] != NAMESPACE
            and each["reportingController"].startswith("mcp-admission.dev/")
        )

    def commands(self) -> dict[str, Ended]:
        """What each command says now, for programs."""
        names = ("audit", "check", "status")
        with ThreadPoolExecutor(len(names)) as pool:
            asked = [pool.submit(run, self.release, each, "-o", "json") for each in names]
        found = {name: each.result() for name, each in zip(names, asked, strict=True)}
        assert all(each.out for each in found.values()), found
        return found

    def controllers(self, replicas: int) -> None:
        words = ("scale", "deployment/mcp-admission-control", f"--replicas={replicas}")
        self.cluster.kubectl(*words, "--namespace", NAMESPACE)


def server(name: str, **given: Any) -> Json:
    return builders.server(name, replicas=1, **{"container": {"ports": PORTS}, **given})


def count(expected: dict[str, tuple[str, str]], state: str) -> int:
    return [each for each, _ in expected.values()].count(state)


@pytest.fixture(scope="module")
def down(release: Release) -> Iterator[Down]:
    release.install("--set", PRIVILEGED, "--wait", "--timeout", WAIT)
    settings = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": {"name": NAME}}
    release.cluster.kubectl("apply", "--filename", "-", sent=settings)
    found = Down(release)
    found.say_what_kubelets_say()
    yield found
    release.cluster.raw("DELETE", PATH)
    release.uninstall()


def is_told_by_commands(down: Down, expected: dict[str, tuple[str, str]]) -> dict[str, Ended]:
    """Each server with its reason by `audit`; each reason by `check` and `status`."""
    found = down.commands()
    assert {each.code for each in found.values()} == {1}
    report = json.loads(found["audit"].out)
    assert (report["not_looked_at"], report["unknown"]) == ([], [])
    told = {
        each["name"]: (each["state"], {finding["reason"] for finding in each["findings"]})
        for each in report["servers"]
    }
    assert told.keys() == expected.keys()
    for name, (state, reason) in expected.items():
        assert told[name][0] == state
        assert reason in told[name][1]
    screen = json.loads(found["status"].out)
    for state in (NOT_RUNNING, INCOMPLETE):
        assert screen["servers"][state] == count(expected, state)
        told_by_check = sentences(found["check"].checks["servers"]["told"], state)
        assert len(told_by_check) == 1
        assert sentences(screen["needs"], state) == told_by_check
        (of_check,) = told_by_check
        for reason in {reason for where, reason in expected.values() if where == state}:
            assert reason in of_check["message"]
        assert f"audit --state {state}" in of_check["mend"]
    return found


def sentences(told: list[Json], state: str) -> list[Json]:
    return [each for each in told if f"servers are {state} (" in each["message"]]


def test_why_servers_do_not_run_is_told_by_every_voice(down: Down) -> None:
    states = [state for state, _ in EXPECTED.values()]
    counts = {
        "all": len(EXPECTED) + 1,
        "current": 1,
        **{each: states.count(each) for each in set(states)},
    }
    words = {cause_id(each): each for each in CAUSES}
    by_event = sorted((name, words[reason]) for name, (_, reason) in EXPECTED.items())

    def of_condition() -> bool:
        found = down.condition()
        said = str(found.get("message"))
        assert (found.get("status"), found.get("reason")) == ("False", "NotRunning")
        assert [reason for _, reason in EXPECTED.values() if reason not in said] == []
        return True

    def of_events() -> bool:
        assert [each[:2] for each in down.told_by_events()] == by_event
        return True

    def of_metric() -> bool:
        assert down.counted() == counts
        return True

    down.within("metric", of_metric)
    down.within("Events", of_events)
    down.within("condition", of_condition)
    down.within("commands", lambda: is_told_by_commands(down, EXPECTED | OF_OTHERS))
    found = down.cluster.get(PATH)["status"]["servers"]
    assert found["total"] == counts["all"]
    assert set(STATES) > set(states)


def test_a_gate_that_nobody_opens_is_told_with_the_controller_that_is_away(down: Down) -> None:
    before, events = down.condition(), down.told_by_events()
    down.controllers(0)
    down.release.wait_for("end", lambda: not down.release.component("control"))
    down.deploy(down.cluster.namespace("gated"), server("gated"))

    def told() -> dict[str, Ended]:
        return is_told_by_commands(down, EXPECTED | OF_OTHERS | GATED)

    found = down.within("commands", told)
    screen = json.loads(found["status"].out)
    assert found["check"].verdicts("fault") == {"control", "control-leader", "servers"}
    assert screen["leaders"]["control"] is None
    assert screen["enforcing"]["enforcing"] == "unknown"

    down.controllers(2)
    down.release.rolled_out()
    down.release.wait_for("counts", lambda: down.counted().get("current") == 2)
    down.within("condition", lambda: down.condition().get("status") == "False")
    kept = ("status", "reason", "observedGeneration")
    assert {key: down.condition()[key] for key in kept} == {key: before[key] for key in kept}
    # It had waited for longer than a moment when somebody led again.
    news = [each[:2] for each in down.told_by_events() if each not in events]
    assert news == [("gated", "SchedulingGated")]


def test_what_is_mended_is_told_no_more_and_nothing_is_told_again(down: Down) -> None:
    events, transition = down.told_by_events(), down.condition()["lastTransitionTime"]
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "nowhere"}}

    down.deploy(down.team, {**secret, "stringData": {"key": "value"}})

    def mended() -> bool:
        assert down.counted() == {"all": 12, "current": 4, INCOMPLETE: 3, NOT_RUNNING: 5}
        assert "config-missing" not in down.condition()["message"]
        return True

    down.release.wait_for("counts of what is mended", mended)
    assert down.told_by_events() == events
    assert down.condition()["lastTransitionTime"] == transition
