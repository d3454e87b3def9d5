"""docs/coverage.md names tests and rules that exist, and proves every line."""

import ast
import re
from pathlib import Path

import pytest

from webhook.rules.registry import RULES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "coverage.md").read_text()
HEADS = ("proof", "---")


def rows(text: str) -> list[list[str]]:
    """The cells of the tables, without their heads."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in line] for line in lines]
    return [cells for cells in table if cells[-1] not in HEADS]


ROWS = rows(PAGE)
NAMED = sorted(
    {found for row in ROWS for found in re.findall(r"`([\w/]+/test_\w+)::(\w+)`", row[-1])}
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_line_is_proven(row: list[str]) -> None:
    assert len(row) == 3
    assert re.fullmatch(r"`[\w/]+/test_\w+::\w+`(, `[\w/]+/test_\w+::\w+`)*", row[2])


@pytest.mark.parametrize(("module", "name"), NAMED, ids=["::".join(named) for named in NAMED])
def test_a_named_test_exists(module: str, name: str) -> None:
    tree = ast.parse((ROOT / "tests" / f"{module}.py").read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)

    assert f"test_{name}" in {node.name for node in tree.body if isinstance(node, functions)}


def test_every_rule_is_said_to_cover_something() -> None:
    covered = rows(PAGE.partition("\n## Covered")[2].partition("\n## ")[0])

    assert sorted(rule.id for rule in RULES) == sorted(
        {rule for row in covered for rule in re.findall(r"`([a-z-]+)`", row[1])}
    )


def test_links_of_the_coverage_page_lead_to_files() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (ROOT / "docs" / link).exists()
