"""Input that cannot be read is told in every format, and hides nothing that can be."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from tests.cli.conftest import Review
from tests.cli.documents import judged

pytestmark = pytest.mark.usefixtures("simple_engine")
WRITE = "write one, such as apiVersion: v1 and kind: Pod"
SCHEMA = Path(__file__).parent / "schema" / "sarif-2.1.0.json"
BAD = {
    "values": "replicaCount: 1\n",
    "broken": "a: 1\na: 2\n",
    "half": f"{judged('b')}---\nkind: Pod\n",
}
TOLD = [
    ("broken.yaml", 2, 'the key "a" stands on line 1 already: keep one'),
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


def test_the_last_line_counts_the_files_with_faults(review: Review) -> None:
    out = review(".", "--strict", ok=judged("a"), **BAD).out

    assert out.endswith("\n2 MCP servers: 2 admitted as they are; 3 files with bad input\n")


def test_a_review_of_other_objects_counts_them_too(review: Review) -> None:
    out = review(".", "--strict", map="{apiVersion: v1, kind: ConfigMap}", values=BAD["values"]).out

    assert out.startswith("no MCP server among 1 object; 1 file with bad input: label a workload")


def test_no_object_at_all_is_no_report_for_people(review: Review) -> None:
    for output in ("diff", "table", "yaml"):
        assert review("values.yaml", "--strict", "-o", output, **BAD).out == ""
    assert json.loads(review("values.yaml", "--strict", "-o", "json", **BAD).out)["results"] == []


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
        "b: [\n---\n\n\n\na: {{ x }}\n",
    ],
    ids=["quoted", "double-quoted", "comment", "behind-the-fault"],
)
def test_a_fault_beside_a_template_is_told_as_it_is(review: Review, text: str) -> None:
    assert "Helm" not in review("t.yaml", t=text).err
