"""What Helm makes of the chart: objects that every supported API server takes, for any values."""

import json
import tomllib
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.chart.value_sets import VALUE_SETS
from tests.rules.standard import violations
from tools.chart.helm import MANIFESTS, NAMESPACE, Helm, Json, is_hook
from tools.chart.made import of_panels
from webhook.cli import certs, console, control, serve, uninstall
from webhook.cli.main import _parser
from webhook.settings.environment import VARIABLES
from webhook.settings.load import parse_settings

MINORS = ("1.34", "1.37")
# Their definitions come with others' products.
NOT_OF_KUBERNETES = {"cert-manager.io/v1", "monitoring.coreos.com/v1"}
# Proven by an API server, which also runs its rules; the schemas lack it.
DEFINITIONS = {"CustomResourceDefinition"}
DASHBOARDS = {f"mcp-admission-dashboard-{path.stem}" for path in of_panels()}
SETS = pytest.mark.parametrize("values", VALUE_SETS.values(), ids=VALUE_SETS)


def pods(objects: list[Json]) -> list[Json]:
    """Every pod that comes out of these objects."""
    templates = [
        found["spec"]["template"] for found in objects if found["kind"] in {"Deployment", "Job"}
    ]
    return [*templates, *(found for found in objects if found["kind"] == "Pod")]


@cache
def valid(text: str) -> None:
    """Raises for an object that one of the minors has not; most objects are in every set."""
    for minor in MINORS:
        kubernetes_validate.validate(json.loads(text), minor, strict=True)


def by_name(objects: list[Json], kind: str, name: str) -> Json:
    return next(
        found for found in objects if (found["kind"], found["metadata"]["name"]) == (kind, name)
    )


def test_there_are_at_least_twelve_sets_of_values() -> None:
    assert len(VALUE_SETS) >= 12


@SETS
def test_every_rendered_object_is_valid_in_the_oldest_and_newest_minor(
    helm: Helm, values: Json
) -> None:
    for found in helm.objects(values):
        if found["apiVersion"] not in NOT_OF_KUBERNETES and found["kind"] not in DEFINITIONS:
            valid(json.dumps(found))


@SETS
def test_rendered_names_are_unique_and_namespaces_are_given(helm: Helm, values: Json) -> None:
    objects = [found for found in helm.objects(values) if not is_hook(found)]
    names = [
        (found["kind"], found["metadata"].get("namespace"), found["metadata"]["name"])
        for found in objects
    ]

    assert len(set(names)) == len(names)
    made_here = values.get("scope") != {"namespaces": ["team-a", "team-b"]}
    assert (objects[0]["kind"] == "Namespace") is made_here


@SETS
def test_our_own_pods_are_restricted(helm: Helm, values: Json) -> None:
    objects = helm.objects(values)

    assert len(pods(objects)) >= 3
    for pod in pods(objects):
        assert violations(pod, "restricted") == []
        for container in pod["spec"]["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
        if values.get("platform") != "openshift":
            assert pod["spec"]["securityContext"]["runAsUser"] == 65532


@SETS
def test_every_rendered_process_understands_its_arguments(helm: Helm, values: Json) -> None:
    for found in helm.objects(values):
        if found["kind"] in {"Deployment", "Job"}:
            (container,) = found["spec"]["template"]["spec"]["containers"]
            assert _parser([certs, console, control, serve, uninstall]).parse_args(
                container["args"]
            )


@SETS
def test_locked_settings_are_read_by_the_product(helm: Helm, values: Json) -> None:
    locked = by_name(helm.objects(values), "ConfigMap", "mcp-admission-locked")

    assert parse_settings(locked["data"]["settings.yaml"], "settings.yaml")


@SETS
def test_no_process_that_the_network_reaches_has_a_token(helm: Helm, values: Json) -> None:
    objects = helm.objects(values)
    serving = by_name(objects, "Deployment", "mcp-admission-serve")["spec"]["template"]["spec"]
    account = by_name(objects, "ServiceAccount", "mcp-admission-serve")

    assert (serving["automountServiceAccountToken"], account["automountServiceAccountToken"]) == (
        False,
        False,
    )
    bound = [found["subjects"] for found in objects if found["kind"].endswith("Binding")
             and "subjects" in found]  # fmt: skip
    assert "mcp-admission-serve" not in str(bound)


def test_every_container_has_a_memory_limit(helm: Helm) -> None:
    for pod in pods(helm.objects()):
        for container in pod["spec"]["containers"]:
            assert container["resources"]["limits"]["memory"]


def test_the_chart_locks_only_what_is_set(helm: Helm) -> None:
    user = f"system:serviceaccount:{NAMESPACE}:mcp-admission-control"
    for name, expected in {
        "defaults": {"isolation": {"controllerUser": user}},
        "network": VALUE_SETS["network"] | {"isolation": {"controllerUser": user}},
        "server defaults": VALUE_SETS["server defaults"] | {"isolation": {"controllerUser": user}},
        "rules": VALUE_SETS["rules"]
        | {"isolation": VALUE_SETS["rules"]["isolation"] | {"controllerUser": user}},
    }.items():
        locked = by_name(helm.objects(VALUE_SETS[name]), "ConfigMap", "mcp-admission-locked")

        assert yaml.safe_load(locked["data"]["settings.yaml"]) == expected


def test_environment_names_of_the_reference_set_the_same_as_keys(helm: Helm) -> None:
    objects = helm.objects(VALUE_SETS["names of the reference"])
    locked = by_name(objects, "ConfigMap", "mcp-admission-locked")["data"]["settings.yaml"]

    found = yaml.safe_load(locked)
    assert found.pop("isolation")
    assert found == {
        "mcpServerDefaults": {"image": "registry.example/base:1", "runtimeClassName": "kata"},
        "mcpNamespace": {"podSecurity": {"enabled": False, "enforce": "baseline"}},
    }


OF_PODS = "OBOT_SERVER_MCPK8S_SETTINGS_"
WRITTEN: dict[str, tuple[str, Any]] = {
    "OBOT_SERVER_MCPPOD_SECURITY_ENABLED": ("False", False),
    "OBOT_SERVER_MCPIMAGE_PULL_SECRETS": ("a,b", [{"name": "a"}, {"name": "b"}]),
    f"{OF_PODS}AFFINITY": ('{"podAffinity": {}}', {"podAffinity": {}}),
    f"{OF_PODS}TOLERATIONS": ('[{"key": "a"}]', [{"key": "a"}]),
    f"{OF_PODS}RESOURCES": ('{"limits": {"cpu": "1"}}', {"limits": {"cpu": "1"}}),
}


@pytest.mark.parametrize(("name", "path"), VARIABLES.items())
def test_every_environment_name_of_the_reference_sets_its_key(
    helm: Helm, name: str, path: tuple[str, ...]
) -> None:
    text, expected = WRITTEN.get(name, ("baseline", "baseline"))
    if name.endswith("VERSION"):
        text = expected = "v1.30"
    objects = helm.objects({"config": {name: text}})
    found = yaml.safe_load(
        by_name(objects, "ConfigMap", "mcp-admission-locked")["data"]["settings.yaml"]
    )
    for step in reversed(path):
        expected = {step: expected}

    assert found.pop("isolation")
    assert found == expected


def test_a_namespace_scoped_installation_has_no_rights_in_the_cluster(helm: Helm) -> None:
    objects = helm.objects(VALUE_SETS["namespace-scoped"])
    roles = [found for found in objects if found["kind"] == "Role"]

    kinds = {found["kind"] for found in objects}
    assert kinds & {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"} == set()
    assert {found["metadata"]["namespace"] for found in roles} == {NAMESPACE, "mcp-admission-mcp"}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("namespace-scoped without Pod Security", {}),
        (
            "namespace-scoped",
            {
                f"pod-security.kubernetes.io/{mode}{suffix}": value
                for mode in ("enforce", "audit", "warn")
                for suffix, value in (("", "restricted"), ("-version", "latest"))
            },
        ),
        ("defaults", {}),
    ],
)
def test_pod_security_labels_come_from_the_chart_where_no_controller_may_write_them(
    helm: Helm, name: str, labels: dict[str, str]
) -> None:
    namespace = helm.objects(VALUE_SETS[name])[0]["metadata"]

    assert {
        key: value for key, value in namespace["labels"].items() if "pod-security" in key
    } == labels
    assert namespace["labels"]["mcp-admission.dev/managed"] == "true"
    assert namespace["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_helm_and_the_controller_write_no_object_both(helm: Helm) -> None:
    """Settings, certificates and caBundle are the controller's; Helm would stop with a conflict."""
    for values in VALUE_SETS.values():
        names = {found["metadata"]["name"] for found in helm.objects(values)
                 if found["kind"] in {"ConfigMap", "Secret"}}  # fmt: skip

        assert names - DASHBOARDS == {"mcp-admission-locked", "mcp-admission-registrations"}
        assert "caBundle:" not in helm.rendered(values)


def test_the_project_and_the_chart_have_one_version() -> None:
    project = tomllib.loads((MANIFESTS.parent / "pyproject.toml").read_text())["project"]
    chart = yaml.safe_load((MANIFESTS / "chart" / "Chart.yaml").read_text())

    assert chart["version"] == chart["appVersion"] == project["version"]


@pytest.mark.parametrize("values", VALUE_SETS.values(), ids=VALUE_SETS)
def test_helm_3_and_helm_4_render_the_same(helm: Helm, helm3: Helm, values: Json) -> None:
    assert sorted(map(json.dumps, helm3.objects(values))) == sorted(
        map(json.dumps, helm.objects(values))
    )


def test_helm_lint_finds_nothing_in_the_chart(helm: Helm, helm3: Helm) -> None:
    for each in (helm, helm3):
        assert "0 chart(s) failed" in each.run(
            "lint", "--strict", "--kube-version", "1.36", MANIFESTS / "chart"
        )


@pytest.mark.parametrize("level", ["debug", "error"])
def test_each_process_logs_what_the_values_say(helm: Helm, level: str) -> None:
    containers = [
        container
        for found in helm.objects({"logLevel": level})
        if found["kind"] == "Deployment"
        for container in found["spec"]["template"]["spec"]["containers"]
    ]

    assert [f"--log-level={level}" in each["args"] for each in containers] == [True] * 3


def test_the_log_of_the_webhook_has_a_level_of_its_own(helm: Helm) -> None:
    values = {"logLevel": "warning", "serve": {"logLevel": "debug"}}
    levels = {
        found["metadata"]["name"]: word
        for found in helm.objects(values)
        if found["kind"] == "Deployment"
        for word in found["spec"]["template"]["spec"]["containers"][0]["args"]
        if word.startswith("--log-level")
    }

    assert levels == {
        "mcp-admission-serve": "--log-level=debug",
        "mcp-admission-control": "--log-level=warning",
        "mcp-admission-certificates": "--log-level=warning",
    }


def of_process(objects: list[Json], kind: str, process: str) -> Json:
    """The spec of the Deployment or NetworkPolicy of a process."""
    (found,) = [
        each["spec"]
        for each in objects
        if (each["kind"], each["metadata"]["name"]) == (kind, f"mcp-admission-{process}")
    ]
    spec: Json = found
    return spec


@pytest.mark.parametrize("process", ["serve", "control"])
def test_a_collector_of_traces_is_named_to_the_processes_that_have_any(
    helm: Helm, process: str
) -> None:
    variables = {"OTEL_TRACES_SAMPLER": "always_off", "OTEL_SERVICE_NAME": None}
    traces = {"endpoint": "http://a.b:4318", "variables": variables, "secretName": "otel"}
    spec = of_process(helm.objects({"traces": traces}), "Deployment", process)

    (container,) = spec["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "otel"}}]
    assert {each["name"]: each.get("value") for each in container["env"]} == {
        "POD_NAME": None,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a.b:4318",
        "OTEL_RESOURCE_ATTRIBUTES": f"k8s.namespace.name={NAMESPACE},k8s.pod.name=$(POD_NAME)",
        "OTEL_TRACES_SAMPLER": "always_off",
    }


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [
        ("http://a.b:4318", 4318),
        ("https://a.b/otlp", 443),
        ("http://a.b", 80),
        ("http://[fd00::1]:4318/v1", 4318),
        ("http://[fd00::1]", 80),
    ],
)
@pytest.mark.parametrize("process", ["serve", "control"])
def test_the_processes_may_call_the_collector(
    helm: Helm, process: str, endpoint: str, port: int
) -> None:
    values = {"traces": {"endpoint": endpoint}}
    egress = of_process(helm.objects(values), "NetworkPolicy", process)["egress"]

    dns = [(protocol, each) for each in (53, 5353) for protocol in ("UDP", "TCP")]
    called = [(each["protocol"], each["port"]) for each in egress[0]["ports"]]
    assert called[: len(dns)] == dns
    assert called[-1] == ("TCP", port)


def test_without_a_collector_the_webhook_calls_nobody(helm: Helm) -> None:
    objects = helm.objects()

    assert "egress" not in of_process(objects, "NetworkPolicy", "serve")
    (container,) = of_process(objects, "Deployment", "serve")["template"]["spec"]["containers"]
    assert "env" not in container
