"""Servers roll to the current settings one after another, and nothing else is touched."""

import json
import signal
import subprocess
from typing import Any

import pytest

from tests import builders
from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import NAME, deployed
from tests.e2e.fleet.commands import FIELD, MORE_MEMORY, Fleet, reasons
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Product

CHANGE = f"{FIELD} is 400Mi and would be 800Mi"
PRIVILEGED = [builders.container(securityContext={"privileged": True})]


def memory(namespace: Namespace, name: str = NAME) -> Any:
    """What new pods of the server are given."""
    annotations = namespace.deployment(name)["spec"]["template"]["metadata"]["annotations"]
    remembered = json.loads(annotations["mcp-admission.dev/injected"])
    return remembered["pods"]["resources"]["requests"]["memory"]


def version(namespace: Namespace, name: str) -> str:
    """Of what is asked for: what the Deployment's controller writes changes it as well."""
    return str(namespace.deployment(name)["metadata"]["generation"])


def servers(namespace: Namespace, **replicas: int) -> None:
    for name, count in replicas.items():
        found = builders.server(name, replicas=count)
        found["spec"]["progressDeadlineSeconds"] = 3
        namespace.create(found)
        assert namespace.replica_sets(name)


def test_apply_rolls_a_server_and_the_audit_is_clean_then(product: Product, fleet: Fleet) -> None:
    namespace, cluster = fleet.namespace, product.cluster
    scope = ("--namespace", namespace.name)
    with Control(product, *scope, name="for-apply", settings=MORE_MEMORY) as control:
        cluster.wait_for("leader", control.leads)
        (before,) = deployed(namespace)
        with product.settings(MORE_MEMORY):
            assert fleet.audit(MORE_MEMORY)[0] == 1
            ended = fleet.apply(NAME, settings=MORE_MEMORY)
            (after,) = namespace.pods(NAME)
            assert fleet.audit(MORE_MEMORY)[0] == 0
            again = fleet.apply("--all", settings=MORE_MEMORY)

    assert ended.code == 0, ended
    assert ended.out.splitlines()[-1] == "1 rolled"
    assert f"Deployment {namespace.name}/{NAME} rolled: 1 of 1 pods are new" in ended.out
    assert f"[1/1] Deployment {namespace.name}/{NAME}: " in ended.err
    assert (memory(namespace), before["metadata"]["uid"] != after["metadata"]["uid"]) == (
        "800Mi",
        True,
    )
    assert after["status"]["phase"] == "Running"
    assert (again.code, again.out) == (0, "1 current\n")


def test_where_pods_alone_are_filled_in_apply_rolls_for_them(
    product: Product, fleet: Fleet
) -> None:
    """Its only field in the template is the one that rolls it, as `kubectl` would write one."""
    namespace = fleet.namespace
    by_pods = {"fillIn": "pods"}
    written = builders.server(NAME, replicas=1)
    written["spec"]["template"]["metadata"]["labels"]["mcp-admission.dev/server"] = "true"
    with product.settings(by_pods):
        namespace.apply(written)
        (before,) = namespace.wait_until_rolled_out(NAME)
        template = namespace.deployment(NAME)["spec"]["template"]
    changed, scope = by_pods | MORE_MEMORY, ("--namespace", namespace.name)
    with product.settings(changed), Control(product, *scope, name="by-pods", settings=changed):
        _, report = fleet.audit(changed)
        assert "out-of-date" in reasons(report)["Deployment", NAME][1]
        ended = fleet.apply(NAME, settings=changed)
        again = fleet.apply("--all", settings=changed)
        (after,) = namespace.pods(NAME)

    assert (ended.code, ended.out.splitlines()[-1]) == (0, "1 rolled"), ended
    assert (again.code, again.out) == (0, "1 current\n")
    requests = [
        each["spec"]["containers"][0]["resources"]["requests"]["memory"] for each in (before, after)
    ]
    assert requests == ["400Mi", "800Mi"]
    rolled = namespace.deployment(NAME)["spec"]["template"]
    assert rolled["spec"] == template["spec"]


def test_a_dry_run_of_apply_prints_the_fields_and_changes_nothing(
    product: Product, fleet: Fleet
) -> None:
    namespace = fleet.namespace
    servers(namespace, crm=0)
    before = namespace.deployment("crm")
    with product.settings(MORE_MEMORY):
        ended = fleet.apply("crm", "--dry-run", settings=MORE_MEMORY)

    assert ended.code == 0
    assert ended.out.splitlines() == [
        f"Deployment {namespace.name}/crm would roll (not done: --dry-run): {CHANGE}",
        "1 would-roll",
    ]
    assert namespace.deployment("crm") == before


def test_apply_touches_nothing_that_the_webhook_would_not_change(fleet: Fleet) -> None:
    namespace = fleet.namespace
    servers(namespace, crm=0, other=0)
    before = namespace.deployment("crm")
    ended = fleet.apply("--all", settings=MORE_MEMORY)

    assert ended.code == 1
    assert "crm failed: the API server would store it as it is" in ended.out
    assert ended.out.splitlines()[-1] == "1 failed, 1 not-touched"
    assert namespace.deployment("crm") == before


def test_apply_reports_a_refused_or_paused_server_and_does_not_touch_it(
    product: Product, fleet: Fleet
) -> None:
    namespace = fleet.namespace
    with product.uninstalled():
        namespace.create(builders.server("a-refused", replicas=0, containers=PRIVILEGED))
        paused = builders.server("b-paused", replicas=0)
        paused["spec"]["paused"] = True
        namespace.create(paused)
        namespace.create(builders.server("c-fine", replicas=0))
    names = ("a-refused", "b-paused")
    before = [version(namespace, name) for name in names]
    ended = fleet.apply("--all")

    assert ended.code == 1
    assert ended.out.splitlines()[-1] == "1 rolled, 1 refused, 1 paused"
    assert "containers[mcp].securityContext.privileged" in ended.out
    assert "(privileged)" in ended.out
    assert [version(namespace, name) for name in names] == before
    assert memory(namespace, "c-fine") == "400Mi"


@pytest.mark.parametrize("keeps_going", [False, True])
def test_a_stuck_rollout_ends_apply_unless_an_option_says_otherwise(
    product: Product, fleet: Fleet, keeps_going: bool
) -> None:
    """Nobody takes the gate from the pods of the first: no controller runs."""
    namespace = fleet.namespace
    servers(namespace, a=1, b=0)
    options = ["--no-rollback", *(["--keep-going"] if keeps_going else [])]
    with product.settings(MORE_MEMORY):
        ended = fleet.apply("a", "b", *options, settings=MORE_MEMORY)

    assert ended.code == 1
    assert f"{namespace.name}/a failed: no progress for 3 s: Scheduling is blocked" in ended.out
    assert builders.GATE in ended.out
    last = "1 rolled, 1 failed" if keeps_going else "1 failed, 1 not-touched"
    assert ended.out.splitlines()[-1] == last
    assert memory(namespace, "a") == "800Mi"
    assert memory(namespace, "b") == ("800Mi" if keeps_going else "400Mi")


@pytest.mark.parametrize("happens", ["deleted", "interrupted"])
def test_apply_ends_well_whatever_happens_to_the_server_during_the_rollout(
    product: Product, fleet: Fleet, happens: str
) -> None:
    namespace = fleet.namespace
    servers(namespace, a=1, b=0)
    patience = {"spec": {"progressDeadlineSeconds": 600}}
    assert namespace.raw("PATCH", "deployments/a", patience, MERGE_PATCH).status == 200
    with product.settings(MORE_MEMORY):
        command = fleet.command("apply", "a", "b", settings=MORE_MEMORY)
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as running:
            product.cluster.wait_for("rollout", lambda: memory(namespace, "a") == "800Mi")
            if happens == "deleted":
                assert namespace.raw("DELETE", "deployments/a").status == 200
            else:
                running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=30)

    assert "Traceback" not in err
    if happens == "deleted":
        assert running.returncode == 0
        assert f"Deployment {namespace.name}/a is gone\n" in out
        assert out.splitlines()[-1] == "1 rolled, 1 gone"
    else:
        assert running.returncode == 1
        assert f"Deployment {namespace.name}/a continues rolling by itself" in out
        assert out.splitlines()[-1] == "1 interrupted, 1 not-touched"
        assert memory(namespace, "b") == "400Mi"


def test_apply_of_a_name_that_is_no_server_touches_nothing(fleet: Fleet) -> None:
    namespace = fleet.namespace
    namespace.create(builders.server("no-server", labels=builders.NOT_LABELLED, replicas=0))
    ended = fleet.apply("no-server", "is-not-there")

    assert (ended.code, ended.out) == (2, "")
    assert f"Deployment {namespace.name}/no-server is no MCP server" in ended.err
    assert f"Deployment {namespace.name}/is-not-there does not exist" in ended.err


def test_a_refusal_of_apply_by_somebody_else_is_a_failure_with_its_words(
    product: Product, fleet: Fleet
) -> None:
    namespace, cluster = fleet.namespace, product.cluster
    servers(namespace, crm=0)
    viewer = cluster.user(f"only-viewer-of-{namespace.name}")
    namespace.kubectl("create", "rolebinding", "v", "--clusterrole=view", f"--user={viewer.name}")
    cluster.wait_for(
        "rights of the viewer",
        lambda: namespace.raw("GET", "deployments", as_user=viewer).status == 200,
    )
    with product.settings(MORE_MEMORY):
        ended = Fleet(namespace, fleet.folder, viewer).apply("crm", settings=MORE_MEMORY)

    assert ended.code == 1
    assert (
        f"crm failed: PATCH /apis/apps/v1/namespaces/{namespace.name}/deployments/crm" in ended.out
    )
    assert "cannot patch resource" in ended.out
