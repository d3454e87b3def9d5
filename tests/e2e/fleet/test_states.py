"""A server that does not run, or lacks a part, is told with the reason that Kubernetes has.

The pods run on nodes without containers. What a kubelet would say of one is written by the test.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests import builders
from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import PORTS, events, secret
from tests.e2e.fleet.commands import Fleet, Json, reasons
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Changes, Product
from webhook.health import CAUSES, STATES, cause_id

# Below the level of the namespace that is restricted, so that Pod Security has to refuse.
PRIVILEGED: Changes = {"mcpNamespace": {"podSecurity": {"enforce": "privileged"}}}
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
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
    "no-class": ("incomplete", "runtime-class-missing"),
    "no-config": ("incomplete", "config-missing"),
    "no-file-key": ("incomplete", "config-refused"),
    "no-env-from": ("incomplete", "secret-missing"),
    "no-key": ("incomplete", "secret-key-missing"),
    "no-node": ("not-running", "unschedulable"),
    "no-image": ("not-running", "image-not-pulled"),
    "crashing": ("not-running", "crash-loop"),
    "quota": ("not-running", "quota-exceeded"),
    "of-quota": ("not-running", "quota-exceeded"),
    "security": ("not-running", "pod-security-refused"),
    "gated": ("not-running", "scheduling-gated"),
}
"""The state of each server that is not as it should be, and the reason that is told."""
NOT_FOLLOWED = {"of-quota", "gated"}
"""A StatefulSet, and what is in a namespace that the controller is not kept to."""
SECONDS_TO_TELL = 20


class Down:
    """Namespaces with servers that do not run."""

    def __init__(self, product: Product, fleet: Fleet) -> None:
        self.fleet = fleet
        cluster = product.cluster
        quota, restricted, gated = (
            Namespace(product, cluster.namespace(name, labels))
            for name, labels in (("quota", {}), ("restricted", RESTRICTED), ("gated", {}))
        )
        self.controlled = [fleet.namespace, quota, restricted]
        self.namespaces = [*self.controlled, gated]
        hard: Any = {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
        cluster.create(quota.path("resourcequotas"), hard)
        cluster.wait_for(
            "quota in force", lambda: quota.get("resourcequotas/none")["status"].get("hard")
        )
        quota.create(builders.of_kind("StatefulSet", "of-quota"))
        for namespace, name in ((quota, "quota"), (restricted, "security"), (gated, "gated")):
            namespace.create(server(name))
        fleet.namespace.create(secret("mine", {"other": "value"}))
        for name, given in DEPLOYMENTS.items():
            fleet.namespace.create(server(name, **given))

    def say_what_kubelets_say(self) -> None:
        """Let the pods of some servers wait, once they run."""
        namespace = self.fleet.namespace
        for name, waiting in WAITING.items():
            pod = namespace.cluster.wait_for("a pod", partial(running, namespace, name))
            assert pod is not None
            container = pod["spec"]["containers"][0]
            told = {"ready": False, "restartCount": 5, "state": {"waiting": waiting}, "imageID": ""}
            status = {**{key: container[key] for key in ("name", "image")}, **told}
            body = {
                "status": {
                    "containerStatuses": [status],
                    "conditions": [{"type": "Ready", "status": "False"}],
                }
            }
            path = f"pods/{pod['metadata']['name']}/status"
            assert namespace.raw("PATCH", path, body, MERGE_PATCH).status == 200

    def audited(self) -> dict[str, tuple[str, set[str]]]:
        """State and reasons of each server, by its name."""
        found: dict[str, tuple[str, set[str]]] = {}
        for namespace in self.namespaces:
            fleet = Fleet(namespace, self.fleet.folder)
            code, report = fleet.audit(PRIVILEGED)
            assert (code, report["not_looked_at"], report["unknown"]) == (1, [], [])
            found |= {name: told for (_, name), told in reasons(report).items()}
        return found

    def told_by_events(self) -> list[tuple[str, str, str]]:
        """Deployment, reason and note of each warning of the controller."""
        return sorted(
            (each["regarding"]["name"], each["reason"], each["note"])
            for namespace in self.controlled
            for each in events(namespace.cluster, namespace.name)
            if each["regarding"]["kind"] == "Deployment" and each["type"] == "Warning"
        )


def counted(control: Control) -> dict[str, float]:
    """How many servers the controller counts of each state."""
    states = ("all", *STATES)
    return {each: count for each in states if (count := control.metric("servers", state=each))}


def server(name: str, **given: Any) -> Json:
    return builders.server(name, replicas=1, **{"container": {"ports": PORTS}, **given})


def running(namespace: Namespace, name: str) -> Json | None:
    return next((each for each in namespace.pods(name) if each["status"].get("podIP")), None)


@pytest.fixture
def down(product: Product, fleet: Fleet) -> Iterator[Down]:
    """While a controller follows all namespaces but one."""
    with product.settings(PRIVILEGED):
        yield Down(product, fleet)


def test_why_servers_do_not_run_is_told_by_audit_events_and_metrics(
    product: Product, down: Down
) -> None:
    cluster = product.cluster
    scope = [word for each in down.controlled for word in ("--namespace", each.name)]
    with Control(product, *scope, name="states", settings=PRIVILEGED) as control:
        cluster.wait_for("leader", control.leads)
        down.say_what_kubelets_say()

        def told() -> dict[str, tuple[str, str]]:
            found = down.audited()
            told = {
                name: (state, EXPECTED[name][1] if EXPECTED[name][1] in words else str(words))
                for name, (state, words) in found.items()
            }
            assert told == EXPECTED
            return told

        cluster.wait_for("audit", told)

        followed = {name: told for name, told in EXPECTED.items() if name not in NOT_FOLLOWED}
        word = {cause_id(each): each for each in CAUSES}
        reasons_of = sorted((name, word[reason]) for name, (_, reason) in followed.items())

        def told_by_events() -> bool:
            assert [each[:2] for each in down.told_by_events()] == reasons_of
            return True

        def counted_as(**expected: int) -> bool:
            assert counted(control) == {each.replace("_", "-"): expected[each] for each in expected}
            return True

        cluster.wait_for("Events", told_by_events, SECONDS_TO_TELL)
        as_they_are = partial(counted_as, all=11, current=1, incomplete=5, not_running=5)
        cluster.wait_for("counts", as_they_are, SECONDS_TO_TELL)
        before = down.told_by_events()

    with Control(product, *scope, name="again", settings=PRIVILEGED) as control:
        cluster.wait_for("leader", control.leads)
        cluster.wait_for("counts again", as_they_are)
        down.fleet.namespace.create(secret("nowhere", {"key": "value"}))
        mended = partial(counted_as, all=11, current=3, incomplete=3, not_running=5)
        cluster.wait_for("counts of what is mended", mended)
        assert down.told_by_events() == before
