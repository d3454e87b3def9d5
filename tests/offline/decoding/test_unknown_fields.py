"""Fields that Kubernetes does not know are told with the name that is meant."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Review
from webhook.offline.decoding import unknown_fields

Json = dict[str, Any]
MAIN = "containers[main]"
LABELS = {"mcp-admission.dev/server": "true"}


def deployment(pod: Json, **around: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a", "labels": LABELS},
        "spec": {"selector": {}, "template": {"metadata": {}, "spec": pod}},
        **around,
    }


def server(**fields: Any) -> Json:
    return deployment({"containers": [{"name": "main", **fields}]})


LOST = "kubectl refuses it, and other clients lose it"
UNKNOWN = [
    (server(securityContex={"runAsUser": 0}), f"{MAIN}.securityContex", "securityContext"),
    (server(securitycontext={}), f"{MAIN}.securitycontext", "securityContext"),
    (deployment({"container": [{"name": "main"}]}), "container", "containers"),
    (
        server(securityContext={"runAsUsr": 5}),
        f"{MAIN}.securityContext.runAsUsr",
        "runAsUser",
    ),
    (server(runAsUser=5), f"{MAIN}.runAsUser", "securityContext.runAsUser"),
    (server(resources={"request": {}}), f"{MAIN}.resources.request", "requests"),
    (
        server(livenessProbe={"httpGet": {"prt": 1}}),
        f"{MAIN}.livenessProbe.httpGet.prt",
        "port",
    ),
    (deployment({}, specs={}), "specs", "spec"),
    (deployment({"volumes": [{"name": "v", "emptydir": {}}]}), "volumes[v].emptydir", "emptyDir"),
    (server(zzz=1), f"{MAIN}.zzz", ""),
]


@pytest.mark.parametrize(("document", "place", "meant"), UNKNOWN)
def test_an_unknown_field_is_warned_about(
    review: Review, document: Json, place: str, meant: str
) -> None:
    text = json.dumps(document, indent=1)
    printed = review("d.yaml", "-o", "json", d=text)

    message = f"{place} is no field of Kubernetes: {f'did you mean {meant}?' if meant else LOST}"
    (result,) = json.loads(printed.out)["results"]
    found = [one for one in result["findings"] if one["message"] == message]
    assert [(one["rule"], one["severity"]) for one in found] == [("object", "warning")]
    assert f'"{place.rpartition(".")[2]}"' in text.splitlines()[found[0]["line"] - 1]
    assert len(message) <= 120


@pytest.mark.parametrize(
    ("kind", "document", "place"),
    [
        ("Pod", {"spec": {"contaners": []}}, "contaners"),
        ("StatefulSet", {"spec": {"serviceNam": "a"}}, "spec.serviceNam"),
        ("Job", {"spec": {"backoffLimits": 1}}, "spec.backoffLimits"),
        (
            "CronJob",
            {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostPid": True}}}}}},
            "hostPid",
        ),
        ("PodTemplate", {"template": {"spec": {"volume": []}}}, "volume"),
        ("ReplicaSet", {"metadata": {"label": {}}}, "metadata.label"),
    ],
)
def test_every_kind_is_looked_into(kind: str, document: Json, place: str) -> None:
    (found,) = unknown_fields(document, kind)

    assert found.message.startswith(f"{place} is no field of Kubernetes: did you mean ")


def test_keys_of_maps_are_free(review: Review) -> None:
    document = server(resources={"limits": {"example.com/gpu": 1}})
    document["metadata"]["annotations"] = {"anything": "goes"}

    assert "no field" not in review("d.yaml", d=json.dumps(document)).out


def test_labels_under_a_misspelled_key_are_reported(review: Review) -> None:
    """Else the object is no MCP server, and nobody says so."""
    document = deployment({"containers": [{"name": "main"}]})
    document["metadata"] = {"name": "a", "label": LABELS}

    printed = review("d.yaml", d=json.dumps(document))

    assert "metadata.label is no field of Kubernetes: did you mean labels?" in printed.out


def test_a_label_that_is_no_label_is_reported(review: Review) -> None:
    document = deployment({"containers": [{"name": "main"}]})
    document["metadata"] = {"name": "a", **LABELS}

    printed = review("d.yaml", d=json.dumps(document))

    assert (
        "is no field of Kubernetes: did you mean labels[mcp-admission.dev/server]?" in printed.out
    )


def test_a_long_place_leaves_a_sentence_that_a_terminal_shows() -> None:
    (found,) = unknown_fields(
        {"spec": {"securityContext": {"readOnlyRootFilesystem": True}}}, "Pod"
    )

    assert found.message == (
        "securityContext.readOnlyRootFilesystem is unknown: did you mean "
        "containers[].securityContext.readOnlyRootFilesystem?"
    )


def test_other_objects_are_their_owners_business(review: Review) -> None:
    document = deployment({"container": []})
    document["metadata"] = {"name": "a"}

    assert "no field" not in review("d.yaml", d=json.dumps(document)).out


def container(**fields: Any) -> Json:
    return {"spec": {"containers": [fields]}}


@pytest.mark.parametrize(
    ("document", "meant"),
    [
        (container(enviroment=[]), "env"),
        (container(ports=[{"port": 80}]), "containerPort"),
        (container(containerPort=80), "ports[].containerPort"),
        (container(securityContext={"fsGroup": 1}), "the pod's securityContext.fsGroup"),
        (container(tolerations=[]), "the pod's tolerations"),
        ({"spec": {"image": "a"}}, "containers[].image"),
        (
            {"spec": {"securityContext": {"privileged": True}}},
            "containers[].securityContext.privileged",
        ),
        ({"spec": {"volumes": [{"secret": {"name": "a"}}]}}, "secretName"),
        ({"spec": {"volumes": [{"emptyDir": {"size": "1Gi"}}]}}, "sizeLimit"),
        ({"spec": {"labels": {}}}, "metadata.labels"),
    ],
)
def test_a_field_at_a_wrong_place_is_reported_with_the_right_one(
    document: Json, meant: str
) -> None:
    (found,) = unknown_fields(document, "Pod")

    assert found.message.endswith(f" is no field of Kubernetes: did you mean {meant}?")
