"""The page about the fleet names every state, reason and key that programs read, and no other."""

import json
import re
from pathlib import Path

from tests.fleet.reports import REPORT
from webhook.fleet.report import REASONS
from webhook.fleet.roll import RestartResult
from webhook.fleet.unlabelled.recognisers import RECOGNISERS, Confidence
from webhook.health import CAUSES, STATES, cause_id
from webhook.reports.audit_report import AuditSource
from webhook.reports.formats import report_parts

PAGE = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table after a line that starts like this."""
    lines = PAGE[PAGE.index(heading) :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_states_and_reasons_are_all_there() -> None:
    told = [*rows("| reason | state |"), *rows("| cause | state |")]

    assert [row[0].strip("`") for row in rows("| state | |")] == list(STATES)
    assert {word.strip("`") for row in told for word in row[0].split(", ")} == REASONS.keys()
    assert {row[1].strip("`") for row in told} <= set(STATES)


def test_the_reasons_of_causes_are_in_a_table_of_their_own() -> None:
    told = [word for row in rows("| cause | state |") for word in row[0].split(", ")]

    assert sorted(word.strip("`") for word in told) == sorted(map(cause_id, CAUSES))


def test_every_confidence_is_explained_and_every_kind_of_trait_is_read_somewhere() -> None:
    told = [row[0].strip("`") for row in rows("| confidence | |")]
    read = " ".join(row[0] for row in rows("| read | examples"))

    assert told == [each.word for each in reversed(Confidence)]
    words = {"package": "command", "word": "command", "env": "variables"}
    assert {
        each.kind for each in RECOGNISERS if words.get(each.kind, each.kind) not in read
    } == set()


def test_every_end_is_explained() -> None:
    told = {row[0].strip("`") for row in rows("| it says | |")}

    assert told == {end.said for end in RestartResult} - {RestartResult.WOULD_ROLL.said}


def test_the_example_has_the_keys_that_are_written() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    example = json.loads(text)
    written = json.loads("".join(report_parts(AuditSource(REPORT), "json", colour=False)))

    assert example.keys() == written.keys()
    assert example["summary"].keys() == written["summary"].keys()
    server, finding = example["servers"][0], example["servers"][0]["findings"][0]
    changed = next(
        each for found in written["servers"] for each in found["findings"] if "field" in each
    )
    assert server.keys() == written["servers"][0].keys()
    assert finding.keys() == changed.keys()
    assert example["not_looked_at"][0].keys() == written["not_looked_at"][0].keys()
