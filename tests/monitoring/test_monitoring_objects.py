"""What the chart renders for Grafana and the Prometheus operator, and only when it is asked."""

import itertools
import re

import pytest

from tests.chart.value_sets import VALUE_SETS
from tests.monitoring.queries import ON, Json, alerts, dashboards
from tools.chart.helm import NAMESPACE, Helm
from tools.chart.panels import DASHBOARDS

DAY = 24 * 60 * 60
UNITS = {"short", "s", "bytes", "reqps", "percentunit", "bool_yes_no"}


def made(helm: Helm, values: Json) -> list[Json]:
    """What is rendered with these values, and not without."""
    usual = helm.objects({})
    return [each for each in helm.objects(values) if each not in usual]


def ends(helm: Helm, days: int) -> float:
    """How many days before its end a certificate raises an alert."""
    values = {"metrics": ON["metrics"], "certificates": {"days": days}}
    (rule,) = (each for each in helm.objects(values) if each["kind"] == "PrometheusRule")
    rules = [each for group in rule["spec"]["groups"] for each in group["rules"]]
    (expr,) = (each["expr"] for each in rules if each["alert"] == "MCPAdmissionCertificateEnds")
    return int(re.sub(r".*< ", "", expr, flags=re.DOTALL)) / DAY


def test_without_being_asked_for_there_is_none_of_it(helm: Helm) -> None:
    off = {"metrics": {"dashboards": {"enabled": False}, "rules": {"enabled": False}}}

    assert helm.rendered(off) == helm.rendered()
    assert "PrometheusRule" not in helm.rendered()
    assert "grafana" not in helm.rendered()


def test_dashboards_are_config_maps_that_the_sidecar_finds(helm: Helm) -> None:
    found = [each for each in made(helm, ON) if each["kind"] == "ConfigMap"]

    assert sorted(each["metadata"]["name"] for each in found) == sorted(
        f"mcp-admission-dashboard-{name}" for name in DASHBOARDS
    )
    for each in found:
        assert each["metadata"]["namespace"] == NAMESPACE
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert "annotations" not in each["metadata"]


def test_namespace_labels_and_annotations_are_those_of_the_values(helm: Helm) -> None:
    found = {each["kind"]: each["metadata"] for each in made(helm, VALUE_SETS["monitoring"])}

    dashboard, rule = found["ConfigMap"], found["PrometheusRule"]
    assert dashboard["namespace"] == "monitoring"
    assert dashboard["annotations"] == {"grafana_folder": "mcp-admission"}
    assert rule["namespace"] == NAMESPACE
    assert rule["labels"]["release"] == "prometheus"


def test_a_certificate_that_lives_shorter_raises_its_alert_later(helm: Helm) -> None:
    assert [ends(helm, days) for days in (90, 30, 6, 1)] == [15, 5, 1, 1 / 6]


def test_alerts_have_a_severity_that_people_route_by(helm: Helm) -> None:
    severities = {rule["labels"]["severity"] for rule in alerts(helm).values()}

    assert severities == {"critical", "warning", "info"}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_is_laid_out_without_overlaps(helm: Helm, name: str) -> None:
    found = dashboards(helm)[f"mcp-admission-{name}"]
    places = [panel["gridPos"] for panel in found["panels"]]

    cells = [
        {*itertools.product(range(each["x"], each["x"] + each["w"]),
                            range(each["y"], each["y"] + each["h"]))}
        for each in places
    ]  # fmt: skip
    assert len(set().union(*cells)) == sum(map(len, cells))
    assert all(each["x"] + each["w"] <= 24 for each in places)
    assert len({panel["id"] for panel in found["panels"]}) == len(places)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_panel_says_what_it_shows_and_in_which_unit(name: str) -> None:
    panels = DASHBOARDS[name].panels

    assert len({panel.title for panel in panels}) == len(panels)
    for panel in panels:
        assert panel.unit in UNITS
        assert panel.description.endswith(".")
        assert panel.queries


def test_dashboards_let_the_reader_choose_prometheus_and_namespace(helm: Helm) -> None:
    for found in dashboards(helm).values():
        names = [each["name"] for each in found["templating"]["list"]]
        assert names == ["datasource", "namespace"]
        for panel in found["panels"]:
            for target in panel["targets"]:
                assert target["datasource"]["uid"] == "${datasource}"
                assert "$namespace" in target["expr"]
