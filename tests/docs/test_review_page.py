"""docs/review.md names every option, format and exit code of `review`, and its examples parse."""

import re
from pathlib import Path

import pytest
import yaml

from webhook.cli.main import main
from webhook.reports.formats import REVIEW_FORMATS

PAGE = Path("docs/review.md").read_text(encoding="utf-8")


@pytest.fixture
def help_text(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        main(["review", "--help"])
    return capsys.readouterr().out


def test_every_option_stands_in_the_help_and_those_of_the_page_exist(help_text: str) -> None:
    said = set(re.findall(r"mcp-admission review[^\n`]*", PAGE))
    options = {word for line in said for word in re.findall(r"(?<= )--?[a-z][-a-z]*", line)}

    assert options
    assert {option for option in options if option not in help_text} == set()
    for option in ("--exclude", "--strict", "--render", "--settings", "--fail-on"):
        assert option in PAGE
        assert option in help_text


def test_every_format_has_a_row() -> None:
    assert re.findall(r"^\| `([a-z]+)`[^|]*\|", PAGE, re.MULTILINE)[-len(REVIEW_FORMATS) :] == list(
        REVIEW_FORMATS
    )


def test_the_help_fits_a_terminal(help_text: str) -> None:
    assert max(map(len, help_text.splitlines())) <= 100


def test_yaml_of_the_review_page_can_be_parsed() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert [list(yaml.safe_load(block)) for block in blocks] == [["repos"], ["jobs"]]
