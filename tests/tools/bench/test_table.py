"""The printed run: goals first, each with its verdict."""

from dataclasses import replace

import pytest

from tools.bench import table
from tools.bench.results import Run


def test_each_goal_is_printed_met_or_not(run: Run) -> None:
    assert table.goals(run) == [
        "| figure | value  | goal   | met    | rounds     | what the value is |",
        "|--------|--------|--------|--------|------------|-------------------|",
        "| beside | 1.25 x | >= 1   | yes    | 1.2 to 1.3 | how               |",
        "| start  | 0.75 s | <= 0.5 | **no** |            |                   |",
    ]


def test_a_goal_in_doubt_is_unclear(run: Run) -> None:
    doubted = replace(run.figures[0], doubt="but a core was shared")

    (line,) = table.goals(replace(run, figures=(doubted,)))[2:]

    assert "| unclear |" in line
    assert line.endswith("| how; but a core was shared |")


def test_servers_under_load_come_a_server_a_line(run: Run) -> None:
    assert table.part(run, "direct") == [
        "| load                    | server | reviews/s | p99 ms |",
        "|-------------------------|--------|-----------|--------|",
        "| validate, 8 connections | floor  | 3,457     | 0.25   |",
    ]


def test_the_rest_comes_a_figure_a_line(run: Run) -> None:
    assert table.part(run, "life") == [
        "| figure       | value  | rounds | what the value is |",
        "|--------------|--------|--------|-------------------|",
        "| memory, idle | 48 MiB |        |                   |",
    ]


def test_a_part_that_was_not_measured_has_no_title(run: Run) -> None:
    printed = "\n".join(table.whole(run))

    assert "## Closed loop" in printed
    assert "## Through" not in printed
    assert "- versions: Python" in printed


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.01234, "0.0123"), (12.345, "12.3"), (12345.6, "12,346")]
)
def test_numbers_have_three_digits_or_no_fraction(value: float, text: str) -> None:
    assert table.number(value) == text


def test_no_rows_make_no_table() -> None:
    assert table.aligned(("figure",), []) == []
