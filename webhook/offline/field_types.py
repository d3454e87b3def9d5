"""What an API server says about fields before any webhook sees them: their types and their names.

It decodes an object first, and refuses `runAsUser: "1000"` there. A review of a file has nobody in
front of it: rules would take such a value for absent, and pass over a field that is misspelled.
"""

from typing import Any

from webhook import names
from webhook.admission.answer import LONGEST_WARNING, MALFORMED, Finding, Severity
from webhook.offline.field_tables import Type
from webhook.offline.near_names import meant
from webhook.offline.object_fields import Field, fields
from webhook.settings.quantity import QuantityError, parse_quantity

_MOST_LEVELS = 4


def mistyped(document: Any, kind: str) -> list[Finding]:
    """What an API server would not decode of an object whose kind has rules."""
    found = (Field(document, {}, "", "", "", {}), *fields(document, kind))
    return [
        Finding(MALFORMED, Severity.ERROR, field.pointer, f"{field.place or 'the object'} {said}")
        for field in found
        if field.value is not None and field.wanted is not None and (said := _objection(field))
    ]


def unknown(document: Any, kind: str) -> list[Finding]:
    """Warnings about fields that no supported Kubernetes has, with the name that is meant."""
    return [
        Finding(MALFORMED, Severity.WARNING, field.pointer, _unknown(field, kind))
        for field in fields(document, kind)
        if field.wanted is None
    ]


def misplaced(document: Any, kind: str) -> list[Finding]:
    """Those of them that hold a label or annotation of ours, which then counts for nothing."""
    hidden = {
        field.pointer
        for field in fields(document, kind)
        if field.wanted is None and _names_ours({field.key: field.value}, _MOST_LEVELS)
    }
    return [found for found in unknown(document, kind) if found.path in hidden] if hidden else []


def _objection(field: Field) -> str:
    value, wanted = field.value, field.wanted
    if isinstance(wanted, Type):
        return "" if _fits(value, wanted) else f"must be {wanted.value}{_way_out(value, wanted)}"
    if isinstance(value, type(wanted)):
        return ""
    return "must be a list" if isinstance(wanted, list) else "must be an object"


def _unknown(field: Field, kind: str) -> str:
    """What to say about a name that Kubernetes does not know; where there is room, all of it."""
    if field.key.startswith(names.PREFIX) and "labels" in field.around:
        kept = "labels" if field.key in names.LABELS else "annotations"
        name = f"{kept}[{field.key}]"
    else:
        name = meant(field.key, field.around, kind)
    way_out = f"did you mean {name}?" if name else "kubectl refuses it, and other clients lose it"
    whole = f"{field.place} is no field of Kubernetes: {way_out}"
    return whole if len(whole) <= LONGEST_WARNING else f"{field.place} is unknown: {way_out}"


def _names_ours(value: Any, levels: int) -> bool:
    """Whether a key of ours stands in a value, at most so many levels deep."""
    if isinstance(value, dict):
        return any(
            key.startswith(names.PREFIX) or (levels > 0 and _names_ours(inner, levels - 1))
            for key, inner in value.items()
        )
    return False


def _fits(value: Any, wanted: Type) -> bool:
    number = not isinstance(value, bool) and isinstance(value, int | float) and value % 1 == 0
    fits = {
        Type.TEXT: isinstance(value, str),
        Type.FLAG: isinstance(value, bool),
        Type.NUMBER: number,
        Type.PORT: number or isinstance(value, str),
        Type.ANY: True,
    }
    return fits[wanted] if wanted in fits else _is_quantity(value)


def _is_quantity(value: Any) -> bool:
    try:
        return parse_quantity(value) is not None
    except QuantityError:
        return False


def _way_out(value: Any, wanted: Type) -> str:
    """How to mend what only its quotes make wrong."""
    if wanted is Type.TEXT and isinstance(value, bool | int | float):
        return ": put it in quotes"
    if wanted in (Type.FLAG, Type.NUMBER) and isinstance(value, str):
        return ": write it without quotes"
    return ""
