"""`mcp-admission review manifests/examples`, as somebody who has cloned the repository types it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.examples.by_default import BY_DEFAULT

ROOT = Path(__file__).parents[2]
EXAMPLES = "manifests/examples"
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("OBOT_")}
REVIEWED = [row for row in BY_DEFAULT if row.answer != "passes"]
PODS_REFUSED = [row for row in REVIEWED if row.answer != "refused" and row.pods_refused_by]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "webhook", "review", EXAMPLES, *words]
    return subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def report() -> Any:
    finished = run("--output", "json")
    assert finished.returncode == 1
    return json.loads(finished.stdout)


def test_the_review_command_counts_the_refused_examples(report: Any) -> None:
    refused = [row for row in REVIEWED if row.answer == "refused"]
    assert report["summary"] == {
        "reviewed": len(REVIEWED),
        "admitted": len(REVIEWED) - len(refused),
        "changed": sum(row.answer == "filled" for row in REVIEWED),
        "refused": len(refused),
        "pods_refused": len(PODS_REFUSED),
        "warnings": sum(len(row.warned_by) for row in REVIEWED),
        "other": len(BY_DEFAULT) - len(REVIEWED),
        "unreadable": 0,
        "passed_over": 0,
        "excepted": 0,
        "would_refuse": 0,
        "would_change": 0,
    }


def test_the_review_command_prints_the_findings_of_the_examples(report: Any) -> None:
    expected = {f"{EXAMPLES}/{row.source}": (row.refused_by, row.warned_by) for row in REVIEWED}

    def rules(result: Any, severity: str) -> tuple[str, ...]:
        return tuple(
            finding["rule"] for finding in result["findings"] if finding["severity"] == severity
        )

    assert expected == {
        result["source"]: (rules(result, "error"), rules(result, "warning"))
        for result in report["results"]
        if result["source"] in expected
    }


def test_the_review_command_prints_every_refusal_for_people() -> None:
    finished = run()

    assert finished.returncode == 1
    assert finished.stderr == ""
    assert "containers[bridge].securityContext.runAsUser must be a UID other than 0" in (
        finished.stdout
    )
