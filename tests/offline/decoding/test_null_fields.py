"""What a null becomes is told, and what the cluster would store is what the rules see."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Review
from webhook.documents import reader
from webhook.offline.decoding import decoded, null_fields

Json = dict[str, Any]
SERVER = "mcp-admission.dev/server"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: a
  creationTimestamp: null
  labels:
    LABEL
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata:
      creationTimestamp: null
      labels:
        app: a
        TEMPLATE
    spec:
      containers:
        - name: main
          image: example.test/a:1
          FIELD
"""
MAIN = "containers[main]"


def deployment(
    field: str = "", label: str = f'{SERVER}: "true"', template: str = "tier: tools"
) -> str:
    return DEPLOYMENT.replace("FIELD", field).replace("LABEL", label).replace("TEMPLATE", template)


def test_a_null_opt_in_label_is_refused_with_its_line(review: Review) -> None:
    printed = review("d.yaml", d=deployment(label=f"{SERVER}:"))

    assert printed.code == 1
    assert "error    d.yaml:7: " in printed.out
    assert f'd.yaml:7: metadata.labels[{SERVER}] is null, which is stored as ""' in printed.out


def test_a_null_label_of_the_template_is_refused(review: Review) -> None:
    printed = review("d.yaml", d=deployment(template=f"{SERVER}:"))

    assert printed.code == 1
    assert "d.yaml:15: " in printed.out


def test_a_null_label_of_a_pod_is_refused(review: Review) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "labels": {SERVER: None}},
        "spec": {"containers": [{"name": "main"}]},
    }

    assert review("p.yaml", p=json.dumps(pod)).code == 1


ABSENT = "counts as absent"
NULLS = [
    ("resources: {requests: {memory: null}}", ".resources.requests.memory", "0", '"memory": "0"'),
    ("resources: {limits: {cpu: }}", ".resources.limits.cpu", "0", '"cpu": "0"'),
    ("args: [serve, null]", ".args[1]", '""', '["serve", ""]'),
    ("env: [null]", ".env[0]", "{}", ""),
    ("env:", ".env", ABSENT, ""),
    ("securityContext:", ".securityContext", ABSENT, '"drop": ["ALL"]'),
    ("securityContext: {runAsUser: }", ".securityContext.runAsUser", ABSENT, '"drop": ["ALL"]'),
]


@pytest.mark.parametrize(("field", "place", "becomes", "stored"), NULLS)
def test_a_null_is_reported_with_its_line(
    review: Review, field: str, place: str, becomes: str, stored: str
) -> None:
    printed = review("d.yaml", "-o", "json", d=deployment(field))
    what = becomes if becomes == ABSENT else f"is stored as {becomes}"
    message = f"{MAIN}{place} is null, which {what}"

    (result,) = json.loads(printed.out)["results"]
    found = [one for one in result["findings"] if one["message"].startswith(message)]
    assert [(one["severity"], one["line"]) for one in found] == [("warning", 20)]
    assert all(len(one["message"]) <= 120 for one in found)
    if stored:
        manifest = review("d.yaml", "-o", "yaml").out
        assert stored in json.dumps(reader.read_documents(manifest, "stored")[0].value)


def test_a_ceiling_sees_what_is_stored(review: Review) -> None:
    """A limit of null is one of 0, which is no limit at all."""
    settings = "mcpServerMaximums: {limits: {memory: 1Gi}}"

    def said(memory: str) -> list[str]:
        field = f"resources: {{limits: {{memory: {memory}}}, requests: {{memory: 2Gi}}}}"
        words = ("d.yaml", "--settings", "s.yaml", "-o", "json")
        (result,) = json.loads(review(*words, d=deployment(field), s=settings).out)["results"]
        return [one["message"] for one in result["findings"]]

    *same, told = said("null")
    assert same == said('"0"') != []
    assert told.startswith(f"{MAIN}.resources.limits.memory is null, which is stored as 0")


def test_what_every_tool_writes_is_not_reported(review: Review) -> None:
    assert "creationTimestamp is" not in review("d.yaml", d=deployment()).out


EMPTY: list[tuple[Json, Json]] = [
    ({"metadata": {"labels": {"a": None}}}, {"metadata": {"labels": {"a": ""}}}),
    ({"metadata": {"labels": None, "annotations": {}}}, {"metadata": {"annotations": {}}}),
    ({"spec": {"containers": [None]}}, {"spec": {"containers": [{}]}}),
    ({"spec": {"nodeSelector": {"a": None}}}, {"spec": {"nodeSelector": {"a": ""}}}),
    ({"spec": {"overhead": {"cpu": None}}}, {"spec": {"overhead": {"cpu": "0"}}}),
    (
        {"spec": {"securityContext": {"supplementalGroups": [None, 5]}}},
        {"spec": {"securityContext": {"supplementalGroups": [0, 5]}}},
    ),
    ({"spec": {"hostPID": None, "os": None, "volumes": None}}, {"spec": {}}),
    ({"spec": {"nobodyReads": None}}, {"spec": {"nobodyReads": None}}),
    ({"spec": {"containers": "text"}, "status": None}, {"spec": {"containers": "text"}}),
]


@pytest.mark.parametrize(("document", "expected"), EMPTY)
def test_nulls_are_decoded_as_the_api_server_does(document: Json, expected: Json) -> None:
    assert decoded(document, "Pod") == expected
    assert null_fields(decoded(document, "Pod"), "Pod") == []
    assert decoded(expected, "Pod") == expected


KEYS = (
    "metadata", "labels", "spec", "containers", "name", "resources", "requests", "args", "ports",
    "containerPort", "securityContext", "capabilities", "add", "nodeSelector", "unknown",
)  # fmt: skip
OBJECTS = st.dictionaries(
    st.sampled_from(KEYS),
    st.recursive(
        st.none() | st.text(max_size=2) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
        ),
        max_leaves=12,
    ),
)


@given(OBJECTS, st.sampled_from(["Pod", "PodTemplate"]))
def test_what_is_decoded_has_no_null_left_and_stays(document: Json, kind: str) -> None:
    before = json.dumps(document)

    once = decoded(document, kind)

    assert null_fields(once, kind) == []
    assert decoded(once, kind) == once
    assert json.dumps(document) == before
