"""A label or an annotation of ours that nobody reads is told, with what was meant."""

import pytest

from tests.admission.case import SERVER, VALIDATE, Json, answer_to, deployment, pod
from tests.in_memory.api_server import ApiServer

OURS = "mcp-admission.dev/"
ANNOTATIONS = [
    ("config_from", "is not read by this version: did you mean config-from?"),
    ("Env-From", "is not read by this version: did you mean env-from?"),
    ("envfrom", "is not read by this version: did you mean env-from?"),
    ("ingres-from", "is not read by this version: did you mean ingress-from?"),
    ("service_account_token", "is not read by this version: did you mean service-account-token?"),
    ("server", "is not read: it is a label"),
    ("gateway", "is not read: it is a label"),
    ("zzz", "is not read by this version"),
    ("z" * 5000, "is not read by this version"),
]
LABELS = [
    ("sever", "is not read by this version: did you mean server?"),
    ("Server", "is not read by this version: did you mean server?"),
    ("managed", "is read on namespaces alone"),
    ("env-from", "is not read: it is an annotation"),
    ("zzz", "is not read by this version"),
]


@pytest.mark.parametrize(("key", "sentence"), ANNOTATIONS)
def test_a_misspelled_annotation_gets_a_warning(key: str, sentence: str) -> None:
    answer = answer_to(pod(annotations={OURS + key: "x"}))

    assert [finding.message for finding in answer.findings] == [
        f"metadata.annotations[{OURS}{key}] {sentence}"
    ]
    assert answer.allowed


@pytest.mark.parametrize(("key", "sentence"), LABELS)
@pytest.mark.parametrize("of_template", [True, False])
def test_labels_of_a_server(key: str, sentence: str, *, of_template: bool) -> None:
    stray = {OURS + key: "x"}
    document = deployment(
        labels={SERVER: "true", **({} if of_template else stray)},
        template={"labels": {"app": "tools", **(stray if of_template else {})}},
    )

    outcome = ApiServer().create(document)

    place = "spec.template.metadata" if of_template else "metadata"
    (answer,) = {tuple(each.message for each in one.findings) for one in outcome.answers}
    assert answer == (f"{place}.labels[{OURS}{key}] {sentence}",)


def test_the_labels_of_a_gateway_are_read() -> None:
    assert answer_to(pod(labels={SERVER: "true", OURS + "gateway": "true"})).warnings == ()


NO_SERVER = [
    (pod(labels={OURS + "sever": "true"}), "metadata.labels"),
    (deployment(labels={OURS + "sever": "true"}), "metadata.labels"),
    (
        deployment(labels={}, template={"labels": {"app": "tools", OURS + "sever": "true"}}),
        "spec.template.metadata.labels",
    ),
    ({**deployment(labels={OURS + "sever": "true"}), "kind": "StatefulSet"}, "metadata.labels"),
]


@pytest.mark.parametrize(("document", "place"), NO_SERVER)
def test_what_was_meant_to_be_a_server_is_told_that_it_is_none(document: Json, place: str) -> None:
    for answer in (answer_to(document), answer_to(document, hook=VALIDATE)):
        assert answer.allowed
        assert not answer.covered
        assert answer.operations == ()
        assert [finding.message for finding in answer.findings] == [
            f"{place}[{OURS}sever] is not read by this version: did you mean server?"
        ]


@pytest.mark.parametrize(
    "key",
    [
        "mcp-admission/server",
        "mcp-admission.io/server",
        "mcp-admision.dev/server",
        "MCP-Admission.dev/server",
        "mcp_admission.dev/server",
    ],
)
def test_a_misspelled_domain_is_told(key: str) -> None:
    answer = answer_to(pod(labels={key: "true"}))

    assert not answer.covered
    (finding,) = answer.findings
    assert key in finding.message
    assert finding.message.endswith(f" is not read: did you mean {SERVER}?")


@pytest.mark.parametrize(
    "key",
    [
        "app.kubernetes.io/name",
        "mcp.example.com/server",
        "admission.example.com/server",
        "mcp-admission.io/tier",
        "server",
        f"{'m' * 5000}/server",
    ],
)
def test_domains_of_others_are_theirs(key: str) -> None:
    assert answer_to(pod(labels={key: "true"})).findings == ()


@pytest.mark.parametrize("kind", ["Pod", "Deployment", "StatefulSet"])
def test_the_label_as_an_annotation_opts_nothing_in(kind: str) -> None:
    asked = {SERVER: "true"}
    document = (
        pod(labels={}, annotations=asked)
        if kind == "Pod"
        else {**deployment(labels={}, annotations=asked), "kind": kind}
    )

    answer = answer_to(document)

    assert (answer.allowed, answer.covered) == (True, False)
    assert answer.warnings == (
        f"metadata.annotations[{SERVER}] is not read: it is a label (identity)",
    )


def test_others_are_left_alone_without_a_word() -> None:
    assert answer_to(pod(labels={"app": "x"})).findings == ()
