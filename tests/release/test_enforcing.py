"""What keeps pods from being reviewed is told within seconds: by condition, metric and Event."""

import base64
import contextlib
import copy
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import builders
from tools.chart.helm import NAMESPACE
from tools.cluster.ports import LOOPBACK
from tools.demo.serving import ask
from tools.release.release import CONFIGURATIONS, Release
from webhook.settings.load import GROUP, KIND, NAME, PLURAL, VERSION

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
SECONDS = 20.0
PATH = f"/apis/{GROUP}/{VERSION}/{PLURAL}/{NAME}"
EVENTS = f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events"
SERVE = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/mcp-admission-serve"
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
MUTATING, VALIDATING = CONFIGURATIONS
CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
WRITES = ("create", "update", "patch", "delete")


class Watched:
    """A release whose condition, metrics and Events are looked at."""

    def __init__(self, release: Release) -> None:
        self.release, self.cluster = release, release.cluster

    def conditions(self) -> dict[str, Json]:
        """Those of the generation that is there."""
        found = self.cluster.get(PATH)
        generation = found["metadata"]["generation"]
        told = (found.get("status") or {}).get("conditions") or []
        return {each["type"]: each for each in told if each["observedGeneration"] == generation}

    def status(self, name: str) -> str:
        return str(self.conditions().get(name, {}).get("status"))

    def samples(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Those of the leading controller."""
        found: list[tuple[dict[str, str], float]] = []
        for pod in self.release.component("control"):
            for container in self.release.kubelet.containers(pod):
                text = ask(f"{LOOPBACK}:{container.ports[8080]}", "/metrics")
                for family in text_string_to_metric_families(text):
                    found += [
                        (sample.labels, sample.value)
                        for sample in family.samples
                        if sample.name == f"mcp_admission_{name}"
                    ]
        return found

    def enforcing(self) -> dict[str, float]:
        """The gauge by its scope."""
        return {labels["scope"]: value for labels, value in self.samples("enforcing")}

    def events(self) -> list[tuple[str, str]]:
        """Reason and note of what was told of the probe."""
        found = self.cluster.get(EVENTS)["items"]
        ours = [
            each for each in found if each.get("reportingController") == "mcp-admission.dev/control"
        ]
        return [(each["reason"], each["note"]) for each in ours]

    def number(self, reason: str) -> int:
        return sum(found == reason for found, _ in self.events())

    def wait_for(self, reason: str, events: int) -> Json:
        """Wait for the condition, the metric and the Event; returns the condition."""
        began = time.monotonic()
        status = "True" if reason == "Enforcing" else "False"
        value = 1.0 if reason == "Enforcing" else 0.0

        def told() -> Json:
            found = self.conditions().get("Enforcing", {})
            same = (found.get("status"), found.get("reason")) == (status, reason)
            there = same and set(self.enforcing().values()) == {value}
            return found if there and self.number(reason) == events else {}

        try:
            return self.release.wait_for(reason, told, SECONDS)
        finally:
            print(f"{reason} after {time.monotonic() - began:.1f} s")

    @contextlib.contextmanager
    def told(self, reason: str) -> Iterator[int]:
        """What the block brings about is told as this, once, and that it is over at its end.

        Yields how many Events say so once it is told.
        """
        before, right = self.number(reason), self.number("Enforcing")
        yield before + 1
        self.wait_for("Enforcing", right + 1)
        assert self.number(reason) == before + 1, self.events()


@pytest.fixture(scope="module")
def watched(release: Release) -> Iterator[Watched]:
    """A release with the settings resource, and a namespace of each scope."""
    release.install("--wait", "--timeout", "4m")
    named = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": {"name": NAME}}
    release.cluster.kubectl("apply", "-f", "-", sent={**named, "spec": {"onConflict": "deny"}})
    found = Watched(release)
    release.wait_for("Enforcing", lambda: found.enforcing() == {"opted-in": 1, "managed": 1})
    for name in ("Enforcing", "Distributed"):
        release.wait_for(name, lambda name=name: found.status(name) == "True")  # type: ignore[misc]
    yield found
    release.cluster.raw("DELETE", PATH)
    release.uninstall()


def kept(found: Json) -> Json:
    """An object as it can be created again."""
    copied = copy.deepcopy(found)
    for key in ("resourceVersion", "uid", "creationTimestamp", "managedFields", "generation"):
        copied["metadata"].pop(key, None)
    return copied


def patched(watched: Watched, path: str, body: Any) -> None:
    kind = JSON_PATCH if isinstance(body, list) else MERGE
    answer = watched.cluster.raw("PATCH", path, body, kind)
    assert answer.status == 200, answer.body


def test_both_scopes_are_asked_and_a_quiet_cluster_writes_nothing(watched: Watched) -> None:
    def writes() -> float:
        """Writes of the controllers but for the Lease and the dry runs of the probe."""
        return sum(
            value
            for labels, value in watched.samples("api_requests_total")
            if labels["verb"] in WRITES and labels["resource"] not in {"leases", "pods"}
        )

    def probed() -> float:
        return max(value for _, value in watched.samples("enforcing_timestamp_seconds"))

    message = watched.conditions()["Enforcing"]["message"]
    assert "opted-in: a pod was filled in and another one refused in namespace default" in message
    assert "managed: a pod was filled in and another one refused" in message
    assert "the webhook configurations are as they were installed" in message
    before, events, stored = writes(), watched.events(), watched.cluster.get(PATH)
    began = probed()

    watched.release.wait_for("two more probes", lambda: probed() > began + 20, 60)

    assert writes() == before
    assert watched.events() == events
    assert watched.cluster.get(PATH) == stored
    assert watched.cluster.get("/api/v1/namespaces/default/pods")["items"] == []


def test_deleted_registrations_are_told(watched: Watched) -> None:
    stored = [watched.cluster.get(path) for path in CONFIGURATIONS]
    with watched.told("RegistrationMissing") as events:
        for path in CONFIGURATIONS:
            watched.cluster.raw("DELETE", path)
        found = watched.wait_for("RegistrationMissing", events)
        assert "MutatingWebhookConfiguration mcp-admission is not there" in found["message"]
        assert "helm upgrade" in found["message"]
        for each in stored:
            folder = f"/apis/{each['apiVersion']}/{each['kind'].lower()}s"
            watched.cluster.create(folder, kept(each))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ([{"op": "remove", "path": "/webhooks/1/rules/0"}], "another rules"),
        (
            [{"op": "replace", "path": "/webhooks/1/failurePolicy", "value": "Ignore"}],
            "another failurePolicy",
        ),
    ],
    ids=["a rule removed", "failurePolicy Ignore"],
)
def test_an_altered_registration_is_told_by_its_fields(
    watched: Watched, change: Any, words: str
) -> None:
    webhooks = watched.cluster.get(VALIDATING)["webhooks"]
    right = watched.number("Enforcing")
    before = watched.number("RegistrationAltered")

    patched(watched, VALIDATING, change)
    found = watched.release.wait_for(
        "RegistrationAltered", lambda: _with_reason(watched, "RegistrationAltered"), SECONDS
    )

    assert words in found["message"]
    assert "opted-in.mcp-admission.dev" in found["message"]
    # The other scope is as it was.
    assert watched.enforcing() == {"opted-in": 0, "managed": 1}
    patched(watched, VALIDATING, {"webhooks": webhooks})
    watched.wait_for("Enforcing", right + 1)
    assert watched.number("RegistrationAltered") == before + 1


def _with_reason(watched: Watched, reason: str) -> Json:
    found = watched.conditions().get("Enforcing", {})
    return found if found.get("reason") == reason else {}


def test_a_new_leader_tells_nothing_again(watched: Watched) -> None:
    before, events = watched.cluster.get(PATH)["status"], watched.events()
    old = {pod["metadata"]["name"] for pod in watched.release.component("control")}
    restart = ("rollout", "restart", "--namespace", NAMESPACE, "deployment/mcp-admission-control")

    watched.cluster.kubectl(*restart)
    watched.release.rolled_out()

    def probed() -> bool:
        new = {pod["metadata"]["name"] for pod in watched.release.component("control")}
        return not new & old and watched.enforcing() == {"opted-in": 1, "managed": 1}

    watched.release.wait_for("probe of the new leader", probed)
    assert watched.cluster.get(PATH)["status"] == before
    assert watched.events() == events


def test_an_authority_that_is_not_the_webhooks_is_told_as_such(watched: Watched) -> None:
    """The process of the certificates would put it back at once: it is away."""
    cluster = watched.cluster
    stored = [cluster.get(path)["webhooks"] for path in CONFIGURATIONS]
    scale = ("scale", "--namespace", NAMESPACE, "deployment/mcp-admission-certificates")
    cluster.kubectl(*scale, "--replicas=0")
    watched.release.wait_for("end", lambda: not watched.release.component("certificates"))
    other = cluster.components.places.authority.certificate.read_bytes()
    with watched.told("WrongCA") as events:
        for path, webhooks in zip(CONFIGURATIONS, stored, strict=True):
            changed = copy.deepcopy(webhooks)
            for each in changed:
                each["clientConfig"]["caBundle"] = base64.b64encode(other).decode()
            patched(watched, path, {"webhooks": changed})
        found = watched.wait_for("WrongCA", events)
        assert "x509" in found["message"]
        assert "mcp-admission certs status" in found["message"]
        for path, webhooks in zip(CONFIGURATIONS, stored, strict=True):
            patched(watched, path, {"webhooks": webhooks})
    cluster.kubectl(*scale, "--replicas=2")
    watched.release.rolled_out()


def test_without_a_replica_both_conditions_say_so(watched: Watched) -> None:
    scale = ("scale", "--namespace", NAMESPACE, "deployment/mcp-admission-serve")
    with watched.told("NoReplica") as events:
        watched.cluster.kubectl(*scale, "--replicas=0")
        watched.wait_for("NoReplica", events)
        distributed = watched.conditions()["Distributed"]
        assert (distributed["status"], distributed["reason"]) == ("False", "NoReplicas")
        watched.cluster.kubectl(*scale, "--replicas=2")
        watched.release.rolled_out()


def test_a_runtime_class_that_is_not_there_is_told_until_it_is(watched: Watched) -> None:
    """At the settings by a condition, and to whoever applies a server."""
    cluster = watched.cluster
    namespace = cluster.namespace("classes")

    def condition() -> tuple[str, str]:
        found = watched.conditions().get("RuntimeClassExists", {})
        return str(found.get("status")), str(found.get("reason"))

    def warned(name: str = "gvisor") -> bool:
        """Whether an apply of a server says so; its template is the same each time but for this."""
        sent = builders.server("tools", replicas=0)
        if name != "gvisor":
            sent["spec"]["template"]["spec"]["runtimeClassName"] = name
        said = cluster.kubectl(
            *("apply", "--dry-run=server", "--namespace", namespace, "--filename", "-"), sent=sent
        ).stderr
        return f'Warning: runtimeClassName: RuntimeClass "{name}" not found: ' in said

    def within(what: str, told: Callable[[], bool]) -> None:
        began = time.monotonic()
        watched.release.wait_for(what, told, SECONDS)
        print(f"{what} after {time.monotonic() - began:.1f} s")

    assert not warned()
    within("warning of an author's class", lambda: warned("kata"))
    defaults = {"mcpServerDefaults": {"runtimeClassName": "gvisor"}}
    patched(watched, PATH, {"spec": defaults})
    within("condition", lambda: condition() == ("False", "NotFound"))
    within("distributed", lambda: watched.status("Distributed") == "True")
    within("warning of the settings' class", warned)

    cluster.create(CLASSES, {"metadata": {"name": "gvisor"}, "handler": "gvisor"})
    within("condition of the class", lambda: condition() == ("True", "Found"))
    within("end of the warning", lambda: not warned())

    patched(watched, PATH, {"spec": {"mcpServerDefaults": None}})
    within("end of the condition", lambda: condition() == ("None", "None"))
    within("distributed again", lambda: watched.status("Distributed") == "True")
    cluster.raw("DELETE", f"{CLASSES}/gvisor")
    within("pods without a class", lambda: watched.status("Enforcing") == "True")


def test_a_service_that_leads_nowhere_is_told_while_replicas_are_ready(watched: Watched) -> None:
    way = watched.release.kubelet.services.between(NAMESPACE, "mcp-admission", 443)
    with watched.told("Unreachable") as events, way.cut():
        found = watched.wait_for("Unreachable", events)
        assert "network policies" in found["message"]
        assert "failed calling webhook" in found["message"]


def test_replicas_with_other_settings_are_told(watched: Watched) -> None:
    """They read another ConfigMap than the one that the controller writes."""
    cluster = watched.cluster
    other = {"settings.yaml": "onConflict: warn\n", "accepted.yaml": ""}
    folder = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
    cluster.create(folder, {"metadata": {"name": "other-settings"}, "data": other})
    before = cluster.get(SERVE)["spec"]["template"]["spec"]["volumes"]
    changed = json.loads(json.dumps(before).replace('"mcp-admission-settings"', '"other-settings"'))
    assert changed != before

    def volumes(found: list[Json]) -> None:
        path = "/spec/template/spec/volumes"
        patched(watched, SERVE, [{"op": "replace", "path": path, "value": found}])
        watched.release.rolled_out()

    with watched.told("OtherSettings") as events:
        volumes(changed)
        found = watched.wait_for("OtherSettings", events)
        assert "mcp-admission-serve-" in found["message"]
        volumes(before)
    cluster.raw("DELETE", f"{folder}/other-settings")
