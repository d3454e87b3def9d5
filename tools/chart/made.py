"""Files of `manifests/` that nobody writes by hand, each by its path, with what it has to hold."""

import json
from pathlib import Path

import yaml

from tools.chart.dashboards import dashboards
from tools.chart.definition import definitions
from tools.chart.helm import MANIFESTS, Helm, Json
from tools.chart.install import install
from tools.chart.values_schema import values_schema
from webhook.settings.model import Settings

CHART = MANIFESTS / "chart"
DEFINITIONS = CHART / "templates" / "definitions"
SCHEMA = CHART / "values.schema.json"
DASHBOARDS = CHART / "monitoring" / "dashboards"
DEFAULTS = CHART / "templates" / "_defaults.tpl"


class _Indented(yaml.SafeDumper):
    """YAML as people write it: no aliases, lists inside their key."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def of_settings() -> dict[Path, str]:
    """What is made from the settings, and is part of the chart."""
    return {
        **{
            DEFINITIONS / f"{plural}.yaml": _template(definition)
            for plural, definition in definitions().items()
        },
        SCHEMA: json.dumps(values_schema(), indent=2) + "\n",
        DEFAULTS: _defaults(),
    }


def of_panels() -> dict[Path, str]:
    """What is made from the table of panels, and is part of the chart."""
    return {DASHBOARDS / f"{name}.json": text for name, text in dashboards().items()}


def of_chart(helm: Helm) -> dict[Path, str]:
    """What is made from the chart: `manifests/install`."""
    return install(helm)


def _template(definition: Json) -> str:
    text = yaml.dump(definition, Dumper=_Indented, sort_keys=False, width=100)
    if "{{" in text:
        raise ValueError("the definition holds what Helm would take for a template")
    return f'{{{{- if include "mcp-admission.cluster-wide" . }}}}\n{text}{{{{- end }}}}\n'


def _defaults() -> str:
    """`values.yaml` and the built-in resources for the templates, which can read neither."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    resources = Settings().mcp_server_defaults.resources.model_dump(by_alias=True)
    return "\n".join(
        (
            "{{/* Made from values.yaml and the settings by `make docs`. */}}",
            *_block("defaults", values),
            *_block("built-in-resources", resources),
        )
    )


def _block(name: str, content: object) -> tuple[str, ...]:
    text = yaml.dump(content, Dumper=_Indented, sort_keys=False, width=100)
    return "", f'{{{{- define "mcp-admission.{name}" -}}}}', f"{text}{{{{- end -}}}}", ""
