"""`mcp-admission rules`: complete in every format, and what docs/rules.md is made from."""

import json
from pathlib import Path

import pytest
import yaml

from webhook.cli.main import main
from webhook.rules.registry import RULES

DOCUMENT = Path(__file__).parents[2] / "docs" / "rules.md"


def printed(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["rules", *options]) == 0
    return capsys.readouterr().out


def test_the_table_lists_every_rule(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    heading, blank, *lines = printed(capsys).splitlines()

    assert heading.split("  ")[0] == "RULE"
    assert blank == ""
    assert [line.split(" ")[0] for line in lines if line[:1].strip()] == [r.id for r in RULES]
    assert max(map(len, lines)) <= 110


def test_json_has_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, "-o", "json"))

    assert [rule["id"] for rule in found] == [rule.id for rule in RULES]
    (capabilities,) = (rule for rule in found if rule["id"] == "capabilities")
    assert capabilities["absent"] == "drop [ALL]"
    assert capabilities["level"] == "baseline"
    assert set(capabilities) == {"id", "summary", "field", "absent", "refused", "source", "level"}


def test_yaml_says_what_json_says(capsys: pytest.CaptureFixture[str]) -> None:
    made = json.loads(printed(capsys, "-o", "json"))

    assert yaml.safe_load(printed(capsys, "-o", "yaml")) == made


def test_the_named_rules_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    both = printed(capsys, "seccomp-profile", "capabilities")

    parts = both.split("\n\n")
    assert [part.partition(":")[0] for part in parts] == ["seccomp-profile", "capabilities"]
    assert "  Filled in when absent: drop [ALL]\n" in parts[1]
    assert "  Asked for at:          baseline\n" in parts[1]
    found = json.loads(printed(capsys, "capabilities", "-o", "json"))
    assert [rule["id"] for rule in found] == ["capabilities"]


def test_markdown_says_what_is_not_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "-o", "markdown")

    assert "| Filled in when absent | drop \\[ALL\\] |" in text
    assert "| Asked for at | every level |" in text


def test_the_documentation_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    made = printed(capsys, "-o", "markdown")

    assert DOCUMENT.read_text(encoding="utf-8") == made, "run: make docs"
