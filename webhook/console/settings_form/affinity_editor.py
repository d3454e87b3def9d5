"""The editor of affinity: a row for each condition that nodes have to fulfil, and YAML beside them.

Conditions of one term hold together, and one term is enough. Whatever else an affinity has, such as
preferences and pods to be apart from, is kept as YAML beside the rows.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webhook.console.settings_form.editors import UnreadableText
from webhook.console.settings_form.row_editors import RowColumn, RowEditor, TypedRow, column_choices
from webhook.settings import model_keys, values
from webhook.settings.model_keys import Key

_NODES, _REQUIRED = "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"
_TERMS: Key = (_NODES, _REQUIRED, "nodeSelectorTerms")
_CONDITIONS, _FIRST = "matchExpressions", "1"
_CONDITION: Key = ("mcpServerDefaults", "affinity", *_TERMS, 0, _CONDITIONS, 0)
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
_NO_MAPPING = "beside the rows: write a mapping of keys and values"
_TWICE = f"beside the rows: take {_NODES}.{_REQUIRED} out, because that is what the rows say"


@dataclass(frozen=True)
class AffinityEditor(RowEditor):
    """An affinity, with the conditions on labels of nodes that are required as rows."""

    columns = (
        RowColumn("term", "term"),
        RowColumn("key", "label of the node"),
        RowColumn("operator", "operator", column_choices(_CONDITION, "operator"), "choose one"),
        RowColumn("values", "values"),
    )
    told = (
        "Each row is a condition on a label of nodes. Conditions with the same term hold together, "
        "and one term is enough. A row without a term has that of the row above. Between values "
        "there are commas."
    )
    beside = "YAML of what else the affinity has, such as preferences and podAntiAffinity"

    def value_of(self, rows: Sequence[TypedRow], beside: Any) -> Any:
        """What is beside the rows, with the terms that they make."""
        if not rows:
            return beside
        rest = {} if beside is None else beside
        nodes = rest.get(_NODES, {}) if isinstance(rest, dict) else None
        if not isinstance(nodes, dict):
            raise UnreadableText(_NO_MAPPING)
        if _REQUIRED in nodes:
            raise UnreadableText(_TWICE)
        terms = [
            {_CONDITIONS: [_condition(rows[at].texts) for at in numbers]}
            for numbers in _terms(rows)
        ]
        return {**rest, _NODES: {**nodes, _REQUIRED: {_TERMS[-1]: terms}}}

    def rows_of(self, value: Any) -> tuple[list[TypedRow], Any]:
        """A row for each condition that is required of labels, and all else."""
        nodes = dict(value.get(_NODES, {}))
        required = nodes.pop(_REQUIRED, None)
        rest = {name: each for name, each in value.items() if name != _NODES or required is None}
        if required is not None and nodes:
            rest[_NODES] = nodes
        rows = [
            TypedRow(_texts(number, condition))
            for number, term in enumerate((required or {}).get(_TERMS[-1], ()), 1)
            for condition in term[_CONDITIONS]
        ]
        return rows, rest if rest or not rows else None

    def row_at(self, rows: Sequence[TypedRow], key: Key) -> int | None:
        """The row of the condition that a key is of, or the first one of its term."""
        term, condition = (*key[len(_TERMS) :: 2], None, None)[:2]
        if key[: len(_TERMS)] != _TERMS or term is None:
            return None
        return _terms(rows)[int(term)][int(condition or 0)]

    def objections(self, value: Any) -> Iterator[tuple[Key, str]]:
        """Conditions that Kubernetes would not accept: the model hands an affinity through."""
        terms = model_keys.held_value(value, _TERMS)
        for number, term in enumerate(terms if isinstance(terms, list) else ()):
            held = model_keys.held_value(term, (_CONDITIONS,))
            for at, condition in enumerate(held if isinstance(held, list) else ()):
                if isinstance(condition, dict):
                    key = (*_TERMS, number, _CONDITIONS, at)
                    yield from ((key, sentence) for sentence in _wrong(condition))


def _terms(rows: Sequence[TypedRow]) -> list[list[int]]:
    """The numbers of the rows by their terms, which are in the order of their first rows."""
    found: dict[str, list[int]] = {}
    term = _FIRST
    for at, row in enumerate(rows):
        term = row.texts["term"].strip() or term
        found.setdefault(term, []).append(at)
    return list(found.values())


def _condition(texts: Mapping[str, str]) -> dict[str, Any]:
    listed = [each.strip() for each in texts["values"].split(",") if each.strip()]
    typed = {"key": texts["key"].strip(), "operator": texts["operator"].strip(), "values": listed}
    return {name: each for name, each in typed.items() if each}


def _texts(term: int, condition: Mapping[str, Any]) -> dict[str, str]:
    key, operator = (condition.get(each, "") for each in ("key", "operator"))
    listed = ", ".join(condition.get("values", ()))
    return {"term": str(term), "key": key, "operator": operator, "values": listed}


def _wrong(condition: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a condition whose types are right; the model judges types."""
    key, operator, given = (condition.get(each) for each in ("key", "operator", "values"))
    if not key:
        yield "write the label of the node"
    elif isinstance(key, str) and not re.fullmatch(values.LABEL_KEY, key):
        yield f'the label "{key:.60}" is none: write {values.ACCEPTED[values.LABEL_KEY]}'
    if not operator:
        yield "choose an operator"
    elif operator in ("Exists", "DoesNotExist") and given:
        yield f"operator {operator} takes no values: take them out"
    elif operator in ("In", "NotIn") and not given:
        yield f"operator {operator} compares values: write some"
    elif operator in ("Gt", "Lt") and not _is_number(given):
        yield f"operator {operator} compares with one whole number: write one"
    for each in given if isinstance(given, list) else ():
        if isinstance(each, str) and not re.fullmatch(values.LABEL_VALUE, each):
            yield f'the value "{each:.60}" is none: write {values.ACCEPTED[values.LABEL_VALUE]}'


def _is_number(given: Any) -> bool:
    texts = given if isinstance(given, list) else ()
    return len(texts) == 1 and bool(_WHOLE_NUMBER.fullmatch(str(texts[0])))
