"""The keys of the settings, and the types of what stands at them.

A key is the path to a value in a settings file. The types are those of the annotations: sections,
mappings of Kubernetes (TypedDict), lists, mappings with free keys, plain values.
"""

import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from webhook.settings.model import Settings
from webhook.settings.values import CHART_ONLY, CLUSTER_ONLY, Section, Value

Key = tuple[str | int, ...]
NOT_THERE = object()
"""Stands for a value where nothing stands at a key: null is a value."""


def dotted(key: Key) -> str:
    """The key as people write it: `mcpServerDefaults.tolerations[0].effect`."""
    text = ""
    for step in key:
        if isinstance(step, int) or "." in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def is_set(values: Any, key: Key) -> bool:
    """Whether something stands at a key of these values."""
    return held_value(values, key, NOT_THERE) is not NOT_THERE


def held_value(values: Any, key: Key, otherwise: Any = None) -> Any:
    """What stands at a key of these values."""
    for step in key:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return otherwise
    return values


def type_at(key: Key, root: type[Section] = Settings) -> Any:
    """The type of what stands at a key below the root; None where the model has no such key."""
    held: Any = root
    for step in key:
        held = held_type(held, step)
    return plain_type(held)


def held_type(annotation: Any, step: str | int) -> Any:
    """The type of what a type of the model holds at a key or an index; None where nothing is."""
    plain = plain_type(annotation)
    keys = known_keys(plain)
    if keys is not None:
        return keys.get(str(step))
    if get_origin(plain) is list:
        return get_args(plain)[0]
    if get_origin(plain) is dict:
        names, held = get_args(plain)
        return held if step in (choices(names) or (step,)) else None
    return None


def plain_type(annotation: Any) -> Any:
    """A type without what is written around it: its validators, and None for "not set"."""
    if get_origin(annotation) is Annotated:
        return plain_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return plain_type(next(one for one in get_args(annotation) if one is not type(None)))
    return annotation


def section_type(annotation: Any) -> type[Section] | None:
    """The section that a type of the model is, or may be; None for other types."""
    plain = plain_type(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, Section) else None


def known_keys(annotation: Any) -> Mapping[str, Any] | None:
    """The keys of a section or a mapping of Kubernetes with their types; None for other types."""
    plain = plain_type(annotation)
    if is_typeddict(plain):
        return _hints(plain)
    section = section_type(plain)
    if section is None:
        return None
    return {str(field.alias): field.annotation for field in _fields(section)}


def choices(annotation: Any) -> tuple[Any, ...]:
    """The values that a type lists; empty where it lists none."""
    plain = plain_type(annotation)
    return get_args(plain) if get_origin(plain) is Literal else ()


def descriptions(section: type[Section] = Settings, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each key that layers do not merge inside of, dotted, with what it decides."""
    for field in _fields(section):
        key, inner = f"{prefix}{field.alias}", section_type(field.annotation)
        if inner is None or issubclass(inner, Value):
            yield key, field.description or ""
        else:
            yield from descriptions(inner, f"{key}.")


@cache
def chart_only_keys() -> frozenset[str]:
    """The keys, dotted, that the chart alone reads."""
    return frozenset(dotted(key) for key, mark in _keys(Settings, ()) if mark == CHART_ONLY)


@cache
def cluster_only_keys() -> frozenset[str]:
    """The keys, dotted, that no namespace can set."""
    return frozenset(dotted(key) for key, mark in _keys(Settings, ()) if mark == CLUSTER_ONLY)


@cache
def delegable_keys() -> frozenset[str]:
    """The keys, dotted, that the cluster can leave to namespaces: sections, values, and rules."""
    rules = choices(get_args(type_at(("rules",)))[0])
    known = {dotted(key) for key, mark in _keys(Settings, ()) if mark is None}
    return frozenset({*known, *(f"rules.{rule}" for rule in rules)} - {"exceptions"})


def _keys(section: type[Section], key: Key) -> Iterator[tuple[Key, dict[str, Any] | None]]:
    """Every key of a section and of those in it, each with the mark of who alone sets it."""
    for field in _fields(section):
        inner, at = section_type(field.annotation), (*key, str(field.alias))
        extra = field.json_schema_extra
        marks = [mark for mark in (CHART_ONLY, CLUSTER_ONLY) if _has(extra, mark)]
        yield at, marks[0] if marks else None
        if inner is not None and not issubclass(inner, Value):
            yield from _keys(inner, at)


def _has(extra: Any, mark: dict[str, Any]) -> bool:
    return isinstance(extra, dict) and mark.items() <= extra.items()


def _fields(section: type[Section]) -> Iterable[FieldInfo]:
    return section.model_fields.values()


_hints = cache(get_type_hints)
