"""What the API server's decoder does with an object before any webhook sees it.

It refuses a wrong type such as `runAsUser: "1000"`, and drops a field that it does not know. It
decodes null to the empty value of the type: absent in a struct, an empty value in a map or a list.
A file has not passed the decoder yet. Rules would take a wrong type for an absent field, so the
review reports what the decoder would do.
"""

from typing import Any

from webhook import names
from webhook.admission.answer import LONGEST_WARNING, MALFORMED, Finding, Severity
from webhook.offline import object_fields
from webhook.offline.object_fields import ANY_KEY, Field, FieldType, walk_fields
from webhook.settings.quantity import QuantityError, parse_quantity

_MOST_LEVELS = 4
# Tools that print objects write it as null.
_BY_HABIT = "creationTimestamp"
_EMPTY = {
    FieldType.TEXT: "",
    FieldType.FLAG: False,
    FieldType.NUMBER: 0,
    FieldType.PORT: 0,
    FieldType.AMOUNT: "0",
}
_WRITTEN = {FieldType.TEXT: '""', FieldType.FLAG: "false"}


def mistyped_fields(document: Any, kind: str) -> list[Finding]:
    """What the decoder would refuse in an object whose kind has rules."""
    found = (Field(document, {}, "", "", "", {}), *walk_fields(document, kind))
    return [
        Finding(MALFORMED, Severity.ERROR, field.pointer, f"{field.place or 'the object'} {said}")
        for field in found
        if field.value is not None and field.wanted is not None and (said := _objection(field))
    ]


def unknown_fields(document: Any, kind: str) -> list[Finding]:
    """Warnings about fields that no supported Kubernetes has, with the name that is meant."""
    return [
        Finding(MALFORMED, Severity.WARNING, field.pointer, _sentence_of_unknown(field, kind))
        for field in walk_fields(document, kind)
        if field.wanted is None
    ]


def misplaced_keys(document: Any, kind: str) -> list[Finding]:
    """The warnings about unknown fields that hold a label or annotation of ours."""
    hidden = {
        field.pointer
        for field in walk_fields(document, kind)
        if field.wanted is None and _names_ours({field.key: field.value}, _MOST_LEVELS)
    }
    return (
        [found for found in unknown_fields(document, kind) if found.path in hidden]
        if hidden
        else []
    )


def _objection(field: Field) -> str:
    value, wanted = field.value, field.wanted
    if isinstance(wanted, FieldType):
        return "" if _fits(value, wanted) else f"must be {wanted.value}{_way_out(value, wanted)}"
    if isinstance(value, type(wanted)):
        return ""
    return "must be a list" if isinstance(wanted, list) else "must be an object"


def _sentence_of_unknown(field: Field, kind: str) -> str:
    """The message about an unknown field; a long one leaves out a part."""
    if field.key.startswith(names.PREFIX) and "labels" in field.around:
        kept = "labels" if field.key in names.LABELS else "annotations"
        name = f"{kept}[{field.key}]"
    else:
        name = object_fields.near_field(field.key, field.around, kind)
    way_out = f"did you mean {name}?" if name else "kubectl refuses it, and other clients lose it"
    whole = f"{field.place} is no field of Kubernetes: {way_out}"
    return whole if len(whole) <= LONGEST_WARNING else f"{field.place} is unknown: {way_out}"


def _names_ours(value: Any, levels: int) -> bool:
    """Whether a key of ours is in a value, at most so many levels deep."""
    if isinstance(value, dict):
        return any(
            key.startswith(names.PREFIX) or (levels > 0 and _names_ours(inner, levels - 1))
            for key, inner in value.items()
        )
    return False


def _fits(value: Any, wanted: FieldType) -> bool:
    number = not isinstance(value, bool) and isinstance(value, int | float) and value % 1 == 0
    fits = {
        FieldType.TEXT: isinstance(value, str),
        FieldType.FLAG: isinstance(value, bool),
        FieldType.NUMBER: number,
        FieldType.PORT: number or isinstance(value, str),
        FieldType.ANY: True,
    }
    return fits[wanted] if wanted in fits else _is_quantity(value)


def _is_quantity(value: Any) -> bool:
    try:
        return parse_quantity(value) is not None
    except QuantityError:
        return False


def _way_out(value: Any, wanted: FieldType) -> str:
    """How to correct a value whose quotes are the only mistake."""
    if wanted is FieldType.TEXT and isinstance(value, bool | int | float):
        return ": put it in quotes"
    if wanted in (FieldType.FLAG, FieldType.NUMBER) and isinstance(value, str):
        return ": write it without quotes"
    return ""


def null_fields(document: Any, kind: str) -> list[Finding]:
    """A warning for each null of an object whose kind has rules: what it is decoded to."""
    return [
        Finding(MALFORMED, Severity.WARNING, field.pointer, f"{field.place} {_sentence(field)}")
        for field in walk_fields(document, kind)
        if field.value is None and field.wanted is not None and field.key != _BY_HABIT
    ]


def decoded(document: Any, kind: str) -> Any:
    """The object as the API server decodes it; parts without a null are the original's."""
    return _decoded(document, object_fields.field_table(kind))


def _sentence(field: Field) -> str:
    if field.may_be_absent:
        return "is null, which counts as absent: give it a value, or remove it"
    empty = _empty(field.wanted)
    written = (
        _WRITTEN.get(field.wanted, str(empty)) if isinstance(field.wanted, FieldType) else empty
    )
    return f"is null, which is stored as {written}: give it a value, or remove it"


def _decoded(value: Any, wanted: Any) -> Any:
    if isinstance(wanted, list) and isinstance(value, list):
        return [_item(item, wanted[0]) for item in value]
    if not (isinstance(wanted, dict) and isinstance(value, dict)):
        return value
    if ANY_KEY in wanted:
        return {key: _item(item, wanted[ANY_KEY]) for key, item in value.items()}
    return _struct(value, wanted)


def _struct(value: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _decoded(item, wanted.get(key))
        for key, item in value.items()
        if item is not None or key not in wanted
    }


def _item(item: Any, wanted: Any) -> Any:
    return _empty(wanted) if item is None else _decoded(item, wanted)


def _empty(wanted: Any) -> Any:
    return _EMPTY.get(wanted) if isinstance(wanted, FieldType) else type(wanted)()
