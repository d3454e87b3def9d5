"""Each alert has its paragraph, each paragraph its alert, and what it says to run can be run."""

import re
import shlex
from pathlib import Path

import pytest

from tests.monitoring.queries import alerts, dashboards
from tools.chart.helm import Helm
from webhook.cli.main import whole_parser

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "runbooks.md").read_text(encoding="utf-8")
MONITORING = (DOCS / "monitoring.md").read_text(encoding="utf-8")
SECTIONS = dict(
    section.split("\n", 1) for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
)
NO_ALERT = SECTIONS.pop("Without an alert")
PARTS = ("**Users feel**", "**Look at**", "**Mend**")
BUILT_IN_PAGE = "docs/runbooks.md"


def test_every_alert_has_its_paragraph_and_every_paragraph_its_alert(helm: Helm) -> None:
    assert list(SECTIONS) == list(alerts(helm))


@pytest.mark.parametrize("name", SECTIONS)
def test_a_paragraph_says_how_bad_it_is_what_is_felt_and_what_to_do(helm: Helm, name: str) -> None:
    severity = alerts(helm)[name]["labels"]["severity"]

    text = SECTIONS[name].strip()
    assert text.startswith(f"**{severity.capitalize()}.** ")
    places = [text.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)
    assert "\n    kubectl " in text


@pytest.mark.parametrize("text", NO_ALERT.split("\n### ")[1:])
def test_what_has_no_alert_says_what_is_felt_and_what_to_do(text: str) -> None:
    places = [text.find(part) for part in PARTS]

    assert -1 not in places
    assert places == sorted(places)
    assert re.search("\n    (kubectl|mcp-admission) ", text)


def test_an_alert_says_what_is_wrong_and_where_to_read_on(helm: Helm) -> None:
    for name, rule in alerts(helm).items():
        said = rule["annotations"]
        assert said.keys() == {"summary", "description", "runbook_url"}
        assert said["runbook_url"] == f"{BUILT_IN_PAGE}#{name.lower()}"
        assert said["summary"][-1] != "."
        assert said["description"][-1] == "."


def test_where_the_page_is_can_be_said(helm: Helm) -> None:
    values = {"metrics": {"rules": {"enabled": True, "runbooks": "https://runbooks.example/a.md"}}}
    (rule,) = (each for each in helm.objects(values) if each["kind"] == "PrometheusRule")

    said = [each["annotations"] for group in rule["spec"]["groups"] for each in group["rules"]]
    begin = {each["runbook_url"].partition("#")[0] for each in said}
    assert begin == {"https://runbooks.example/a.md"}


def test_commands_of_the_product_are_understood() -> None:
    commands = re.findall(r"(?:^    |`)(mcp-admission [a-z][^`\n]+)", PAGE, re.MULTILINE)

    assert len(commands) >= 8
    for command in commands:
        whole_parser().parse_args(shlex.split(command, comments=True)[1:])


def test_every_dashboard_is_on_the_page(helm: Helm) -> None:
    titles = re.findall(r"^\| `(mcp-admission / .*?)` \|", MONITORING, re.MULTILINE)

    assert sorted(titles) == sorted(each["title"] for each in dashboards(helm).values())
