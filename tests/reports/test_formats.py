"""Every format tells the same small review, as tests/cli/golden has it."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Review
from webhook.reports import review_items

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
INPUT = (GOLDEN / "input.yaml").read_text(encoding="utf-8")

ADVICE = (
    "  remove or correct these fields, or ask the cluster administrator for an exception to the "
    "rule in brackets: mcp-admission exception draft"
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
        f"{ADVICE} pod/bridge -n default",
        "input.yaml:47: Job default/nightly: admitted as it is, but its pods would be refused",
        (
            "  warning  input.yaml:55: pods will be refused: hostNetwork must be false "
            "(host-namespaces)"
        ),
        f"{ADVICE} job/nightly -n default",
    ]


@pytest.mark.parametrize("output", ["diff", "table", "json", "junit", "sarif"])
def test_other_formats_say_everything_on_stdout(review: Review, output: str) -> None:
    assert review("input.yaml", "-o", output, input=INPUT).err == ""


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


def test_no_terminal_is_written_to_by_a_manifest(review: Review) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "\x1b[31mred", "labels": {"mcp": "refused"}},
    }
    printed = review("pod.yaml", pod=json.dumps(pod))

    assert "\x1b" not in printed.out
    assert "Pod default/ [31mred: refused" in printed.out


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
