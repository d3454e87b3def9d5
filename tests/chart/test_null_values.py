"""`null` means "not set here" at any depth: the chart renders as if nobody had named the key."""

from collections.abc import Iterator

import pytest
import yaml

from tools.chart.helm import Helm, Json
from tools.chart.made import CHART

VALUES: Json = yaml.safe_load((CHART / "values.yaml").read_text())
NOT_SET: dict[str, Json] = {
    "a ceiling": {"mcpServerMaximums": {"limits": {"memory": None}}},
    "a rule": {"rules": {"capabilities": None}},
    "a part of an affinity": {"mcpServerDefaults": {"affinity": {"nodeAffinity": None}}},
    "a selector's label": {"mcpServerDefaults": {"nodeSelector": {"disk": None}}},
    "a profile": {"mcpNamespace": {"networkPolicy": {"egressProfiles": {"db": None}}}},
    "all ceilings, one by one": {
        "mcpServerMaximums": {"requests": {"cpu": None}, "limits": {"cpu": None, "memory": None}}
    },
}


def nulls(values: Json) -> Iterator[Json]:
    """The same mapping with one key after another set to null, at every depth."""
    for key, value in values.items():
        yield {key: None}
        if isinstance(value, dict):
            yield from ({key: inner} for inner in nulls(value))


@pytest.fixture(params=["4", "3"])
def either(request: pytest.FixtureRequest, helm: Helm, helm3: Helm) -> Helm:
    return helm if request.param == "4" else helm3


@pytest.mark.parametrize("values", NOT_SET.values(), ids=NOT_SET)
def test_a_chart_setting_of_null_is_not_set(either: Helm, values: Json) -> None:
    assert either.rendered(values) == either.rendered()


def test_every_key_of_the_chart_values_may_be_null(helm: Helm) -> None:
    usual = helm.rendered()
    tried = [each for each in nulls(VALUES) if "image" not in each]

    assert [each for each in tried if helm.rendered(each) != usual] == []


def test_a_section_of_chart_values_that_is_null_has_its_defaults(either: Helm) -> None:
    values = {key: None for key in VALUES if key != "image"}

    assert either.rendered(values) == either.rendered()


def test_null_in_an_item_of_a_list_leaves_the_rest(helm: Helm) -> None:
    toleration = {"key": "mcp", "operator": "Exists"}
    with_null = {"mcpServerDefaults": {"tolerations": [{**toleration, "effect": None}]}}

    assert helm.rendered(with_null) == helm.rendered(
        {"mcpServerDefaults": {"tolerations": [toleration]}}
    )
