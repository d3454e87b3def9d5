"""What is wrong with a value, in the words of the person who wrote it.

pydantic speaks of inputs, dictionaries and regular expressions; a file has keys, mappings and
values, and its author wants to know what to write instead.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from webhook.settings.model_keys import Key, choices, known_keys, type_at
from webhook.settings.text_forms import ACCEPTED, listed, nearest

_LONGEST = 40
_OF_A_KEY = "[key]"
_KINDS = {
    "model_type": "a mapping of keys and values",
    "dict_type": "a mapping of keys and values",
    "list_type": "a list, one item after each hyphen",
    "bool_type": "true or false",
    "int_type": "a whole number, without quotes",
    "string_type": "text, in quotes where it looks like a number or a boolean",
    "port": "a number from 1 to 65535 or a port's name",
    "string_too_short": "at least one character",
}
_BOUNDS = {"ge": "at least {}", "le": "at most {}", "max_length": "at most {} characters"}


class SettingsError(Exception):
    """Settings that cannot be read or make no sense.

    The message names the file or variable, the key and what is accepted, one line for each fault.
    """


class KeyFault(NamedTuple):
    """One thing that is wrong with the settings: the key, and a sentence that follows its name."""

    key: Key
    sentence: str


def explain(error: ValidationError) -> Iterator[KeyFault]:
    """What pydantic objects to, in the order of the model."""
    for detail in error.errors(include_url=False):
        key = tuple(step for step in detail["loc"] if step != _OF_A_KEY)
        yield KeyFault(key, _sentence(detail, key))


def shown(value: Any) -> str:
    """What somebody wrote, without repeating what is long."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"a value of {len(text)} characters"


def _sentence(detail: ErrorDetails, key: Key) -> str:
    kind, names_key = detail["type"], detail["loc"][-1] == _OF_A_KEY
    if kind == "extra_forbidden":
        return _unknown(str(key[-1]), known_keys(type_at(key[:-1])) or ())
    if kind == "literal_error" and names_key:
        return _unknown(str(key[-1]), choices(get_args(type_at(key[:-1]))[0]))
    if kind == "missing":
        return "this key is required: add it"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    what = "this key" if names_key else shown(detail["input"])
    return f"{what} is not accepted: write {_accepted(detail, key)}"


def _accepted(detail: ErrorDetails, key: Key) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == "literal_error":
        known = choices(type_at(key))
        if detail["input"] is False and "off" in known:
            return 'off in quotes ("off"), which YAML reads as false without them'
        return listed(known, "or")
    if "pattern" in context:
        return ACCEPTED[context["pattern"]]
    for bound in _BOUNDS.keys() & context.keys():
        return _BOUNDS[bound].format(context[bound])
    return _KINDS.get(detail["type"], f"something else ({detail['msg']})")


def _unknown(key: str, known: Iterable[str]) -> str:
    near = nearest(key, known)
    hint = ":" if near is None else f", did you mean {near}?"
    return f"unknown key{hint} known here are {listed(tuple(known), 'and')}"
