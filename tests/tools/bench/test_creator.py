"""The words between the bench and the program that creates pods."""

import json
import sys
from pathlib import Path

import pytest

from tools.bench.creator import Answer, Creator, Job, Outcome

SAID = {
    "answers": [
        {"sent": 1_000, "answered": 3_500, "status": 201, "object": {"metadata": {"uid": "a"}}},
        {"sent": 2_000, "answered": 9_000, "status": 0, "error": "context deadline exceeded"},
    ],
    "opened": {"a": 4_000},
}


def program(folder: Path, body: str) -> Path:
    """A program in place of the creator."""
    found = folder / "creator"
    found.write_text(f"#!{sys.executable}\nimport json, sys\n{body}\n", encoding="utf-8")
    found.chmod(0o755)
    return found


def test_a_job_is_one_line_in_the_words_of_the_creator() -> None:
    job = Job(["/a", "/b"], {"kind": "Pod"}, 10, at_once=2, per_second=5.0, watch="/w", gate="g")

    assert "\n" not in job.line()
    assert json.loads(job.line()) == {
        "paths": ["/a", "/b"], "body": {"kind": "Pod"}, "count": 10, "atOnce": 2,
        "perSecond": 5.0, "watch": "/w", "gate": "g", "seconds": 0.0,
    }  # fmt: skip


def test_an_outcome_is_in_seconds() -> None:
    made, failed = Outcome.read(json.dumps(SAID)).answers

    assert (made.created, made.uid) == (True, "a")
    assert made.seconds == pytest.approx(0.0025)
    assert (failed.created, failed.too_late) == (False, True)
    assert Outcome.read(json.dumps(SAID)).opened == {"a": pytest.approx(0.004)}


@pytest.mark.parametrize(
    ("status", "message", "too_late"),
    [
        (500, 'failed calling webhook "x": context deadline exceeded', True),
        (504, "Timeout: request did not complete within the allotted timeout", True),
        (403, 'MCP server "timeout-tools" refused', False),
        (201, "", False),
    ],
)
def test_what_took_too_long_is_told_from_what_was_refused(
    status: int, message: str, *, too_late: bool
) -> None:
    assert Answer(0.0, 1.0, status, object={"message": message}).too_late is too_late


def test_one_program_does_job_after_job(tmp_path: Path) -> None:
    counts = "for line in sys.stdin:\n  asked = json.loads(line)\n"
    counts += "  print(json.dumps({'answers': [], 'opened': {str(asked['count']): 0}}), flush=True)"

    with Creator(program(tmp_path, counts), tmp_path / "kubeconfig") as creator:
        found = [creator.run(Job(["/a"], {}, count)).opened for count in (1, 2)]

    assert found == [{"1": 0.0}, {"2": 0.0}]


def test_a_program_that_has_ended_is_reported(tmp_path: Path) -> None:
    ends = program(tmp_path, "sys.stdin.readline(); sys.exit(3)")
    with (
        Creator(ends, tmp_path / "kubeconfig") as creator,
        pytest.raises(RuntimeError, match="status 3"),
    ):
        creator.run(Job(["/a"], {}, 1))
