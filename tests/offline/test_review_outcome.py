"""What becomes of an object below enforce and by an exception, in every report."""

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.cli.conftest import Review
from tests.offline.manifest_texts import DEPLOYMENT, REFUSED
from tests.offline.test_settings_documents import PRIVILEGED, exception

Json = dict[str, Any]
MODES = ("warn", "observe")
STATEFUL = (
    DEPLOYMENT.replace("kind: Deployment", "kind: StatefulSet").replace(
        "      labels: {app: github-tools}",
        '      labels: {app: github-tools, mcp-admission.dev/server: "true"}',
    )
    + "      hostNetwork: true\n"
)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "does"),
    [
        (PRIVILEGED, "refuse"),
        (DEPLOYMENT, "change"),
        (REFUSED, "refuse"),
    ],
)
def test_below_enforce_an_object_passes_as_it_is_and_enforce_is_told(
    review: Review, mode: str, text: str, does: str
) -> None:
    files = {"d": text, "s": f"mode: {mode}\n"}
    words = ("d.yaml", "--settings", "s.yaml")

    printed = review(*words, **files)
    assert (printed.code, printed.err) == (0, "")
    assert f": admitted as it is in the mode {mode}; enforce would {does} it\n" in printed.out
    warned = ", 1 warning" if does == "refuse" else ""
    assert printed.out.endswith(f"1 admitted that enforce would {does}{warned}\n")
    assert "callers from now on" not in printed.out
    assert "its pods get" not in printed.out
    assert review(*words, "-o", "table").out.split("\n")[1].startswith(f"would {does}   ")
    assert yaml.safe_load(review(*words, "-o", "yaml").out) == yaml.safe_load(text)
    (result,) = json.loads(review(*words, "-o", "json").out)["results"]
    assert (result["mode"], result["would"], result["patch"]) == (mode, f"would-{does}", [])
    assert {each["severity"] for each in result["findings"]} <= {"warning"}
    assert "results" in json.loads(review(*words, "-o", "sarif").out)["runs"][0]
    assert ET.fromstring(review(*words, "-o", "junit").out).attrib["failures"] == "0"


def test_what_enforce_would_refuse_says_so_as_a_warning(review: Review) -> None:
    printed = review("d.yaml", "--as", "warn", d=PRIVILEGED)

    assert "  warning  d.yaml:16: would be refused: containers[main].securityContext" in printed.out
    assert review("d.yaml", "--as", "warn", "--fail-on", "warning").code == 1
    (run,) = json.loads(review("d.yaml", "--as", "warn", "-o", "sarif").out)["runs"]
    assert [result["level"] for result in run["results"]] == ["warning"]


def test_pods_that_enforce_would_refuse_are_told(review: Review) -> None:
    enforced = review("d.yaml", d=STATEFUL)
    printed = review("d.yaml", "--as", "observe")

    assert enforced.code == 1
    assert printed.code == 0
    assert "pods would be refused: hostNetwork must be false (host-namespaces)" in printed.out


def test_a_mode_can_be_asked_for_whatever_is_set(review: Review) -> None:
    files = {"d": PRIVILEGED, "s": "mode: observe\n"}
    settled = review("d.yaml", "--settings", "s.yaml", **files)
    enforced = review("d.yaml", "--settings", "s.yaml", "--as", "enforce")

    assert (settled.code, enforced.code) == (0, 1)
    assert enforced.out == review("d.yaml").out


def test_below_enforce_nothing_is_made(review: Review) -> None:
    words = ("d.yaml", "--show-objects", "-o", "json", "--managed")
    made = [
        json.loads(review(*words, "--as", mode, d=DEPLOYMENT).out)["results"][0]["objects"]
        for mode in ("enforce", *MODES)
    ]

    assert made[0]
    assert made[1:] == [[], []]


def test_what_the_api_server_refuses_is_refused_in_every_mode(review: Review) -> None:
    text = PRIVILEGED.replace("runAsUser: 0", "runAsUser: root")
    printed = review("d.yaml", "--as", "observe", d=text)

    assert printed.code == 1
    assert ": Deployment default/github-tools: refused\n" in printed.out


@pytest.mark.parametrize("output", ["diff", "table", "json", "sarif", "junit", "yaml"])
def test_every_report_says_what_was_excepted(review: Review, output: str) -> None:
    words = ("d.yaml", "--exceptions", "e.yaml", "-n", "team-a", "-o", output)
    printed = review(*words, d=PRIVILEGED, e=exception())

    assert printed.code == 0
    said = printed.err if output == "yaml" else printed.out
    assert ("run-as-user (excepted)" if output == "table" else "by runs-as-root") in said
    if output == "json":
        report = json.loads(printed.out)
        assert report["summary"]["excepted"] == 1
        assert [each.get("exception") for each in report["results"][0]["findings"]] == [
            "runs-as-root"
        ]
    if output == "sarif":
        (result,) = json.loads(printed.out)["runs"][0]["results"]
        assert result["suppressions"] == [
            {"kind": "external", "justification": "MCPServerException runs-as-root"}
        ]
