"""What a cluster is told before an installation: one line a case."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fleet.checkup.snapshots import registrations, seen
from webhook.fleet.checkup import before_installing as before
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, Snapshot, Told

Json = dict[str, Any]
Judge = Callable[[Snapshot], Iterator[Told]]
RULES = [{"apiGroups": [""], "resources": ["pods"], "operations": ["CREATE"]}]
ELSEWHERE = {"matchLabels": {"kubernetes.io/metadata.name": "other"}}
GVISOR = {"mcpServerDefaults": {"runtimeClassName": "gvisor"}}


def version(minor: str, major: str = "1") -> dict[str, tuple[Json, ...]]:
    return {"version": ({"major": major, "minor": minor, "gitVersion": f"v{major}.{minor}.0"},)}


def other(name: str = "x.example.com", **entry: Any) -> tuple[Json, ...]:
    webhook = {"name": name, "rules": RULES, **entry}
    return ({"metadata": {"name": "theirs"}, "webhooks": [webhook]},)


def groups(*names: str) -> dict[str, tuple[Json, ...]]:
    return {"api-groups": ({"groups": [{"name": name} for name in names]},)}


def running(*names: str) -> dict[str, tuple[Json, ...]]:
    return {"daemonsets": tuple({"metadata": {"name": name}} for name in names)}


def lives(**labels: str) -> tuple[Json, ...]:
    return ({"metadata": {"name": "mcp-admission-system", "labels": labels}},)


NOTHING = {"settings-file": (), "policies": (), **dict.fromkeys(registrations(), ())}


@pytest.mark.parametrize(
    ("judge", "changes", "verdict", "words"),
    [
        (before.judge_version, {}, OK, "v1.36.3 is supported"),
        (before.judge_version, version("30+"), OK, "supported"),
        (before.judge_version, version("29"), FAULT, "older than 1.30"),
        (before.judge_version, version("38"), NOTE, "the newest that was tested is 1.37"),
        (before.judge_version, version("1", "2"), UNKNOWN, "cannot be read"),
        (before.judge_version, {"version": ()}, UNKNOWN, "cannot be read"),
        (before.judge_rights, {}, OK, "you may create"),
        (
            before.judge_rights,
            {"rights": ({"group": "apps", "resource": "deployments", "allowed": False},)},
            FAULT,
            "you may not create deployments.apps",
        ),
        (before.judge_other_webhooks, {}, OK, "no other webhook"),
        (
            before.judge_other_webhooks,
            {"other-mutating": other(failurePolicy="Ignore")},
            NOTE,
            "theirs may change the pods of servers",
        ),
        (
            before.judge_other_webhooks,
            {"other-validating": other()},
            NOTE,
            "while it is away, the pods of it cannot start",
        ),
        (
            before.judge_other_webhooks,
            {"other-validating": other(namespaceSelector=ELSEWHERE)},
            OK,
            "no other webhook",
        ),
        (
            before.judge_other_webhooks,
            {"other-validating": other(rules=[{**RULES[0], "resources": ["secrets"]}])},
            OK,
            "no other webhook",
        ),
        (
            before.judge_other_webhooks,
            {"other-mutating": other("opted-in.mcp-admission.dev")},
            FAULT,
            "is of another installation",
        ),
        (before.judge_leftovers, NOTHING, OK, "nothing"),
        (before.judge_leftovers, {}, FAULT, "MutatingWebhookConfiguration mcp-admission"),
        (
            before.judge_leftovers,
            {},
            FAULT,
            "if its namespace was lost, mcp-admission check says how to bring it back",
        ),
        (
            before.judge_pod_security,
            {"release-namespace": ()},
            OK,
            "does not exist yet",
        ),
        (before.judge_pod_security, {}, OK, "enforces no level"),
        (
            before.judge_pod_security,
            {"release-namespace": lives(**{"pod-security.kubernetes.io/enforce": "restricted"})},
            OK,
            "enforces restricted, which",
        ),
        (
            before.judge_pod_security,
            {"managed-namespaces": ({"metadata": {"name": "team"}},)},
            NOTE,
            "managed namespaces without a level get restricted of Pod Security: team",
        ),
        (before.judge_network_plugin, {}, OK, "Calico is known to enforce"),
        (before.judge_network_plugin, running("kube-flannel-ds"), FAULT, "Flannel is known not"),
        (
            before.judge_network_plugin,
            running("kube-flannel-ds") | groups("cilium.io"),
            OK,
            "Cilium is known to enforce",
        ),
        (before.judge_network_plugin, running("other"), NOTE, "no network plugin is known"),
        (before.judge_runtime_classes, {}, OK, "no RuntimeClass"),
        (before.judge_cert_manager, {}, "", ""),
        (before.judge_service_monitor, {}, OK, "leave serviceMonitor.enabled false"),
        (before.judge_service_monitor, groups("monitoring.coreos.com"), OK, "can be true"),
    ],
)
def test_a_cluster_is_judged(
    judge: Judge, changes: dict[str, tuple[Json, ...]], verdict: str, words: str
) -> None:
    told = list(judge(seen(changes)))
    worst = [each for each in told if each.verdict != OK] or told

    assert [each.verdict for each in worst[:1]] == ([verdict] if verdict else [])
    assert all(words in each.message for each in worst[:1])


def test_the_runtime_class_of_a_guess_is_not_known() -> None:
    found = seen({"runtime-classes": ()}, guess="it may not be read")

    (told,) = before.judge_runtime_classes(found)

    assert told.verdict == UNKNOWN


@pytest.mark.parametrize(
    ("classes", "verdict", "words"),
    [
        (("gvisor", "kata"), OK, "RuntimeClass gvisor of the settings exists"),
        (("kata",), FAULT, "RuntimeClass gvisor, which does not exist"),
    ],
)
def test_the_runtime_class_of_the_settings_has_to_exist(
    classes: tuple[str, ...], verdict: str, words: str
) -> None:
    there = tuple({"metadata": {"name": name}} for name in classes)
    found = seen({"runtime-classes": there}, settings=GVISOR)

    (told,) = before.judge_runtime_classes(found)

    assert told.verdict == verdict
    assert words in told.message


@pytest.mark.parametrize(("served", "verdict"), [("cert-manager.io", OK), ("other.io", FAULT)])
def test_cert_manager_is_asked_for_where_it_is_to_issue_certificates(
    served: str, verdict: str
) -> None:
    (told,) = before.judge_cert_manager(seen(groups(served), certificates="cert-manager"))

    assert told.verdict == verdict


def test_a_service_monitor_needs_the_operator() -> None:
    (told,) = before.judge_service_monitor(seen(service_monitor=True))

    assert told.verdict == FAULT


def test_settings_that_isolate_nobody_need_no_network_plugin() -> None:
    off = {"mcpNamespace": {"networkPolicy": {"enabled": False}}}

    (told,) = before.judge_network_plugin(seen(running("kube-flannel-ds"), settings=off))

    assert told.verdict == NOTE


def test_another_installation_is_removed_by_its_own_names() -> None:
    service = {"clientConfig": {"service": {"name": "hook", "namespace": "old"}}}
    entry = other("managed-namespace.mcp-admission.dev", **service)

    (told, _) = before.judge_other_webhooks(seen({"other-validating": entry}))

    assert told.mend == "mcp-admission uninstall --service hook.old --configuration theirs"
