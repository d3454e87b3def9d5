"""The kinds of values that settings hold, each with what it accepts and its schema.

A type carries its JSON schema. The keys `x-kubernetes-*` in it are for the API server, which
checks CEL and knows neither `propertyNames` nor `patternProperties`.
"""

import json
from functools import cached_property
from typing import Annotated, Any, Literal, Required

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    WithJsonSchema,
    with_config,
)
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from webhook.settings.quantity import QuantityError, parse_quantity
from webhook.settings.text_forms import (
    ACCEPTED,
    DNS_LABEL,
    DNS_SUBDOMAIN,
    LABEL_KEY,
    LABEL_VALUE,
    NAMESPACED_NAME,
    RESOURCE_NAME,
)

# Of a setting that the chart reads, and nothing else.
CHART_ONLY: dict[str, JsonValue] = {"x-chart-only": True}
VERBATIM = "x-verbatim"
_QUANTITY = r"^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+(\.[0-9]*)?)?$"
_QUANTITY_SCHEMA = {
    "type": ["integer", "number", "string"],
    "maxLength": 32,
    "pattern": _QUANTITY,
    "x-kubernetes-int-or-string": True,
}


class Section(BaseModel):
    """A group of keys; layers merge inside it, key by key."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        populate_by_name=False,
        strict=True,
        ignored_types=(cached_property,),
    )


class Value(Section):
    """A structured value; the highest layer that sets it replaces it as a whole."""


# Part of an object of Kubernetes, kept as it was written: a null in it does not mean "not set".
verbatim = with_config(ConfigDict(extra="forbid", strict=True, json_schema_extra={VERBATIM: True}))


def cel(rule: str, message: str) -> dict[str, Any]:
    """The part of a schema by which the API server checks a rule; the message follows the key."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message}]}


def keys_match(pattern: str, most: int) -> dict[str, Any]:
    """The part of a schema by which the API server checks the keys of a mapping."""
    rule = f"self.all(name, name.matches({json.dumps(pattern)}))"
    return {"maxProperties": most, **cel(rule, f"names are {ACCEPTED[pattern]}")}


def _canonical(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a quantity is a number with an optional suffix, such as 400Mi")  # noqa: TRY004
    try:
        quantity = parse_quantity(value)
    except QuantityError as error:
        raise ValueError(str(error)) from error
    if quantity < parse_quantity("0"):
        raise ValueError("a quantity of a resource is not negative")
    return quantity.canonical()


QuantityText = Annotated[str, BeforeValidator(_canonical), WithJsonSchema(_QUANTITY_SCHEMA)]
Quantities = Annotated[
    dict[Annotated[str, Field(pattern=RESOURCE_NAME)], QuantityText],
    Field(json_schema_extra=keys_match(RESOURCE_NAME, 32)),
]
DnsLabel = Annotated[str, Field(pattern=DNS_LABEL, max_length=63)]
DnsSubdomain = Annotated[str, Field(pattern=DNS_SUBDOMAIN, max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
LabelKey = Annotated[str, Field(pattern=LABEL_KEY)]
LabelValue = Annotated[str, Field(pattern=LABEL_VALUE)]
Labels = Annotated[dict[LabelKey, LabelValue], Field(json_schema_extra=keys_match(LABEL_KEY, 64))]
NamespacedName = Annotated[str, Field(pattern=NAMESPACED_NAME)]
SomeText = Annotated[str, Field(min_length=1)]


class Resources(Value):
    """Requests and limits of a container, by resource name."""

    requests: Quantities = Field(
        default_factory=dict, description="What the node sets aside, by resource name."
    )
    limits: Quantities = Field(
        default_factory=dict, description="What the container may use at most, by resource name."
    )


class LocalObjectReference(Value):
    """The name of a Secret in the pod's own namespace."""

    name: DnsSubdomain = Field(description="The name of the Secret.")


@verbatim
class _Requirement(TypedDict, total=False):
    """A condition on one label."""

    key: Required[Annotated[LabelKey, Field(description="The label.")]]
    operator: Required[
        Annotated[
            Literal["In", "NotIn", "Exists", "DoesNotExist"],
            Field(description="How the label is compared with the values."),
        ]
    ]
    values: Annotated[
        list[LabelValue] | None, Field(description="The values, for In and NotIn alone.")
    ]


def _comparable(requirement: _Requirement) -> _Requirement:
    compares = requirement["operator"] in {"In", "NotIn"}
    if compares and not requirement.get("values"):
        raise ValueError(f"operator {requirement['operator']} compares values: write some")
    if not compares and requirement.get("values"):
        raise ValueError(f"operator {requirement['operator']} takes no values: take them out")
    return requirement


Requirement = Annotated[
    _Requirement,
    AfterValidator(_comparable),
    Field(
        json_schema_extra=cel(
            "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
            "In and NotIn compare values, Exists and DoesNotExist take none",
        )
    ),
]


@verbatim
class LabelSelector(TypedDict, total=False):
    """Labels that select pods or namespaces; an empty selector selects all."""

    matchLabels: Annotated[
        dict[LabelKey, LabelValue],
        Field(description="Labels with their values; all have to fit."),
    ]
    matchExpressions: Annotated[
        list[Requirement],
        # More would exceed what the API server spends on checking one resource.
        Field(
            description="Conditions on labels; all have to hold.",
            json_schema_extra={"maxItems": 32},
        ),
    ]
