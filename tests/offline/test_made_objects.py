"""`review --show-objects`: the objects that the controller would make, and no value of a Secret."""

import json
from typing import Any

import kubernetes_validate
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.objects import deployments
from tests.cli.conftest import Review
from webhook.admission.workload import Scope
from webhook.documents.reader import read_documents
from webhook.offline.made_objects import made_documents, with_made_objects
from webhook.offline.manifests import Manifest
from webhook.offline.reviewer import review_manifest
from webhook.offline.settings_documents import settings_beside
from webhook.settings.model import Settings

Json = dict[str, Any]
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: github-tools
  namespace: tools
  labels: {mcp-admission.dev/server: "true"}
  annotations: {mcp-admission.dev/config-from: values, mcp-admission.dev/file-keys: ca.pem}
spec:
  selector: {matchLabels: {app: github-tools}}
  template:
    metadata:
      labels: {app: github-tools}
    spec:
      containers:
        - name: main
          image: example.test/github-tools:1
          ports: [{name: mcp, containerPort: 8080}]
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: values, namespace: tools}
data: {ca.pem: aHVudGVyMg==}
stringData: {TOKEN: hunter2}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: bridge, namespace: tools, labels: {mcp-admission.dev/server: "true"}}
spec: {containers: [{name: main, image: example.test/bridge:1}]}
"""
OPEN = "mcpNamespace: {networkPolicy: {enabled: false}}"
SECRET_VALUES = ("hunter2", "aHVudGVyMg==", "/files/ca.pem", "L2ZpbGVz")


def results(review: Review, *words: str, **files: str) -> list[Json]:
    printed = review(*words, "--show-objects", "-o", "json", **files)
    assert printed.code == 0, printed.err
    found: list[Json] = json.loads(printed.out)["results"]
    return found


def named(objects: list[Json]) -> list[str]:
    return [f"{each['kind']} {each['metadata']['name']}" for each in objects]


def test_the_port_and_the_secrets_are_of_one_container(review: Review) -> None:
    proxy = (
        "        - {name: istio-proxy, image: a, ports: [{name: metrics, containerPort: 15090}]}"
    )
    web = DEPLOYMENT.replace("name: mcp", "name: web")
    in_front = web.replace("containers:\n", f"containers:\n{proxy}\n")
    (result,) = results(review, "d.yaml", "s.yaml", d=in_front, s=SECRET)

    (service,) = (each for each in result["objects"] if each["kind"] == "Service")
    assert service["spec"]["ports"][0]["targetPort"] == "web"
    added = [told["path"] for told in result["patch"] if "envFrom" in told["path"]]
    assert added == ["/spec/template/spec/containers/1/envFrom"]


ALL = [
    "Secret github-tools-mcp-config",
    "Secret github-tools-mcp-files",
    "Service github-tools-mcp",
    "NetworkPolicy mcp-admission-baseline",
]


def test_programs_get_them_with_each_result(review: Review) -> None:
    (result,) = results(review, "d.yaml", "s.yaml", d=DEPLOYMENT, s=SECRET)

    config, files, *others = result["objects"]
    assert named(result["objects"]) == ALL
    assert result["not_made"] == []
    assert config["data"] == {"TOKEN": "<redacted>", "ca.pem": "<redacted>"}
    assert files["data"] == {"ca.pem": "<redacted>"}
    for other in others:
        kubernetes_validate.validate(other, "1.37", strict=True)


@pytest.mark.parametrize("output", ["diff", "table", "yaml"])
def test_people_get_them_as_documents_after_the_report(review: Review, output: str) -> None:
    plain = review("d.yaml", "s.yaml", "-o", output, d=DEPLOYMENT, s=SECRET)

    printed = review("d.yaml", "s.yaml", "-o", output, "--show-objects")

    assert printed.out.startswith(plain.out)
    made = list(yaml.safe_load_all(printed.out.removeprefix(plain.out)))
    assert named(made[1:] if made[0] is None else made) == ALL


@pytest.mark.parametrize("output", ["diff", "table", "json"])
def test_no_value_of_a_secret_is_shown(review: Review, output: str) -> None:
    printed = review("d.yaml", "s.yaml", "-o", output, "--show-objects", d=DEPLOYMENT, s=SECRET)

    assert not any(value in printed.out + printed.err for value in SECRET_VALUES)


def test_what_is_shown_cannot_be_applied_in_place_of_the_real_secret(review: Review) -> None:
    printed = review("d.yaml", "s.yaml", "-o", "yaml", "--show-objects", d=DEPLOYMENT, s=SECRET)

    shown = [each for each in yaml.safe_load_all(printed.out) if each["kind"] == "Secret"]
    assert [each["metadata"]["name"] for each in shown] == [
        "values",
        "github-tools-mcp-config",
        "github-tools-mcp-files",
    ]
    assert shown[1]["data"]["TOKEN"] == "<redacted>", "which is no base64"


def test_a_secret_that_no_manifest_has_is_asked_for(review: Review) -> None:
    (result,) = results(review, "d.yaml", d=DEPLOYMENT)

    assert named(result["objects"]) == ALL[2:]
    (said,) = result["not_made"]
    assert said == (
        "github-tools-mcp-config and its files are made from Secret values, which is not among "
        "these manifests: name its file too, to see its keys"
    )


def test_a_secret_of_another_namespace_is_another_secret(review: Review) -> None:
    elsewhere = SECRET.replace("namespace: tools", "namespace: shop")
    (result,) = results(review, "d.yaml", "s.yaml", d=DEPLOYMENT, s=elsewhere)

    assert named(result["objects"]) == ALL[2:]


def test_what_the_controller_would_refuse_is_said(review: Review) -> None:
    without_port = DEPLOYMENT.replace("ports: [{name: mcp, containerPort: 8080}]", "")
    binary = SECRET.replace("ca.pem: aHVudGVyMg==", "ca.pem: aHVudGVyMg==, PIN: AA==")
    printed = review("d.yaml", "s.yaml", "--show-objects", d=without_port, s=binary)

    assert (
        "# for Deployment tools/github-tools: Secret values has binary values, which no "
        "environment variable can hold, in PIN: list the keys in mcp-admission.dev/file-keys\n"
        "# for Deployment tools/github-tools: containers[main].ports declares no TCP port: name "
        "one mcp, or set the annotation mcp-admission.dev/port\n"
    ) in printed.out
    assert printed.code == 0


@pytest.mark.parametrize("data", ["data: [a]", "data: {TOKEN: 7}", "data: {TOKEN: hunter2}"])
def test_a_secret_that_cannot_be_read_is_said_without_its_values(review: Review, data: str) -> None:
    source = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: values, namespace: tools}}\n{data}\n"
    (result,) = results(review, "d.yaml", "s.yaml", d=DEPLOYMENT, s=source)

    assert named(result["objects"]) == ALL[2:]
    (said,) = result["not_made"]
    assert "Secret values" in said
    assert "hunter2" not in said


def test_places_that_differ_are_said(review: Review) -> None:
    differing = DEPLOYMENT.replace(
        "labels: {app: github-tools}\n    spec",
        "annotations: {mcp-admission.dev/config-from: others}\n    spec",
    )
    lenient = "rules: {annotations: warn}"

    (result,) = results(review, "d.yaml", "--settings", "l.yaml", d=differing, l=lenient)

    assert named(result["objects"]) == ALL[2:]
    differs = "differs from the pod template: say it in one place"
    at = "metadata.annotations[mcp-admission.dev/config-from]"
    assert result["not_made"] == [f"{at} {differs}"]


@given(deployments(), st.booleans())
def test_whatever_is_admitted_can_be_shown(document: Json, managed: bool) -> None:
    (read,) = read_documents(json.dumps(document), "d.json")
    manifest = Manifest(read, read.value, "apps/v1", "Deployment")
    scope = Scope.MANAGED if managed else Scope.OPTED_IN
    cluster = Settings.model_validate({"onConflict": "warn"})
    settings = settings_beside(cluster, [manifest], "tools", 0.0)
    seen = review_manifest(manifest, settings, scope, "tools")

    (shown,) = with_made_objects([seen], settings, scope)

    assert shown.made is not None
    assert bool(shown.made.objects) == seen.allowed
    assert "".join(made_documents([shown])).count("kind: Secret") == 0


def test_a_managed_namespace_has_its_labels_once(review: Review) -> None:
    printed = review("d.yaml", "p.yaml", "--managed", "--show-objects", d=DEPLOYMENT, p=POD)

    assert printed.out.count("kind: Namespace") == 1
    assert printed.out.count("name: mcp-admission-baseline") == 1
    assert "pod-security.kubernetes.io/enforce: restricted" in printed.out
    assert printed.out.count("# made for namespace tools\n") == 2


def test_a_pod_has_nothing_of_its_own(review: Review) -> None:
    (result,) = results(review, "p.yaml", p=POD)

    assert named(result["objects"]) == ALL[3:]


def test_settings_of_the_option_decide_which_objects_are_made(review: Review) -> None:
    (result,) = results(
        review, "d.yaml", "s.yaml", "--settings", "o.yaml", d=DEPLOYMENT, s=SECRET, o=OPEN
    )

    assert named(result["objects"]) == ALL[:3]


@pytest.mark.parametrize("label", ['"false"', "maybe"])
def test_what_opts_out_or_is_refused_has_nothing(review: Review, label: str) -> None:
    document = DEPLOYMENT.replace('"true"', label)
    leaving = document.replace(
        "labels: {app: github-tools}\n    spec",
        'labels: {app: github-tools, mcp-admission.dev/server: "true"}\n    spec',
    )
    printed = review("d.yaml", "-o", "json", "--show-objects", d=leaving)

    (result,) = json.loads(printed.out)["results"]
    assert (result["objects"], result["not_made"]) == ([], [])


def test_what_is_no_server_has_nothing(review: Review) -> None:
    printed = review("d.yaml", "--show-objects", d=DEPLOYMENT.replace('"true"', '"false"'))

    assert "---" not in printed.out


@pytest.mark.parametrize("output", ["junit", "sarif"])
def test_formats_without_a_place_for_objects_say_so(review: Review, output: str) -> None:
    printed = review("d.yaml", "-o", output, "--show-objects", d=DEPLOYMENT)

    assert (printed.code, printed.out) == (2, "")
    assert printed.err == (
        f"--show-objects: {output} has no place for objects: use diff, table, yaml, json\n"
    )


def test_nothing_of_it_is_there_unless_it_is_asked_for(review: Review) -> None:
    printed = review("d.yaml", "-o", "json", d=DEPLOYMENT)

    assert "objects" not in json.loads(printed.out)["results"][0]
