"""LabelSelectors of the API: whom they select, and whether one selects no more than another."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def selects(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """Whether an object of these labels is selected; an empty selector selects everything."""
    wanted, expressions = _parts(selector)
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression, labels) for expression in expressions
    )


def narrower(one: Json | None, other: Json | None) -> bool:
    """Whether `one` surely selects nothing that `other` does not: it has all its requirements."""
    wanted, expressions = _parts(one)
    wanted_there, expressions_there = _parts(other)
    return wanted_there.items() <= wanted.items() and all(
        expression in expressions for expression in expressions_there
    )


def words(selector: Json | None) -> str:
    """The selector as kubectl prints it; nothing for an empty one."""
    wanted, expressions = _parts(selector)
    parts = [f"{key}={value}" for key, value in sorted(wanted.items())]
    for expression in expressions:
        values = ",".join(expression.get("values") or [])
        operator = str(expression["operator"]).lower()
        parts.append(f"{expression['key']} {operator}" + (f" ({values})" if values else ""))
    return ", ".join(parts)


def _parts(selector: Json | None) -> tuple[dict[str, str], list[Json]]:
    selector = selector or {}
    return selector.get("matchLabels") or {}, selector.get("matchExpressions") or []


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in (expression.get("values") or [])
        case "NotIn":
            return value not in (expression.get("values") or [])
        case "Exists":
            return value is not None
    return value is None
