"""The heads of the rules: every rule has one, and it is read as it is written."""

import pytest

from webhook.rules.registry import RULES
from webhook.rules.rule import Rule
from webhook.rules.specification import Specification, parse_head, specification

HEAD = """A summary
over two lines.

Field    one
Absent   two
         and more
Refused  three; a word: with a colon
Source   four

Something else that readers of the code want to know.
"""


def test_a_head_is_read_with_its_continuation_lines() -> None:
    assert parse_head("example", HEAD) == Specification(
        id="example",
        summary="A summary over two lines.",
        field="one",
        absent="two and more",
        refused="three; a word: with a colon",
        source="four",
    )


@pytest.mark.parametrize(
    "head",
    [
        "",
        "A summary.",
        HEAD.replace("Source   four\n", ""),
        HEAD.replace("Field    one\n", "Field    one\nField    two\n"),
        HEAD.replace("Absent ", "Absence"),
        HEAD.replace("Field    one\nAbsent   two\n         and more", "Absent   two\nField    one"),
        HEAD.replace("Field    one\n", " Field    one\n"),
        HEAD.replace("Absent   two\n         and more\n", "Absent\n"),
    ],
)
def test_a_head_without_one_of_its_parts_is_refused(head: str) -> None:
    with pytest.raises(ValueError, match="the head of rule example must have the parts Field, Abs"):
        parse_head("example", head)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_head(rule: Rule) -> None:
    found = specification(rule)

    assert found.id == rule.id
    assert all(found), "no part is empty"
    assert found.summary.endswith(".")
    assert [words for _, words in found.details()] == list(found[2:])
