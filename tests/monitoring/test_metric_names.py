"""Dashboards, alerts and pages name metrics that there are, with labels that these have."""

from pathlib import Path

import pytest

from tests.monitoring.queries import SUFFIX, alerts, known, panels, selectors, unknown
from tools.chart.helm import Helm

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in (ROOT / "docs").glob("*.md"))


def test_panels_show_metrics_that_there_are(helm: Helm) -> None:
    assert {name: unknown(selectors(query)) for name, query in panels(helm)} == {
        name: set() for name, _ in panels(helm)
    }


def test_alerts_are_about_metrics_that_there_are(helm: Helm) -> None:
    assert {name: unknown(selectors(rule["expr"])) for name, rule in alerts(helm).items()} == {
        name: set() for name in alerts(helm)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_name_metrics_that_there_are(page: Path) -> None:
    assert unknown(selectors(page.read_text(encoding="utf-8"))) == set()


def test_every_metric_is_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = {SUFFIX.sub("", each.metric) for each in selectors(text)}

    assert {name for name in known() if name.startswith("mcp_")} - named == set()
