"""Whatever fails, what a server needs is there soon after."""

import pytest

from tests.e2e.controller.objects import (
    CONFIG,
    NAME,
    SERVICE,
    events,
    made,
    policies,
    secret,
    server,
)
from tests.e2e.controller_faults.conftest import Behind
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.kube.faults import Call

WANTED_SECRETS = {f"{NAME}-mcp-config", f"{NAME}-mcp-files"}
TEXT = {"Content-Type": "text/plain"}


def deploy(namespace: Namespace) -> None:
    namespace.apply(secret("crm", CONFIG))
    namespace.apply(server())


def complete(namespace: Namespace) -> bool:
    return (
        set(made(namespace, "services")) == {SERVICE}
        and set(made(namespace, "secrets")) == WANTED_SECRETS
        and set(policies(namespace)) == {"mcp-admission-baseline"}
        and [pod["status"]["phase"] for pod in namespace.pods(NAME)] == ["Running"]
    )


def converges(namespace: Namespace, seconds: float = 30) -> None:
    namespace.cluster.wait_for("everything made", lambda: complete(namespace), seconds)


def test_the_controller_resumes_watches_that_are_cut(behind: Behind, namespace: Namespace) -> None:
    before = behind.control.metric("watch_restarts_total")
    assert behind.proxy.cut_watches() >= 7
    deploy(namespace)
    converges(namespace)
    assert behind.control.metric("watch_restarts_total") >= before + 7


def test_the_controller_lists_again_after_a_version_that_is_too_old(
    behind: Behind, namespace: Namespace
) -> None:
    gone = '{"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}'

    def watches(call: Call) -> bool:
        return call.watch and call.path.endswith("/deployments")

    fault = behind.proxy.refuse(watches, 410, gone)
    behind.proxy.cut_watches()
    deploy(namespace)
    converges(namespace)
    assert fault.met == 1


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (429, "slow down", {"Retry-After": "1"}),
        (500, "<html>upstream broke</html>", TEXT),
        (503, "", TEXT),
        (409, '{"kind": "Status", "code": 409, "reason": "Conflict", "message": "x"}', {}),
    ],
    ids=["429", "500", "503", "409"],
)
def test_the_controller_retries_writes_that_are_refused_for_now(
    behind: Behind, namespace: Namespace, status: int, body: str, headers: dict[str, str]
) -> None:
    def match(call: Call) -> bool:
        return call.method != "GET" and f"/{namespace.name}/" in call.path

    fault = behind.proxy.refuse(match, status, body, 6, headers)
    deploy(namespace)
    converges(namespace)
    assert fault.met == 6
    assert behind.control.metric("reconcile_errors_total") > 0


def test_the_controller_survives_a_conflict_on_apply(behind: Behind, namespace: Namespace) -> None:
    deploy(namespace)
    converges(namespace)

    def applies(call: Call) -> bool:
        return call.method == "PATCH" and f"/{namespace.name}/services/" in call.path

    conflict = '{"kind": "Status", "code": 409, "reason": "Conflict", "message": "x"}'
    fault = behind.proxy.refuse(applies, 409, conflict, 2)
    change = {"spec": {"selector": {"app": "other"}}}
    assert namespace.raw("PATCH", f"services/{SERVICE}", change, MERGE_PATCH).status == 200

    def put_right() -> bool:
        return "app" not in namespace.get(f"services/{SERVICE}")["spec"]["selector"]

    namespace.cluster.wait_for("the selector as it was", put_right)
    assert fault.met == 2


def test_the_controller_waits_for_slow_answers(behind: Behind, namespace: Namespace) -> None:
    def match(call: Call) -> bool:
        return f"/{namespace.name}/" in call.path and not call.watch

    fault = behind.proxy.delay(match, 1.0, times=3)
    deploy(namespace)
    converges(namespace)
    assert fault.met == 3


def test_nothing_is_lost_while_the_api_server_is_away(behind: Behind, namespace: Namespace) -> None:
    """Shorter than the Lease is renewed for, so that the same process goes on."""
    proxy, control = behind.proxy, behind.control
    proxy.down = True
    try:
        proxy.cut_watches()
        deploy(namespace)
        namespace.wait_for_pods()
        assert made(namespace, "services") == {}
    finally:
        proxy.down = False
    converges(namespace, 60)
    assert control.metric("leader") == 1


def test_a_lease_that_cannot_be_renewed_ends_the_work_until_it_is_acquired_again(
    behind: Behind, namespace: Namespace
) -> None:
    proxy, control = behind.proxy, behind.control
    proxy.down = True
    try:
        proxy.cut_watches()
        deploy(namespace)
        namespace.cluster.wait_for("no leader", lambda: control.metric("leader") == 0, 30)
    finally:
        proxy.down = False
    converges(namespace, 60)
    assert control.metric("leader") == 1


def test_a_namespace_that_is_being_deleted_is_left_alone(
    behind: Behind, namespace: Namespace
) -> None:
    deploy(namespace)
    converges(namespace)
    namespace.kubectl("patch", "secret", "crm", "-p", '{"metadata":{"finalizers":["e.example/x"]}}')
    namespace.cluster.kubectl("delete", "namespace", namespace.name, "--wait=false")
    namespace.cluster.wait_for(
        "only the Secret that is held", lambda: len(namespace.get("secrets")["items"]) == 1
    )
    errors = behind.control.metric("reconcile_errors_total")
    namespace.kubectl(
        "patch", "secret", "crm", "-p", '{"metadata":{"finalizers":[]}}', "--type=merge"
    )

    def gone() -> bool:
        return namespace.cluster.raw("GET", f"/api/v1/namespaces/{namespace.name}").status == 404

    namespace.cluster.wait_for("no namespace", gone, 60)
    assert behind.control.metric("reconcile_errors_total") <= errors + 2


def test_a_quota_that_refuses_a_secret_is_told_and_stops_nothing_else(
    behind: Behind, namespace: Namespace
) -> None:
    namespace.apply(secret("crm", CONFIG))
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few"},
        "spec": {"hard": {"count/secrets": "1"}},
    }
    namespace.create(quota)
    namespace.cluster.wait_for(
        "quota in force", lambda: namespace.get("resourcequotas/few")["status"].get("used")
    )
    namespace.apply(server())
    namespace.cluster.wait_for("Event", lambda: events(namespace.cluster, namespace.name))
    (event,) = events(namespace.cluster, namespace.name)[:1]
    assert event["reason"] == "WriteForbidden"
    assert "exceeded quota: few" in event["note"]
    assert not any(value in event["note"] for value in CONFIG.values() if value)
    namespace.cluster.wait_for("Service", lambda: SERVICE in made(namespace, "services"))

    namespace.kubectl("delete", "resourcequota", "few")
    converges(namespace, 60)
