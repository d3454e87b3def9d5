"""What a null in a manifest becomes, and the object with that in its place.

The API server decodes null to what the field's type has for nothing: in a struct that is absence,
as a value of a map or an item of a list an empty value, which is stored. `kubectl apply` of the
client's side takes null in a map for a key to remove. Rules see what the API server stores.
"""

from typing import Any

from webhook.admission.answer import MALFORMED, Finding, Severity
from webhook.offline.field_tables import ANY_KEY, Table, Type, table
from webhook.offline.object_fields import Field, fields

# Tools that print objects write it as null.
_BY_HABIT = "creationTimestamp"
_EMPTY = {Type.TEXT: "", Type.FLAG: False, Type.NUMBER: 0, Type.PORT: 0, Type.AMOUNT: "0"}
_WRITTEN = {Type.TEXT: '""', Type.FLAG: "false"}


def nulls(document: Any, kind: str) -> list[Finding]:
    """A warning for each null of an object whose kind has rules: what it becomes."""
    return [
        Finding(MALFORMED, Severity.WARNING, field.pointer, f"{field.place} {_sentence(field)}")
        for field in fields(document, kind)
        if field.value is None and field.wanted is not None and field.key != _BY_HABIT
    ]


def decoded(document: Any, kind: str) -> Any:
    """The object as the API server decodes it; it shares what holds no null with the original."""
    return _decoded(document, table(kind))


def _sentence(field: Field) -> str:
    if field.may_be_absent:
        return "is null, which counts as absent: give it a value, or remove it"
    empty = _empty(field.wanted)
    written = _WRITTEN.get(field.wanted, str(empty)) if isinstance(field.wanted, Type) else empty
    return f"is null, which is stored as {written}: give it a value, or remove it"


def _decoded(value: Any, wanted: Any) -> Any:
    if isinstance(wanted, list) and isinstance(value, list):
        return [_item(item, wanted[0]) for item in value]
    if not (isinstance(wanted, dict) and isinstance(value, dict)):
        return value
    if ANY_KEY in wanted:
        return {key: _item(item, wanted[ANY_KEY]) for key, item in value.items()}
    return _struct(value, wanted)


def _struct(value: dict[str, Any], wanted: Table) -> dict[str, Any]:
    return {
        key: _decoded(item, wanted.get(key))
        for key, item in value.items()
        if item is not None or key not in wanted
    }


def _item(item: Any, wanted: Any) -> Any:
    return _empty(wanted) if item is None else _decoded(item, wanted)


def _empty(wanted: Any) -> Any:
    return _EMPTY.get(wanted) if isinstance(wanted, Type) else type(wanted)()
