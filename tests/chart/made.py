"""Files of `manifests/` that nobody writes by hand, each by its path, with what it has to hold."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.chart.helm import MANIFESTS, Helm
from tests.chart.install import install
from tests.chart.values_schema import values_schema
from webhook.settings.resource import definition

CHART = MANIFESTS / "chart"
DEFINITION = CHART / "templates" / "settings" / "customresourcedefinition.yaml"
SCHEMA = CHART / "values.schema.json"


class _Indented(yaml.SafeDumper):
    """YAML as people write it: no aliases, lists inside their key."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def of_settings() -> dict[Path, str]:
    """What is made from the settings, and is part of the chart."""
    return {DEFINITION: _definition(), SCHEMA: json.dumps(values_schema(), indent=2) + "\n"}


def of_chart(helm: Helm) -> dict[Path, str]:
    """What is made from the chart: `manifests/install`."""
    return install(helm)


def _definition() -> str:
    text = yaml.dump(definition(), Dumper=_Indented, sort_keys=False, width=100)
    if "{{" in text:
        raise ValueError("the definition holds what Helm would take for a template")
    return f'{{{{- if include "mcp-admission.cluster-wide" . }}}}\n{text}{{{{- end }}}}\n'
