"""The queries of dashboards and alerts, and the metrics that they and the pages name."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tools.chart.helm import Helm
from webhook.observe.metrics import ControllerMetrics, Metrics
from webhook.observe.otlp import span_counters

Json = dict[str, Any]

ON: Json = {"metrics": {"dashboards": {"enabled": True}, "rules": {"enabled": True}}}
# What Grafana puts in.
FILLED_IN = {"$namespace": ".*", "$__rate_interval": "5m"}
# What Prometheus and its operator add to each series of a target.
OF_TARGETS = {"namespace", "pod", "job", "instance"}
# What histograms and counters add to their names, and histograms to their labels.
SUFFIX = re.compile(r"_(?:bucket|count|sum)$")
METRIC = re.compile(r"\b((?:mcp_admission|process)_[a-z_]+)\b(?:\{([^{}]*)\})?")
LABEL = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')


class Selector(NamedTuple):
    """The name of a metric in a query, and the labels by which its series are chosen."""

    metric: str
    labels: frozenset[str]


def dashboards(helm: Helm) -> dict[str, Json]:
    """The dashboards that the chart renders, by their uid."""
    texts = [
        text
        for found in helm.objects(ON)
        if found["kind"] == "ConfigMap" and "dashboard" in found["metadata"]["name"]
        for text in found["data"].values()
    ]
    return {found["uid"]: found for found in map(json.loads, texts)}


def groups(helm: Helm) -> list[Json]:
    """The groups of the rule that the chart renders."""
    (found,) = (each for each in helm.objects(ON) if each["kind"] == "PrometheusRule")
    made: list[Json] = found["spec"]["groups"]
    return made


def alerts(helm: Helm) -> dict[str, Json]:
    """Each alert by its name."""
    return {rule["alert"]: rule for group in groups(helm) for rule in group["rules"]}


def panels(helm: Helm) -> Iterator[tuple[str, str]]:
    """Name and query of each target of each panel, with what Grafana puts in."""
    for uid, dashboard in dashboards(helm).items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                expr = target["expr"]
                for name, value in FILLED_IN.items():
                    expr = expr.replace(name, value)
                yield f"{uid}: {panel['title']} {target['refId']}", expr


def selectors(query: str) -> set[Selector]:
    """What a query, or a page, names of the product's metrics."""
    return {
        Selector(name, frozenset(LABEL.findall(labels))) for name, labels in METRIC.findall(query)
    }


def known() -> dict[str, set[str]]:
    """The labels of each metric of every process."""
    found: dict[str, set[str]] = {}
    traced = Metrics().registry
    span_counters(traced)
    for registry in (traced, ControllerMetrics().registry):
        for collector in registry._collector_to_names:
            for metric in collector.collect():
                name = metric.name + ("_total" if metric.type == "counter" else "")
                labels = {*getattr(collector, "_labelnames", ())}
                found[name] = labels | ({"le"} if metric.type == "histogram" else set())
    return found


def unknown(named: set[Selector]) -> set[str]:
    """What is named and is not there."""
    metrics = known()
    missing = set()
    for metric, labels in named:
        name = metric if metric in metrics else SUFFIX.sub("", metric)
        if name not in metrics:
            missing.add(metric)
        elif not labels <= metrics[name] | OF_TARGETS:
            missing.add(f"{metric}{{{', '.join(sorted(labels - metrics[name] - OF_TARGETS))}}}")
    return missing
