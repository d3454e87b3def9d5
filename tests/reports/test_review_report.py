"""The last line of a review counts every object and every file with bad input."""

import json

import pytest

from tests.cli.conftest import Review
from tests.offline.manifest_texts import judged

pytestmark = pytest.mark.usefixtures("simple_engine")
BAD = {
    "values": "replicaCount: 1\n",
    "broken": "a: 1\na: 2\n",
    "half": f"{judged('b')}---\nkind: Pod\n",
}


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
