"""What is made from the settings and from the chart is what the repository holds."""

import json

import jsonschema
import pytest
import yaml

from certs.rotation import RotationPlan
from tools.chart.definition import definitions
from tools.chart.helm import MANIFESTS, Helm, Json, is_hook
from tools.chart.install import own_namespace
from tools.chart.made import (
    CHART,
    DASHBOARDS,
    DEFINITIONS,
    SCHEMA,
    of_chart,
    of_panels,
    of_settings,
)
from tools.chart.shipped import FOLDER, everything
from tools.chart.values_schema import SECTIONS
from webhook.settings.environment import VARIABLES
from webhook.settings.model_keys import descriptions

GOLDEN = "tests/chart/hooks.yaml"
VALUES: Json = yaml.safe_load((CHART / "values.yaml").read_text())


def test_the_files_that_are_made_from_settings_are_current() -> None:
    for path, text in of_settings().items():
        assert path.read_text() == text, f"{path.name} is old: make docs"


def test_the_dashboards_are_those_of_the_table() -> None:
    for path, text in of_panels().items():
        assert path.read_text() == text, f"{path.name} is old: make docs"
    assert set(DASHBOARDS.iterdir()) == of_panels().keys()


def test_the_chart_and_the_command_give_certificates_the_same_life() -> None:
    lives = (RotationPlan.leaf_lifetime.days, RotationPlan.authority_lifetime.days)

    assert (VALUES["certificates"]["days"], VALUES["certificates"]["authorityDays"]) == lives


@pytest.mark.parametrize("plural", definitions())
def test_the_chart_has_a_template_for_each_resource_definition(plural: str) -> None:
    condition, *lines, end = (DEFINITIONS / f"{plural}.yaml").read_text().splitlines()

    assert (condition, end) == (
        '{{- if include "mcp-admission.cluster-wide" . }}',
        "{{- end }}",
    )
    assert yaml.safe_load("\n".join(lines)) == definitions()[plural]


def test_the_chart_has_no_other_resource_definition() -> None:
    assert {path.stem for path in DEFINITIONS.iterdir()} == definitions().keys()


def test_the_plain_manifests_are_what_the_chart_renders(helm: Helm) -> None:
    for path, text in of_chart(helm).items():
        assert path.read_text() == text, f"{path.name} is old: make docs"
    assert set(FOLDER.iterdir()) == set(of_chart(helm))


def test_nothing_of_the_chart_is_lost_in_the_plain_manifests(helm: Helm) -> None:
    plain = everything()
    rendered = [found for found in helm.objects() if not is_hook(found)]

    assert sorted(map(json.dumps, plain)) == sorted(map(json.dumps, [own_namespace(), *rendered]))


def test_the_hooks_of_the_chart_are_as_recorded(helm: Helm) -> None:
    hooks = [found for found in helm.objects() if is_hook(found)]

    assert hooks == list(yaml.safe_load_all((MANIFESTS.parent / GOLDEN).read_text()))


def test_the_schema_of_the_values_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


def _leaves(values: Json, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in values.items():
        path = f"{prefix}{key}"
        found |= _leaves(value, f"{path}.") if path in SECTIONS else {path: value}
    return found


def test_every_setting_is_shown_in_the_values_and_not_set() -> None:
    schema = json.loads(SCHEMA.read_text())
    of_the_product = set(schema["properties"]) - {key.split(".")[0] for key, _ in descriptions()}
    settings = {key: VALUES[key] for key in VALUES if key not in of_the_product}

    assert _leaves(settings) == dict.fromkeys(dict(descriptions()))
    assert VALUES["config"] == dict.fromkeys(VARIABLES)


@pytest.mark.parametrize("key", sorted({*VALUES} - {"global"}))
def test_every_value_of_the_chart_is_in_its_schema(key: str) -> None:
    properties = json.loads(SCHEMA.read_text())["properties"]

    def known(value: object, schema: Json) -> bool:
        if not isinstance(value, dict) or "properties" not in schema:
            return True
        return value.keys() == schema["properties"].keys() and all(
            known(held, schema["properties"][name]) for name, held in value.items()
        )

    assert known(VALUES[key], properties[key])
