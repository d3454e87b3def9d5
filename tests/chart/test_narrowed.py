"""Values that take rights away from the controller: fewer namespaces, and no Secrets."""

import pytest
import yaml

from tests.chart.test_rendered import by_name
from tests.chart.value_sets import VALUE_SETS
from tools.chart.helm import NAMESPACE, Helm, Json


def test_an_installation_is_kept_to_the_namespaces_that_are_listed(helm: Helm) -> None:
    objects = helm.objects(VALUE_SETS["kept to namespaces"])
    kept = ["team-a", "team-b"]

    kinds = {found["kind"] for found in objects}
    assert kinds & {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"} == set()
    assert "Namespace" not in kinds
    for kind in ("Role", "RoleBinding"):
        places = {found["metadata"]["namespace"] for found in objects if found["kind"] == kind}
        assert places == {NAMESPACE, *kept}
    control = by_name(objects, "Deployment", "mcp-admission-control")
    arguments = control["spec"]["template"]["spec"]["containers"][0]["args"]
    assert [f"--namespace={each}" for each in kept] == arguments[-2:]
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        for webhook in by_name(objects, kind, "mcp-admission")["webhooks"]:
            *_, last = webhook["namespaceSelector"]["matchExpressions"]
            assert last == {
                "key": "kubernetes.io/metadata.name", "operator": "In", "values": kept,
            }  # fmt: skip
        webhooks = by_name(objects, kind, "mcp-admission")["webhooks"]
        assert any(each["name"].startswith("opted-in") for each in webhooks)


def test_the_namespace_of_the_chart_may_be_among_those_that_are_listed(helm: Helm) -> None:
    objects = helm.objects(VALUE_SETS["kept to namespaces with that of the chart"])

    namespace = by_name(objects, "Namespace", "mcp-admission-mcp")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", VALUE_SETS)
def test_copies_that_are_locked_away_leave_no_right_on_secrets_of_servers(
    helm: Helm, name: str
) -> None:
    objects = helm.objects(VALUE_SETS[name])
    bound = {
        (found["kind"], found["metadata"]["name"], rule["verbs"][0])
        for found in objects
        if found["kind"] in {"Role", "ClusterRole"} and "control" in str(role_of(found, objects))
        for rule in found["rules"]
        if "secrets" in rule["resources"]
    }
    locked = by_name(objects, "ConfigMap", "mcp-admission-locked")["data"]["settings.yaml"]
    copies = yaml.safe_load(locked).get("secrets", {}).get("copy", True)

    assert bool(bound) is copies


@pytest.mark.parametrize("name", ["kept to namespaces", "namespace-scoped"])
def test_a_narrowed_controller_may_tell_beside_itself_whether_anything_is_enforced(
    helm: Helm, name: str
) -> None:
    role = by_name(helm.objects(VALUE_SETS[name]), "Role", "mcp-admission-control")

    assert role["metadata"]["namespace"] == NAMESPACE
    told = [each for each in role["rules"] if each["resources"] == ["events"]]
    assert told == [{"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"]}]


def test_reports_are_written_in_the_listed_namespaces_alone(helm: Helm) -> None:
    values = VALUE_SETS["kept to namespaces"]
    rights = rights_to_reports(helm.objects(values))
    control = by_name(helm.objects(values), "Deployment", "mcp-admission-control")
    verbs = ["get", "list", "watch", "create", "update", "delete"]

    assert "--policy-reports" in control["spec"]["template"]["spec"]["containers"][0]["args"]
    assert rights == {
        (place, resource): verbs
        for place in ("team-a", "team-b")
        for resource in ("openreports.io/reports", "wgpolicyk8s.io/policyreports")
    }
    without = values | {"policyReports": {"enabled": False}}
    assert rights_to_reports(helm.objects(without)) == {}


def rights_to_reports(objects: list[Json]) -> dict[tuple[str, str], list[str]]:
    """The verbs that the controller has, by namespace and resource; no namespace is all."""
    return {
        (found["metadata"].get("namespace", ""), f"{rule['apiGroups'][0]}/{resource}"): rule[
            "verbs"
        ]
        for found in objects
        if found["kind"] in {"Role", "ClusterRole"} and role_of(found, objects)
        for rule in found["rules"]
        for resource in rule["resources"]
        if "reports" in resource
    }


def role_of(role: Json, objects: list[Json]) -> list[Json]:
    """The accounts that a role is bound to."""
    return [
        subject
        for found in objects
        if found["kind"] == f"{role['kind']}Binding"
        and found["roleRef"]["name"] == role["metadata"]["name"]
        for subject in found["subjects"]
        if subject["name"] == "mcp-admission-control"
    ]
