"""What is wrong with an installation is told within seconds, and mended by what `check` prints.

The condition, the metric, the Event, `check` and `status` tell it of one release, which is broken
in one way after the other.
"""

import base64
import copy
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certs.authority import Pair, issue_leaf
from tests import builders
from tests.release.checked import Ended, check, mended, run, status, told_by_both
from tests.release.watched import PATH, SECONDS, Watched
from tools.chart.helm import NAMESPACE
from tools.release.release import CONFIGURATIONS, Release
from webhook.settings.load import GROUP, KIND, NAME, VERSION

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/mcp-admission-tls"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
SERVE, CONTROL, CERTIFICATES = (
    f"mcp-admission-{name}" for name in ("serve", "control", "certificates")
)
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
MUTATING, VALIDATING = CONFIGURATIONS
CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
WRITES = ("create", "update", "patch", "delete")
# The test's node runs no network plugin, and what runs there is reached from here.
KNOWN_NOTES = {"network-plugin"}


@pytest.fixture(scope="module")
def installed(release: Release) -> Iterator[Release]:
    """Checked before, installed, and waited for by `check`."""
    before = check(release)
    assert json.loads(before.out)["stage"] == "before"
    assert (before.code, before.verdicts("fault", "unknown")) == (0, set())
    assert before.verdicts("note") == KNOWN_NOTES

    release.install()
    after = check(release, "--wait", "240")
    assert (after.code, after.verdicts("fault", "unknown", "note")) == (0, set()), after
    yield release
    release.uninstall()


def test_a_healthy_installation_needs_nobody(installed: Release) -> None:
    code, found = status(installed)
    screen = run(installed, "status")

    assert (code, found["needs"]) == (0, [])
    assert found["enforcing"]["enforcing"] == "yes"
    assert [each["ready"] for each in found["replicas"]] == [True, True]
    assert {each["digest"] for each in found["replicas"]} == {found["settings"]["digest"]}
    assert None not in {*found["certificates"].values(), *found["leaders"].values()}
    assert screen.out.startswith("enforcing      yes since ")
    assert screen.out.endswith("nothing needs a person\n")


def scale(release: Release, deployment: str, replicas: int) -> None:
    words = ("scale", f"deployment/{deployment}", f"--replicas={replicas}")
    release.cluster.kubectl(*words, "--namespace", NAMESPACE)


def test_what_a_controller_that_is_away_has_said_is_unknown(installed: Release) -> None:
    scale(installed, CONTROL, 0)
    installed.wait_for("end", lambda: not installed.component("control"))

    broken = check(installed)
    code, found = status(installed)

    assert broken.code == code == 1
    assert broken.verdicts("fault") == {"control", "control-leader"}
    assert broken.verdicts("unknown") == {"enforcing", "replicas"}
    assert found["enforcing"]["enforcing"] == "unknown"
    assert found["leaders"]["control"] is None
    assert mended(installed, broken.mend("control")).code == 0


def test_a_certificate_that_is_about_to_end_is_replaced_by_the_command(
    installed: Release, tmp_path: Path
) -> None:
    authority = secret(installed, "mcp-admission-ca")
    pair = Pair.from_pem(authority["ca.crt"], authority["ca.key"])
    now, names = datetime.now(UTC).replace(microsecond=0), [f"mcp-admission.{NAMESPACE}.svc"]
    old = issue_leaf(pair, names, now - timedelta(days=80), timedelta(days=90))
    new = issue_leaf(pair, names, now, timedelta(days=90))
    issued_by_others(installed)
    for file, content in {"tls.crt": new.certificate_pem, "tls.key": new.key_pem}.items():
        (tmp_path / file).write_bytes(content)
    stored = {"tls.crt": old.certificate_pem, "tls.key": old.key_pem}
    data = {file: base64.b64encode(content).decode() for file, content in stored.items()}
    assert installed.cluster.raw("PATCH", SECRET, {"data": data}, MERGE).status == 200

    def told() -> Ended | None:
        found = check(installed)
        (told, *_) = found.checks["certificates"]["told"]
        return found if "was not renewed" in told["message"] else None

    broken = installed.wait_for("fault", told, 60)
    code, found = status(installed)

    assert broken is not None
    assert broken.code == code == 1
    ends = f"{now + timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}"
    assert found["certificates"]["certificate_ends"] == ends
    assert mended(installed, broken.mend("certificates"), tmp_path).code == 0
    issued_by_others(installed, "own")
    assert check(installed, "--wait", "150").code == 0


def secret(release: Release, name: str) -> dict[str, bytes]:
    found = release.cluster.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/{name}")["data"]
    return {key: base64.b64decode(value) for key, value in found.items()}


def issued_by_others(release: Release, mode: str = "bring-your-own") -> None:
    """Let the process of the certificates look on, as if somebody else issued them."""
    path = f"{DEPLOYMENTS}/{CERTIFICATES}"
    (container,) = release.cluster.get(path)["spec"]["template"]["spec"]["containers"]
    args = [f"--mode={mode}" if word.startswith("--mode=") else word for word in container["args"]]
    where = "/spec/template/spec/containers/0/args"
    change = [{"op": "replace", "path": where, "value": args}]
    answer = release.cluster.raw("PATCH", path, change, JSON_PATCH)
    assert answer.status == 200, answer.body
    release.rolled_out()


def test_whoever_may_not_read_learns_that_it_is_not_known(installed: Release) -> None:
    ended = run(installed, "check", "--as", "nobody-here", "-o", "json")

    assert ended.code == 2
    assert ended.verdicts("ok", "fault") == set()


@pytest.fixture(scope="module")
def watched(installed: Release) -> Iterator[Watched]:
    """The same with the settings resource; it has a namespace of each scope."""
    named = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": {"name": NAME}}
    installed.cluster.kubectl("apply", "-f", "-", sent={**named, "spec": {"onConflict": "deny"}})
    found = Watched(installed)
    installed.wait_for("Enforcing", lambda: found.enforcing() == {"opted-in": 1, "managed": 1})
    for name in ("Enforcing", "Distributed"):
        installed.wait_for(name, lambda name=name: found.status(name) == "True")  # type: ignore[misc]
    yield found
    installed.cluster.raw("DELETE", PATH)


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


def test_deleted_registrations_are_told_and_put_back_by_the_command(watched: Watched) -> None:
    with watched.told("RegistrationMissing") as events:
        for path in CONFIGURATIONS:
            assert watched.cluster.raw("DELETE", path).status == 200
        found = watched.wait_for("RegistrationMissing", events)
        assert "MutatingWebhookConfiguration mcp-admission is not there" in found["message"]
        assert "helm upgrade" in found["message"]
        broken, said = told_by_both(watched.release)
        assert broken.verdicts("fault") == {"registrations", "enforcing"}
        assert said["enforcing"]["reason"] == "RegistrationMissing"
        assert said["needs"][0]["mend"] == broken.mend("registrations")
        assert mended(watched.release, broken.mend("registrations")).code == 0


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
def test_an_altered_registration_is_told_by_its_fields_and_put_back(
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
    broken, said = told_by_both(watched.release)
    assert "RegistrationAltered" in broken.checks["enforcing"]["told"][0]["message"]
    assert said["enforcing"]["reason"] == "RegistrationAltered"
    assert mended(watched.release, broken.mend("enforcing")).code == 0
    assert watched.cluster.get(VALIDATING)["webhooks"] == webhooks
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
    scale(watched.release, CERTIFICATES, 0)
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
        is_told_as(watched, "WrongCA")
        for path, webhooks in zip(CONFIGURATIONS, stored, strict=True):
            patched(watched, path, {"webhooks": webhooks})
    scale(watched.release, CERTIFICATES, 2)
    watched.release.rolled_out()


def is_told_as(watched: Watched, reason: str) -> Ended:
    """`check` and `status` say of the enforcement what the condition says."""
    broken, said = told_by_both(watched.release)
    assert broken.checks["enforcing"]["verdict"] == "fault"
    assert f"({reason})" in broken.checks["enforcing"]["told"][0]["message"]
    assert said["enforcing"]["reason"] == reason
    return broken


def is_distributed_to_nobody(watched: Watched) -> bool:
    found = watched.conditions()["Distributed"]
    return (found["status"], found["reason"]) == ("False", "NoReplicas")


def test_without_a_replica_both_conditions_say_so(watched: Watched) -> None:
    with watched.told("NoReplica") as events:
        scale(watched.release, SERVE, 0)
        watched.wait_for("NoReplica", events)
        watched.release.wait_for("NoReplicas", lambda: is_distributed_to_nobody(watched), SECONDS)
        broken, said = told_by_both(watched.release)
        assert {"serve", "endpoints", "enforcing"} <= broken.verdicts("fault")
        assert said["enforcing"]["reason"] == "NoReplica"
        assert said["replicas"] == []
        assert mended(watched.release, broken.mend("serve")).code == 0


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
        is_told_as(watched, "Unreachable")


def test_a_service_that_accepts_and_never_answers_is_told(watched: Watched) -> None:
    """The API server waits for its timeout of a webhook, five seconds, before it says so."""
    way = watched.release.kubelet.services.between(NAMESPACE, "mcp-admission", 443)

    def probed() -> float:
        return max(value for _, value in watched.samples("enforcing_timestamp_seconds"))

    # One that hangs right after a probe would be told after 20 seconds, and not within them; so
    # would one that hangs right before one, which still succeeds.
    watched.release.wait_for("time since a probe", lambda: 3 < time.time() - probed() < 10)
    with watched.told("Unreachable") as events, way.hanging():
        found = watched.wait_for("Unreachable", events)
        assert "failed calling webhook" in found["message"]
        assert "deadline exceeded" in found["message"]
        is_told_as(watched, "Unreachable")


def test_replicas_with_other_settings_are_told(watched: Watched) -> None:
    """They read another ConfigMap than the one that the controller writes."""
    cluster = watched.cluster
    other = {"settings.yaml": "onConflict: warn\n", "accepted.yaml": ""}
    folder = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
    cluster.create(folder, {"metadata": {"name": "other-settings"}, "data": other})
    before = cluster.get(f"{DEPLOYMENTS}/{SERVE}")["spec"]["template"]["spec"]["volumes"]
    changed = json.loads(json.dumps(before).replace('"mcp-admission-settings"', '"other-settings"'))
    assert changed != before

    def volumes(found: list[Json]) -> None:
        path = "/spec/template/spec/volumes"
        patched(
            watched, f"{DEPLOYMENTS}/{SERVE}", [{"op": "replace", "path": path, "value": found}]
        )
        watched.release.rolled_out()

    with watched.told("OtherSettings") as events:
        volumes(changed)
        found = watched.wait_for("OtherSettings", events)
        assert "mcp-admission-serve-" in found["message"]
        is_told_as(watched, "OtherSettings")
        volumes(before)
    cluster.raw("DELETE", f"{folder}/other-settings")
