"""Grafana dashboards as JSON, made of the table in panels.py: only the layout is written here."""

import json
from typing import Any

from tools.chart.panels import DASHBOARDS, NUMBERS, Dashboard, Panel

Json = dict[str, Any]

WIDTH = 24
SIZES = {NUMBERS: (6, 4)}
USUAL = (12, 8)
# Of Grafana 10; newer ones read it.
SCHEMA = 39
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboards() -> dict[str, str]:
    """The text of each file by the name of its dashboard."""
    return {
        name: json.dumps(_dashboard(name, each), indent=1) + "\n"
        for name, each in DASHBOARDS.items()
    }


def _dashboard(name: str, given: Dashboard) -> Json:
    return {
        "uid": f"mcp-admission-{name}",
        "title": f"mcp-admission / {given.title}",
        "description": given.description,
        "tags": ["mcp-admission"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "1m",
        "links": [
            {
                "title": "mcp-admission",
                "type": "dashboards",
                "tags": ["mcp-admission"],
                "asDropdown": True,
                "keepTime": True,
                "includeVars": True,
            }
        ],
        "templating": {"list": [_source(), _namespace()]},
        "panels": _placed(given.panels),
    }


def _source() -> Json:
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
    }


def _namespace() -> Json:
    """The namespaces of installations; in a Prometheus without that label, all is the only one."""
    return {
        "name": "namespace",
        "label": "Namespace",
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(mcp_admission_build_info, namespace)",
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _placed(panels: tuple[Panel, ...]) -> list[Json]:
    """The panels from left to right, and then below."""
    made: list[Json] = []
    left = top = bottom = 0
    for number, each in enumerate(panels, start=1):
        wide, high = SIZES.get(each.kind, USUAL)
        if left + wide > WIDTH or (left and top + high != bottom):
            left, top = 0, bottom
        place = {"x": left, "y": top, "w": wide, "h": high}
        made.append({"id": number, "gridPos": place, **_panel(each)})
        left, bottom = left + wide, top + high
    return made


def _panel(given: Panel) -> Json:
    return {
        "type": given.kind,
        "title": given.title,
        "description": given.description,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": given.unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": SOURCE,
                "expr": each.expr,
                "legendFormat": each.legend,
                "range": given.kind != NUMBERS,
                "instant": given.kind == NUMBERS,
            }
            for number, each in enumerate(given.queries)
        ],
    }
