"""Input that cannot be read is told in every format, and hides nothing that can be."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from tests.cli.conftest import Review
from tests.offline.manifest_texts import judged

pytestmark = pytest.mark.usefixtures("simple_engine")
WRITE = "write one, such as apiVersion: v1 and kind: Pod"
SCHEMA = Path(__file__).parent / "schema" / "sarif-2.1.0.json"
BAD = {
    "values": "replicaCount: 1\n",
    "broken": "a: 1\na: 2\n",
    "half": f"{judged('b')}---\nkind: Pod\n",
}
TOLD = [
    ("broken.yaml", 2, 'the key "a" stands on line 1 already: keep one (kubectl takes the last)'),
    ("half.yaml", 7, f"this is no Kubernetes object, it has no apiVersion: {WRITE}"),
    ("values.yaml", 1, f"this is no Kubernetes object, it has no apiVersion: {WRITE}"),
]
SENTENCES = "".join(f"{source}:{line}: {sentence}\n" for source, line, sentence in TOLD)


READ = {
    "diff": ["half.yaml:1: Pod default/b: admitted as it is", "ok.yaml:1: Pod default/a: "],
    "table": ["half.yaml#1", "ok.yaml#1"],
    "yaml": ["  name: b\n", "  name: a\n"],
    "json": ['"name": "b"', '"name": "a"'],
    "junit": ['name="Pod default/b"', 'name="Pod default/a"'],
    "sarif": ['"uri": "refused.yaml"'],
}


@pytest.mark.parametrize("output", READ)
def test_what_cannot_be_read_hides_nothing_else(review: Review, output: str) -> None:
    refused = judged("r", "refused")

    printed = review(".", "--strict", "-o", output, ok=judged("a"), refused=refused, **BAD)

    assert printed.code == 2
    assert printed.err.endswith(SENTENCES)
    for text in READ[output]:
        assert text in printed.out


BROKEN = [
    pytest.param("kind: Pod\nkind: Pod\n", 8, id="keys-twice"),
    pytest.param("x: &x {}\ny:\n  <<: *x\n  <<: *x\n", 10, id="merge-keys-twice"),
    pytest.param("x: 1\n<<: {x: 2}\n", 8, id="merge-key-below-its-key"),
    pytest.param("x: !foo 1\n", 7, id="tag"),
    pytest.param("x: 1\ny: [1, \n", 8, id="syntax"),
    pytest.param("x:\n\ty: 1\n", 8, id="tab"),
    pytest.param("x: \0\n", 7, id="binary"),
    pytest.param("x: .inf\n", 7, id="infinity"),
    pytest.param("%YAML 1.1\n", 7, id="directive"),
    pytest.param("...\nkind: Pod\n", 7, id="end-mark"),
    pytest.param("x: " + "[" * 101 + "]" * 101, 7, id="depth"),
    pytest.param("apiVersion: v1\n", 7, id="no-kind"),
]


@pytest.mark.parametrize(("text", "line"), BROKEN)
def test_a_document_with_a_fault_hides_no_other(review: Review, text: str, line: int) -> None:
    all_three = f"{judged('a')}---\n{text}\n---\n\ufeff{judged('b')}"

    printed = review("all.yaml", "-o", "json", all=all_three)

    assert printed.code == 2
    report = json.loads(printed.out)
    assert [(result["source"], result["name"]) for result in report["results"]] == [
        ("all.yaml#1", "a"),
        ("all.yaml#3", "b"),
    ]
    assert [(error["source"], error["line"]) for error in report["errors"]] == [("all.yaml", line)]
    assert printed.err.startswith(f"all.yaml:{line}: ")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("line", ["--- {}", "--- text", "-----BEGIN CERTIFICATE-----", "--- |"])
def test_text_beside_a_separator_hides_no_other_document(review: Review, line: str) -> None:
    printed = review(
        "all.yaml", "-o", "json", all=f"{judged('a')}{line}\nx: 1\n--- # c\n{judged('b')}"
    )

    assert printed.code == 2
    assert [result["name"] for result in json.loads(printed.out)["results"]] == ["a", "b"]
    assert printed.err.startswith("all.yaml:6: kubectl accepts nothing but a comment on a line")


def test_a_value_with_a_fault_hides_no_other_in_a_stream_of_json(review: Review) -> None:
    def pod(name: str, more: str = "") -> str:
        metadata = f'"metadata": {{"name": "{name}", "labels": {{"mcp": "compliant"}}}}'
        return f'{{"apiVersion": "v1", "kind": "Pod",\n{metadata}{more}}}\n'

    text = pod("a") + pod("x", ',\n"kind": "Pod"') + pod("b")

    printed = review("all.yaml", "-o", "json", all=text)

    assert printed.code == 2
    assert sorted(result["name"] for result in json.loads(printed.out)["results"]) == ["a", "b"]
    assert printed.err.startswith('all.yaml:5: the key "kind" stands on line 3 already: keep one')


def test_json_has_the_faults(review: Review) -> None:
    report = json.loads(review(".", "--strict", "-o", "json", ok=judged("a"), **BAD).out)

    assert [result["name"] for result in report["results"]] == ["b", "a"]
    assert report["errors"] == [
        {"source": source, "line": line, "message": sentence} for source, line, sentence in TOLD
    ]
    assert report["summary"]["unreadable"] == 3


def test_junit_has_the_faults(review: Review) -> None:
    root = ET.fromstring(review(".", "--strict", "-o", "junit", ok=judged("a"), **BAD).out)

    assert root.attrib == {
        "name": "mcp-admission",
        "tests": "5",
        "failures": "0",
        "skipped": "0",
        "errors": "3",
    }
    assert [error.text for error in root.iter("error")] == SENTENCES.splitlines()


def test_sarif_has_the_faults(review: Review) -> None:
    log = json.loads(review(".", "--strict", "-o", "sarif", ok=judged("a"), **BAD).out)
    jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(log)
    (run,) = log["runs"]

    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [
        (
            notice["level"],
            notice["message"]["text"],
            notice["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for notice in invocation["toolExecutionNotifications"]
    ] == [("error", sentence, line) for _, line, sentence in TOLD]


TEMPLATE = (
    "this is a Helm template that is not rendered: review what it becomes, with "
    "helm template CHART | mcp-admission review -"
)
HELM = [
    pytest.param("{{- if .Values.on }}\napiVersion: v1\nkind: Pod\n{{- end }}\n", 1, id="first"),
    pytest.param("kind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n", 3, id="value"),
    pytest.param("kind: Pod\nspec:\n  {{- toYaml .Values.spec | nindent 2 }}\n", 3, id="block"),
    pytest.param('a: b\nlabels:\n  {{- include "l" . | nindent 4 }}\n  c: d\n', 3, id="labels"),
    pytest.param("{{/* a comment */}}\nkind: Pod\n", 1, id="comment"),
    pytest.param("kind: Pod\nreplicas: {{ .Values.replicas }}\n", 2, id="number"),
]


@pytest.mark.parametrize(("text", "line"), HELM)
def test_an_unrendered_helm_template(review: Review, text: str, line: int) -> None:
    printed = review("t.yaml", t=text)

    assert printed == (2, "", f"t.yaml:{line}: {TEMPLATE}\n")


@pytest.mark.parametrize(
    "text",
    [
        "a: '{{ x }}'\nb: [\n",
        'a: "{{ x }}"\nb: [\n',
        "# {{ x }}\nb: [\n",
    ],
    ids=["quoted", "double-quoted", "comment"],
)
def test_a_fault_beside_a_template_is_reported_as_it_is(review: Review, text: str) -> None:
    assert "Helm" not in review("t.yaml", t=text).err


def test_a_document_with_an_action_is_a_template_and_no_other(review: Review) -> None:
    text = f"x: {{{{ a }}}}\n---\nb: [\n---\n{judged('a')}---\nx: {{{{ c }}}}\n"

    printed = review("t.yaml", "-o", "json", t=text)

    assert [result["name"] for result in json.loads(printed.out)["results"]] == ["a"]
    first, second, third = printed.err.splitlines()
    assert first == f"t.yaml:1: {TEMPLATE}"
    assert second.startswith("t.yaml:3: this is not YAML: ")
    assert third == f"t.yaml:11: {TEMPLATE}"
