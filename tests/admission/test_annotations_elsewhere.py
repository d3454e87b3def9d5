"""Annotations beside a template reach its pods only where the workload is a Deployment."""

from typing import Any

import pytest

from tests.admission.case import SERVER, VALIDATE, Json, answer_to, deployment
from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of
from webhook.admission.answer import Answer
from webhook.admission.workload import KINDS

OURS = "mcp-admission.dev/"
LABELLED = {SERVER: "true"}
OTHERS = {kind: path for kind, path in KINDS.values() if path and kind != "Deployment"}
ALL = pytest.mark.parametrize("kind", sorted(OTHERS))
OF_PODS = {
    "container": "main",
    "env-from": "keys",
    "files-from": "keys",
    "service-account-token": "true",
}


def workload(kind: str, own: Json, of_template: Json | None = None, **spec: Any) -> Json:
    """A labelled workload of a kind with these annotations beside its template and in it."""
    document: Json = {
        "metadata": {"labels": LABELLED, "annotations": _ours(of_template or {})},
        "spec": {"containers": [{"name": "main", "image": "example.test/mcp:1"}], **spec},
    }
    for key in reversed(OTHERS[kind]):
        document = {key: document}
    metadata = {"name": "tools", "labels": LABELLED, "annotations": _ours(own)}
    return {"kind": kind, "metadata": metadata, **document}


def _ours(annotations: Json) -> Json:
    return {OURS + key: value for key, value in annotations.items()}


def told(document: Json) -> tuple[str, ...]:
    return said_about(document).warnings


def said_about(document: Json) -> Answer:
    return answer_to(document, hook=VALIDATE)


@ALL
@pytest.mark.parametrize("key", OF_PODS)
def test_what_pods_do_not_get_is_told_with_its_place(kind: str, key: str) -> None:
    answer = said_about(workload(kind, {key: OF_PODS[key]}))

    place = ".".join((*OTHERS[kind], "metadata", "annotations"))
    sentence = f"metadata.annotations[{OURS}{key}] reaches no pod: put it into {place}"
    assert [finding.message for finding in answer.findings] == [sentence]
    (warning,) = answer.warnings
    assert f"{OURS}{key}" in warning
    assert f" {place} " in warning
    assert not answer.pods_refused


@ALL
def test_what_both_say_needs_no_warning(kind: str) -> None:
    assert told(workload(kind, OF_PODS, OF_PODS)) == ()


@ALL
def test_what_differs_is_told_and_the_pods_follow_their_template(kind: str) -> None:
    document = workload(kind, {"env-from": "one"}, {"env-from": "two"})

    answer = said_about(document)

    assert [finding.message.partition("]")[2] for finding in answer.findings] == [
        f" reaches no pod: put it into {'.'.join((*OTHERS[kind], 'metadata', 'annotations'))}"
    ]
    assert not answer.pods_refused


def test_a_token_that_is_asked_for_beside_the_template_is_not_promised() -> None:
    asks = {"service-account-token": "true"}
    wanted = workload("Job", asks, automountServiceAccountToken=True)

    assert said_about(wanted).pods_refused
    assert not said_about(workload("Job", {}, asks, automountServiceAccountToken=True)).pods_refused


@ALL
@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("config-from", f"is for Deployments: name existing Secrets with {OURS}env-from instead"),
        ("file-keys", f"is for Deployments: name existing Secrets with {OURS}files-from instead"),
        ("egress", "is for Deployments: no network policy is made for this one"),
        ("ingress-from", "is for Deployments: no network policy is made for this one"),
    ],
)
@pytest.mark.parametrize("places", ["own", "template", "both"])
def test_what_is_for_deployments_is_told_once(
    kind: str, key: str, sentence: str, places: str
) -> None:
    asked = {key: "values"}
    own = asked if places != "template" else {}
    document = workload(kind, own, asked if places != "own" else {})

    answer = said_about(document)

    assert [finding.message.partition("] ")[2] for finding in answer.findings] == [sentence]
    # A pod of a ReplicaSet may be a Deployment's.
    assert answer.pods_refused == (places != "own" and kind != "ReplicaSet")


OWNED = sorted(OTHERS.keys() - {"PodTemplate"})


@pytest.mark.parametrize("kind", OWNED)
@pytest.mark.parametrize(
    "asked",
    [
        {"config-from": "values"},
        {"file-keys": "values"},
        {"egress": "203.0.113.0/24"},
        {"ingress-from": "metrics"},
        {"port": "80"},
        {"container": "nobody"},
        {"env-from": "A B"},
    ],
    ids=str,
)
@pytest.mark.parametrize("places", ["own", "template", "both"])
def test_feedback_and_pods_agree(kind: str, asked: Json, places: str) -> None:
    own = asked if places != "template" else {}
    created = ApiServer().create(workload(kind, own, asked if places != "own" else {}))

    made = ApiServer().create(pod_of(created.stored))

    feedback = [warning for warning in created.warnings if "pods will be refused" in warning]
    assert made.allowed == (not feedback), (feedback, made.message)
    assert created.warnings


def test_the_replica_set_of_a_deployment_has_what_its_deployment_asks() -> None:
    document = workload("ReplicaSet", {}, {"egress": "203.0.113.0/24", "config-from": "values"})
    owner = {"kind": "Deployment", "name": "tools", "controller": True}
    document["metadata"]["ownerReferences"] = [owner]

    assert told(document) == ()


@ALL
def test_no_service_is_made_for_a_port(kind: str) -> None:
    for document in (workload(kind, {"port": "80"}), workload(kind, {}, {"port": "80"})):
        (warning,) = told(document)
        assert warning.endswith("is for Deployments: no Service is made for this one (annotations)")


@ALL
def test_a_misspelled_key_is_told_once(kind: str) -> None:
    answer = said_about(workload(kind, {"env_from": "keys"}, {"env_from": "keys"}))

    (message,) = [finding.message for finding in answer.findings]
    assert message.endswith(f"[{OURS}env_from] is not read by this version: did you mean env-from?")


@pytest.mark.parametrize(
    "asked", [{"container": "sever"}, {"service-account-token": "yes"}, {"env_from": "keys"}]
)
@pytest.mark.parametrize("places", ["own", "template", "both"])
def test_a_deployment_is_told_once_at_the_place_that_was_written(asked: Json, places: str) -> None:
    annotations = _ours(asked)
    own = annotations if places != "template" else None
    template = {"annotations": annotations} if places != "own" else None

    answer = answer_to(deployment(annotations=own, template=template))

    (finding,) = [each for each in answer.findings if each.rule == "annotations"]
    assert finding.path.startswith("/spec" if places == "template" else "/metadata")


def test_containers_that_exist_are_named() -> None:
    containers = [{"name": name, "image": "example.test/a:1"} for name in ("server", "proxy")]
    answer = answer_to(deployment(annotations=_ours({"container": "sever"}), containers=containers))

    assert (
        f"  metadata.annotations[{OURS}container] names no container of the pod: "
        "there are server and proxy (annotations)\n"
    ) in answer.message
    assert "exception" not in answer.message.splitlines()[-2]
    assert answer.message.endswith(
        "correct these fields: there is no exception to the rule in brackets"
    )
