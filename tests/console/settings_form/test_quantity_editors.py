"""Resources are typed as an amount with its unit, or as they are written elsewhere."""

from typing import Any

import pytest

from webhook.console.settings_form.editors import UnreadableText
from webhook.console.settings_form.quantity_editors import QuantitiesEditor, ResourcesEditor

NAME = "mcpServerMaximums.limits"


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"memory": "400Mi"},
        {"cpu": "250m", "memory": "1Gi"},
        {"cpu": "2", "memory": "1048576"},
        {"cpu": "0.5", "ephemeral-storage": "1Ti", "example.com/gpu": "1", "hugepages-2Mi": "4Mi"},
        {"memory": "1e3"},
    ],
)
def test_quantities_are_read_back_as_they_were(value: Any) -> None:
    editor = QuantitiesEditor()

    assert editor.read(NAME, editor.written(NAME, value)) == value


@pytest.mark.parametrize(
    ("amount", "unit", "quantity"),
    [("500", "m", "500m"), ("500", "", "500"), ("2Gi", "Mi", "2Gi"), (" 1.5 ", "Gi", "1.5Gi")],
)
def test_the_unit_is_of_a_bare_number_alone(amount: str, unit: str, quantity: str) -> None:
    typed = {f"{NAME}:memory": amount, f"{NAME}:memory:unit": unit}

    assert QuantitiesEditor().read(NAME, typed) == {"memory": quantity}


def test_each_input_has_a_label_of_its_own() -> None:
    found = ResourcesEditor().inputs("mcpServerDefaults.resources", {})

    assert len({each.label for each in found}) == len({each.name for each in found}) == 14
    assert found[0][:2] == ("mcpServerDefaults.resources.requests:cpu", "requests of cpu")
    assert (found[3].text, found[3].options[:2]) == ("Mi", (("Mi", "MiB"), ("Gi", "GiB")))


def test_a_unit_that_is_not_offered_stays_where_it_was_typed() -> None:
    unit = QuantitiesEditor().inputs(NAME, {f"{NAME}:cpu:unit": "furlongs"})[1]

    assert (unit.text, unit.options[-1]) == ("furlongs", ("furlongs", "furlongs"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({":cpu": "1", ":other": "cpu=2"}, "cpu has an input of its own: take the line out"),
        ({":other": "gpu"}, "line 1: write name=value"),
    ],
)
def test_lines_of_other_resources_that_cannot_be_read(typed: dict[str, str], said: str) -> None:
    with pytest.raises(UnreadableText, match=said):
        QuantitiesEditor().read(NAME, {f"{NAME}{name}": text for name, text in typed.items()})


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, None),
        ({"requests": {"memory": "1Gi"}}, {"requests": {"memory": "1Gi"}}),
        ({"limits": {"cpu": "1"}, "requests": {}}, {"limits": {"cpu": "1"}}),
        ({}, {"requests": {}, "limits": {}}),
    ],
)
def test_requests_and_limits_are_one_value(value: Any, read: Any) -> None:
    editor = ResourcesEditor()

    assert editor.read("key", editor.written("key", value)) == read
