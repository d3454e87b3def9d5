"""What is wrong with a value, in the words of the person who wrote it.

pydantic speaks of inputs, dictionaries and regular expressions; a file has keys, mappings and
values, and its author wants to know what to write instead.
"""

import json
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from webhook.settings.model import Section, Settings
from webhook.settings.patterns import ACCEPTED
from webhook.settings.words import listed, nearest

Key = tuple[str | int, ...]
_LONGEST = 40
_OF_A_KEY = "[key]"
_KINDS = {
    "model_type": "a mapping of keys and values",
    "dict_type": "a mapping of keys and values",
    "list_type": "a list, one item after each hyphen",
    "bool_type": "true or false",
    "int_type": "a whole number, without quotes",
    "string_type": "text, in quotes where it looks like a number or a boolean",
    "string_too_short": "at least one character",
}
_BOUNDS = {"ge": "at least {}", "le": "at most {}", "max_length": "at most {} characters"}


class Fault(NamedTuple):
    """One thing that is wrong with the settings: the key, and a sentence that follows its name."""

    key: Key
    sentence: str


def faults(error: ValidationError) -> Iterator[Fault]:
    """What pydantic objects to, in the order of the model."""
    for detail in error.errors(include_url=False):
        key = tuple(step for step in detail["loc"] if step != _OF_A_KEY)
        yield Fault(key, _sentence(detail, key))


def dotted(key: Key) -> str:
    """The key as people write it: `mcpServerDefaults.tolerations[0].effect`."""
    text = ""
    for step in key:
        if isinstance(step, int) or "." in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def found(value: Any) -> str:
    """What somebody wrote, without repeating what is long."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"a value of {len(text)} characters"


def inside(annotation: Any, step: str | int) -> Any:
    """The type of what a type of the model holds at a key or an index; None where nothing is."""
    model = section(annotation)
    if model is not None:
        return next((f.annotation for f in model.model_fields.values() if f.alias == step), None)
    arguments = [part for part in get_args(annotation) if part is not type(None)]
    origin = get_origin(annotation)
    if origin in (Annotated, Union, types.UnionType):
        return inside(arguments[0], step)
    if (
        origin is dict
        and get_origin(arguments[0]) is Literal
        and step not in get_args(arguments[0])
    ):
        return None
    return arguments[-1] if origin in (list, dict) else None


def section(annotation: Any) -> type[Section] | None:
    """The section that a type of the model is, or may be; None for plain values."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, Section) else None
    if get_origin(annotation) in (Union, types.UnionType):
        return next(filter(None, map(section, get_args(annotation))), None)
    return None


def _sentence(detail: ErrorDetails, key: Key) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    names_key = detail["loc"][-1] == _OF_A_KEY
    if kind == "extra_forbidden":
        return _unknown(str(key[-1]), _known_keys(key[:-1]))
    if kind == "literal_error" and names_key:
        return _unknown(str(key[-1]), _choices(context["expected"]))
    if kind == "missing":
        return "this key is required: add it"
    if kind == "value_error":
        return str(context["error"])
    what = "this key" if names_key else found(detail["input"])
    return f"{what} is not accepted: write {_accepted(detail)}"


def _accepted(detail: ErrorDetails) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    match context:
        case {"pattern": pattern}:
            return ACCEPTED[pattern]
        case {"expected": expected}:
            if detail["input"] is False and "off" in _choices(expected):
                return 'off in quotes ("off"), which YAML reads as false without them'
            return listed(_choices(expected), "or")
    for bound in _BOUNDS.keys() & context.keys():
        return _BOUNDS[bound].format(context[bound])
    return _KINDS.get(detail["type"], f"something else ({detail['msg']})")


def _unknown(key: str, known: list[str]) -> str:
    near = nearest(key, known)
    hint = ":" if near is None else f", did you mean {near}?"
    return f"unknown key{hint} known here are {listed(known, 'and')}"


def _known_keys(key: Key) -> list[str]:
    here: Any = Settings
    for step in key:
        here = inside(here, step)
    model = section(here)
    return [] if model is None else [str(f.alias) for f in model.model_fields.values()]


def _choices(expected: str) -> list[str]:
    """The values out of pydantic's sentence `'a', 'b' or 'c'`."""
    return expected.split("'")[1::2]
