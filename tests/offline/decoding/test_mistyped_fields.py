"""Fields of another type than Kubernetes gives them: refused offline, as an API server refuses."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Review
from webhook.offline.decoding import mistyped_fields

Json = dict[str, Any]


def deployment(**spec: Any) -> Json:
    """A labelled Deployment; `replicas` is its own, the other fields are those of its pod."""
    own = {"replicas": spec.pop("replicas")} if "replicas" in spec else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a", "labels": {"mcp-admission.dev/server": "true"}},
        "spec": {
            **own,
            "selector": {},
            "template": {"metadata": {}, "spec": {"containers": [{"name": "main"}], **spec}},
        },
    }


def server(**fields: Any) -> Json:
    return deployment(containers=[{"name": "main", **fields}])


def with_context(**fields: Any) -> Json:
    return server(securityContext=fields)


POD = "/spec/template/spec"
MAIN = f"{POD}/containers/0"
NO_QUOTES = ": write it without quotes"
QUOTES = ": put it in quotes"
MISTYPED = [
    (
        deployment(replicas="two"),
        "/spec/replicas",
        f"spec.replicas must be a whole number{NO_QUOTES}",
    ),
    (deployment(replicas=1.5), "/spec/replicas", "spec.replicas must be a whole number"),
    (deployment(replicas=True), "/spec/replicas", "spec.replicas must be a whole number"),
    (
        with_context(runAsUser="1000"),
        f"{MAIN}/securityContext/runAsUser",
        f"containers[main].securityContext.runAsUser must be a whole number{NO_QUOTES}",
    ),
    (
        with_context(privileged="yes"),
        f"{MAIN}/securityContext/privileged",
        f"containers[main].securityContext.privileged must be true or false{NO_QUOTES}",
    ),
    (
        with_context(capabilities={"drop": "ALL"}),
        f"{MAIN}/securityContext/capabilities/drop",
        "containers[main].securityContext.capabilities.drop must be a list",
    ),
    (
        deployment(securityContext={"fsGroup": "1000", "runAsNonRoot": "true"}),
        f"{POD}/securityContext/fsGroup",
        f"securityContext.fsGroup must be a whole number{NO_QUOTES}",
    ),
    (deployment(hostNetwork=0), f"{POD}/hostNetwork", "hostNetwork must be true or false"),
    (
        deployment(enableServiceLinks="false"),
        f"{POD}/enableServiceLinks",
        f"enableServiceLinks must be true or false{NO_QUOTES}",
    ),
    (
        deployment(automountServiceAccountToken="false"),
        f"{POD}/automountServiceAccountToken",
        f"automountServiceAccountToken must be true or false{NO_QUOTES}",
    ),
    (
        server(ports=[{"name": "mcp", "containerPort": "8080"}]),
        f"{MAIN}/ports/0/containerPort",
        f"containers[main].ports[mcp].containerPort must be a whole number{NO_QUOTES}",
    ),
    (
        server(ports=[{"hostPort": [80]}]),
        f"{MAIN}/ports/0/hostPort",
        "containers[main].ports[0].hostPort must be a whole number",
    ),
    (
        server(env=[{"name": "PORT", "value": 31337}]),
        f"{MAIN}/env/0/value",
        f"containers[main].env[PORT].value must be text{QUOTES}",
    ),
    (
        server(args=["--port", 31337]),
        f"{MAIN}/args/1",
        f"containers[main].args[1] must be text{QUOTES}",
    ),
    (
        server(livenessProbe={"httpGet": {"port": True}}),
        f"{MAIN}/livenessProbe/httpGet/port",
        "containers[main].livenessProbe.httpGet.port must be a whole number or text",
    ),
    (
        server(resources={"limits": {"memory": "much"}}),
        f"{MAIN}/resources/limits/memory",
        "containers[main].resources.limits.memory must be a quantity, such as 400Mi",
    ),
    (
        server(resources={"requests": {"cpu": True}}),
        f"{MAIN}/resources/requests/cpu",
        "containers[main].resources.requests.cpu must be a quantity, such as 400Mi",
    ),
    (server(image=7), f"{MAIN}/image", f"containers[main].image must be text{QUOTES}"),
    (
        server(securityContext="strict"),
        f"{MAIN}/securityContext",
        "containers[main].securityContext must be an object",
    ),
    (
        deployment(nodeSelector={"gpu": True}),
        f"{POD}/nodeSelector/gpu",
        f"nodeSelector.gpu must be text{QUOTES}",
    ),
    (
        deployment(tolerations=[{"tolerationSeconds": "300"}]),
        f"{POD}/tolerations/0/tolerationSeconds",
        f"tolerations[0].tolerationSeconds must be a whole number{NO_QUOTES}",
    ),
    (deployment(volumes={"a": {}}), f"{POD}/volumes", "volumes must be a list"),
    (
        deployment(volumes=[{"name": "a", "csi": {"driver": 3}}]),
        f"{POD}/volumes/0/csi/driver",
        f"volumes[a].csi.driver must be text{QUOTES}",
    ),
]


@pytest.mark.parametrize(
    ("document", "path", "message"), MISTYPED, ids=[row[1].lstrip("/") for row in MISTYPED]
)
def test_a_value_of_another_type_is_refused(
    review: Review, document: Json, path: str, message: str
) -> None:
    printed = review("d.yaml", "-o", "json", d=json.dumps(document))

    assert printed.code == 1
    (result,) = json.loads(printed.out)["results"]
    assert (result["allowed"], result["patch"]) == (False, [])
    of_type = [found for found in result["findings"] if found["rule"] == "object"]
    assert (of_type[0]["path"], of_type[0]["message"]) == (path, message)
    assert [found["rule"] for found in result["findings"] if found["path"] == path] == ["object"]
    assert "31337" not in printed.out


ANNOTATION = "mcp-admission.dev/service-account-token"


def test_labels_and_annotations_are_text_wherever_they_stand(review: Review) -> None:
    document = deployment()
    document["metadata"]["annotations"] = {ANNOTATION: True}
    document["spec"]["template"]["metadata"] = {"labels": {"mcp-admission.dev/server": True}}

    printed = review("d.yaml", d=json.dumps(document))

    assert f"metadata.annotations[{ANNOTATION}] must be text{QUOTES} (object)" in printed.out
    place = "spec.template.metadata.labels[mcp-admission.dev/server]"
    assert f"{place} must be text{QUOTES} (object)" in printed.out


def test_the_line_is_that_of_the_field(review: Review) -> None:
    text = """\
kind: Pod
apiVersion: v1
metadata: {name: a, labels: {mcp-admission.dev/server: "true"}}
spec:
  containers:
    - name: main
      ports:
        - containerPort: "80"
"""
    assert (
        "error    p.yaml:8: containers[main].ports[0].containerPort" in review("p.yaml", p=text).out
    )


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Pod", ()),
        ("StatefulSet", ("spec", "template")),
        ("CronJob", ("spec", "jobTemplate", "spec", "template")),
        ("PodTemplate", ("template",)),
    ],
)
def test_every_kind_is_looked_into(kind: str, path: tuple[str, ...]) -> None:
    document: Json = {"metadata": {"labels": {"a": 1}}, "spec": {"hostPID": "no"}}
    for key in reversed(path):
        document = {key: document}

    paths = [found.path for found in mistyped_fields(document, kind)]

    prefix = "".join(f"/{key}" for key in path)
    assert paths == [f"{prefix}/metadata/labels/a", f"{prefix}/spec/hostPID"]


FINE = [
    deployment(replicas=2),
    deployment(replicas=2.0),
    deployment(replicas=None, nodeSelector=None, volumes=None),
    server(resources={"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": 0.5}}),
    server(livenessProbe={"httpGet": {"port": "mcp"}}),
    server(readinessProbe={"tcpSocket": {"port": 80}}),
    deployment(nobodyReads=[1, {"this": True}], volumes=[{"name": "a", "csi": {"driver": "x"}}]),
]


@pytest.mark.parametrize("document", FINE)
def test_the_right_types_pass(document: Json) -> None:
    assert mistyped_fields(document, "Deployment") == []


@pytest.mark.parametrize("document", [{}, {"metadata": [], "spec": 7}, {"spec": {"template": "x"}}])
def test_an_object_of_another_shape_is_looked_at(document: Json) -> None:
    assert all(found.rule == "object" for found in mistyped_fields(document, "Deployment"))


def test_what_is_no_server_is_not_looked_at(review: Review) -> None:
    unlabelled = deployment(replicas="two")
    unlabelled["metadata"] = {"name": "a"}

    assert review("d.yaml", d=json.dumps(unlabelled)).code == 0
