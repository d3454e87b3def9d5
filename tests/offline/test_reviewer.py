"""`review` with the real rules: what goes in as a manifest comes out hardened, or refused."""

import json
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Review
from tests.offline.manifest_texts import DEPLOYMENT, REFUSED
from webhook.offline.reviewer import RESOURCES
from webhook.settings.server_defaults import DEFAULT_IMAGE


def stored(review: Review, *words: str, **files: str) -> list[Any]:
    printed = review(*words, "-o", "yaml", **files)
    assert printed.code == 0, printed.err
    return list(yaml.safe_load_all(printed.out))


def test_a_deployment_is_admitted_hardened(review: Review) -> None:
    (deployment,) = stored(review, "d.yaml", d=DEPLOYMENT)

    pod = deployment["spec"]["template"]["spec"]
    assert deployment["spec"]["replicas"] == 1
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_what_is_stored_would_be_stored_as_it_is(review: Review) -> None:
    once = review("d.yaml", "-o", "yaml", d=DEPLOYMENT).out

    assert review("once.yaml", "-o", "yaml", once=once).out == once
    assert "admitted as it is" in review("once.yaml", once=once).out


def test_a_refused_pod_is_exit_1_with_every_reason_and_its_line(review: Review) -> None:
    printed = review("p.yaml", "--managed", p=REFUSED)

    assert printed.code == 1
    assert "p.yaml:1: Pod default/bridge: refused\n" in printed.out
    assert "p.yaml:10: containers[main].securityContext.runAsUser" in printed.out
    assert printed.out.endswith("\n1 MCP server: 1 refused\n")


def test_patch_and_findings_are_pointers_into_the_document(review: Review) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(DEPLOYMENT)]}

    report = json.loads(review("l.yaml", "-o", "json", l=json.dumps(listed)).out)

    (result,) = report["results"]
    assert result["patch"]
    assert all(one["path"].startswith("/items/0/") for one in result["patch"])


def test_only_managed_looks_at_unlabelled_workloads(review: Review) -> None:
    unlabelled = REFUSED.replace("mcp-admission.dev/server", "app")

    assert review("p.yaml", p=unlabelled).code == 0
    assert review("p.yaml", "--managed", p=unlabelled).code == 1


def test_the_namespace_of_the_command_line_is_for_objects_that_name_none(review: Review) -> None:
    named = DEPLOYMENT.replace("metadata:\n", "metadata:\n  namespace: own\n", 1)
    words = ("d.yaml", "n.yaml", "--namespace", "team-a")

    report = json.loads(review(*words, "-o", "json", d=DEPLOYMENT, n=named).out)
    assert [result["namespace"] for result in report["results"]] == ["team-a", "own"]

    documents = stored(review, *words)
    assert [one["metadata"].get("namespace") for one in documents] == [None, "own"]


def test_the_request_names_the_namespace(review: Review) -> None:
    asking = (
        REFUSED.replace("metadata:", "metadata:\n  annotations: {TOKEN: 'true'}")
        .replace("TOKEN", "mcp-admission.dev/service-account-token")
        .replace("spec:", "spec:\n  automountServiceAccountToken: true")
        .replace("runAsUser: 0", "runAsUser: 1")
    )
    rules = "serviceAccountTokens: {optedIn: forbid, names: [team-a/bridge]}"
    words = ("p.yaml", "--settings", "s.yaml")

    assert review(*words, "--namespace", "team-b", p=asking, s=rules).code == 1
    assert review(*words, "--namespace", "team-a").code == 0


def test_settings_come_from_the_file_and_the_environment(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME", "gvisor")
    bare = DEPLOYMENT.replace("          image: example.test/github-tools:1\n", "")

    (deployment,) = stored(
        review, "d.yaml", "--settings", "s.yaml", d=bare, s="replicas: {policy: 'off'}"
    )

    pod = deployment["spec"]["template"]["spec"]
    assert pod["runtimeClassName"] == "gvisor"
    assert pod["containers"][0]["image"] == DEFAULT_IMAGE
    assert "replicas" not in deployment["spec"]


def test_other_objects_pass_through_unchanged_in_their_place(review: Review) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n"
    text = f"{service}---\n{DEPLOYMENT}---\n{service}"

    first, deployment, last = stored(review, "all.yaml", all=text)

    assert first == last == yaml.safe_load(service)
    assert deployment["kind"] == "Deployment"
    assert "1 MCP server: 1 admitted with changes; 2 other objects left alone" in (
        review("all.yaml", all=text).out
    )


def test_the_order_of_the_keys_is_kept(review: Review) -> None:
    (deployment,) = stored(review, "d.yaml", d=DEPLOYMENT)

    assert list(deployment) == ["apiVersion", "kind", "metadata", "spec"]
    assert list(deployment["spec"]["template"]["spec"]["containers"][0])[:2] == ["name", "image"]


@pytest.mark.parametrize(
    ("api_version", "kind", "where"),
    [
        ("apps/v1", "StatefulSet", ("template",)),
        ("apps/v1", "DaemonSet", ("template",)),
        ("apps/v1", "ReplicaSet", ("template",)),
        ("batch/v1", "Job", ("template",)),
        ("batch/v1", "CronJob", ("jobTemplate", "spec", "template")),
        ("v1", "ReplicationController", ("template",)),
    ],
)
def test_other_workloads_are_warned_about(
    review: Review, api_version: str, kind: str, where: tuple[str, ...]
) -> None:
    pod = yaml.safe_load(REFUSED)
    spec: Any = {"metadata": pod["metadata"], "spec": pod["spec"]}
    for key in reversed(where):
        spec = {key: spec}
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}

    printed = review("w.yaml", w=json.dumps(document))

    assert printed.code == 1
    assert f"{kind} default/a: admitted as it is, but its pods would be refused" in printed.out
    assert printed.out.endswith(
        "\n1 MCP server: 1 admitted whose pods would be refused, 1 warning\n"
    )
    assert "warning  w.yaml:1: pods will be refused: " in printed.out


def test_nine_kinds_are_reviewed() -> None:
    assert RESOURCES["apps/v1", "Deployment"] == "deployments.apps"
    assert RESOURCES["v1", "Pod"] == "pods"
    assert RESOURCES["v1", "PodTemplate"] == "podtemplates"
    assert len(RESOURCES) == 9


@pytest.mark.parametrize("spec", ["null", "[]", "{containers: null}", "{containers: [3]}", "3"])
def test_an_object_of_any_shape_has_an_answer(review: Review, spec: str) -> None:
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {spec}\n"

    for output in ("diff", "table", "yaml", "json", "junit", "sarif"):
        assert review("p.yaml", "--managed", "-o", output, p=text).code in (0, 1)


POD = """\
x-root: &root {runAsUser: 0}
x-off: &off {mcp-admission.dev/server: "false"}
apiVersion: v1
kind: Pod
metadata:
  name: bridge
  labels: LABELS
spec:
  containers:
    - name: main
      securityContext: CONTEXT
"""
ON = 'mcp-admission.dev/server: "true"'


@pytest.mark.parametrize(
    ("labels", "context", "line", "key"),
    [
        (f"{{{ON}}}", "{runAsUser: 1001, <<: *root}", 11, "runAsUser"),
        (f"{{{ON}, <<: *off}}", "{}", 7, "mcp-admission.dev/server"),
        (f"{{{ON}, app: x, <<: [{{app: x}}, *off]}}", "{}", 7, "mcp-admission.dev/server"),
    ],
)
def test_a_merge_that_readers_take_differently_is_bad_input(
    review: Review, labels: str, context: str, line: int, key: str
) -> None:
    printed = review("p.yaml", p=POD.replace("LABELS", labels).replace("CONTEXT", context))

    assert (printed.code, printed.out) == (2, "")
    assert printed.err == (
        f'p.yaml:{line}: the key "{key}" stands on line {line} and comes with << too: kubectl and '
        "Helm take the value of <<, other readers the other: keep one, or move << to the top\n"
    )


def test_a_merge_at_the_top_gives_way_as_in_the_cluster(review: Review) -> None:
    merged = POD.replace("LABELS", f"{{<<: *off, {ON}}}").replace("CONTEXT", "{<<: *root}")

    printed = review("p.yaml", p=merged)

    assert printed.code == 1
    assert "p.yaml:1: containers[main].securityContext.runAsUser" in printed.out


FLEET = """
mcpServerDefaults:
  imagePullSecrets: [{name: registry}]
  tolerations: [{key: mcp, operator: Exists}]
mcpServerMaximums: {limits: {memory: 2Gi}}
"""
OF_PODS = [
    {"field": "containers[main].resources.limits.memory", "value": "2Gi"},
    {"field": "containers[main].resources.requests.memory", "value": "400Mi"},
    {"field": "imagePullSecrets[registry]", "value": {"name": "registry"}},
    {"field": "tolerations", "value": [{"key": "mcp", "operator": "Exists"}]},
]
LINE = (
    "  its pods get: containers[main].resources.limits.memory 2Gi, "
    "containers[main].resources.requests.memory 400Mi, imagePullSecrets[registry], "
    'tolerations [{"key": "mcp", "operator": "Exists"}]\n'
)


def test_what_the_pods_of_a_deployment_get_is_reported(review: Review) -> None:
    files = {"d": DEPLOYMENT, "settings": FLEET}
    words = ("d.yaml", "--settings", "settings.yaml")

    (result,) = json.loads(review(*words, "-o", "json", **files).out)["results"]

    assert result["pods_get"] == OF_PODS
    assert LINE in review(*words, **files).out


def test_what_pods_do_not_get_is_not_reported(review: Review) -> None:
    opted_out = DEPLOYMENT.replace('server: "true"', 'server: "false"')
    for manifest in (REFUSED, opted_out):
        printed = review("d.yaml", d=manifest)

        assert "its pods get" not in printed.out


GATEWAY = (
    "callers from now on: pods labelled mcp-admission.dev/gateway=true in mcp-admission's namespace"
)
CALLERS = {
    "a server": (DEPLOYMENT, "{}", GATEWAY),
    "elsewhere": (
        DEPLOYMENT,
        "mcpNamespace: {networkPolicy: {gateway: {namespace: obot, podSelector: {}}}}",
        "callers from now on: all pods in namespace obot",
    ),
    "without policies": (DEPLOYMENT, "mcpNamespace: {networkPolicy: {enabled: false}}", ""),
    "refused": (REFUSED, "{}", ""),
    "opted out": (DEPLOYMENT.replace('server: "true"', 'server: "false"'), "{}", ""),
}


@pytest.mark.parametrize(("manifest", "settings", "callers"), CALLERS.values(), ids=CALLERS)
def test_the_callers_of_a_server_are_named(
    review: Review, manifest: str, settings: str, callers: str
) -> None:
    words = ("d.yaml", "--settings", "settings.yaml")
    files = {"d": manifest, "settings": settings}

    found = json.loads(review(*words, "-o", "json", **files).out)["results"]

    assert [each.get("callers", "") for each in found] in ([callers], [] if not callers else None)
    assert ("callers from now on" in review(*words, **files).out) == bool(callers)
