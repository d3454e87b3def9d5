"""What is wrong with settings, in the words of the person who wrote them.

pydantic speaks of inputs, dictionaries and regular expressions; a file has keys, mappings and
values, and its author wants to know what to write instead. A contradiction is between two values,
each of which is accepted.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from webhook.settings.model import Settings
from webhook.settings.model_keys import (
    Key,
    chart_only_keys,
    choices,
    cluster_only_keys,
    delegable_keys,
    known_keys,
    type_at,
)
from webhook.settings.quantity import parse_quantity
from webhook.settings.rule_settings import NOT_OVERRIDABLE
from webhook.settings.values import ACCEPTED, Section, listed, nearest

MOST_FAULTS = 20
NO_OVERRIDE = (
    "override is not accepted, because nothing can stand in for what it refuses: "
    "use deny, warn or off"
)
_DEFAULTS = ("mcpServerDefaults", "resources")
_MAXIMUMS = ("mcpServerMaximums",)
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
# Of a list; those of a text are bounds as well.
_LENGTHS = {"too_short": "at least one", "too_long": "at most {max_length}"}


class SettingsError(Exception):
    """Settings that cannot be read or make no sense.

    The message names the file or variable, the key and what is accepted, one line for each fault.
    """


class KeyFault(NamedTuple):
    """One thing that is wrong with the settings: the key, and a sentence that follows its name."""

    key: Key
    sentence: str


def explain(error: ValidationError, root: type[Section] = Settings) -> Iterator[KeyFault]:
    """What pydantic objects to below the root, in the order of the model."""
    for detail in error.errors(include_url=False):
        key = _key_of(detail)
        yield KeyFault(key, _sentence(detail, key, root))


def faulty_keys(error: ValidationError) -> list[Key]:
    """The keys that pydantic objects to; their sentences cost more."""
    return [_key_of(detail) for detail in error.errors(include_url=False, include_context=False)]


def _key_of(detail: ErrorDetails) -> Key:
    *steps, last = detail["loc"]
    return tuple(steps) if steps and last == _OF_A_KEY else (*steps, last)


def shown(value: Any) -> str:
    """What somebody wrote, without repeating what is long."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"a value of {len(text)} characters"


def _sentence(detail: ErrorDetails, key: Key, root: type[Section]) -> str:
    kind, names_key = detail["type"], detail["loc"][-1] == _OF_A_KEY
    if kind == "extra_forbidden":
        return _unknown(str(key[-1]), known_keys(type_at(key[:-1], root)) or ())
    if kind == "literal_error" and names_key:
        return _unknown(str(key[-1]), choices(get_args(type_at(key[:-1], root))[0]))
    if kind == "missing":
        return "this key is required: add it"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    what = "this key" if names_key else shown(detail["input"])
    return f"{what} is not accepted: write {_accepted(detail, key, root)}"


def _accepted(detail: ErrorDetails, key: Key, root: type[Section]) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == "literal_error":
        known = choices(type_at(key, root))
        if detail["input"] is False and "off" in known:
            return 'off in quotes ("off"), which YAML reads as false without them'
        return listed(known, "or")
    if "pattern" in context:
        return ACCEPTED[context["pattern"]]
    if detail["type"] in _LENGTHS:
        return _LENGTHS[detail["type"]].format(**context)
    for bound in _BOUNDS.keys() & context.keys():
        return _BOUNDS[bound].format(context[bound])
    return _KINDS.get(detail["type"], f"something else ({detail['msg']})")


def _unknown(key: str, known: Iterable[str]) -> str:
    near = nearest(key, known)
    hint = ":" if near is None else f", did you mean {near}?"
    return f"unknown key{hint} known here are {listed(tuple(known), 'and')}"


def contradictions(settings: Settings) -> Iterator[KeyFault]:
    """Every contradiction, at the key that somebody has set."""
    yield from _overridden(settings)
    yield from _not_delegable(settings)
    given, ceilings = settings.mcp_server_defaults.resources, settings.mcp_server_maximums
    yield from _above(given.requests, (*_MAXIMUMS, "requests"), ceilings.requests, "requests")
    yield from _above(given.limits, (*_MAXIMUMS, "limits"), ceilings.limits, "limits")
    # A container without a limit gets the ceiling as its limit, and no request may be above that.
    yield from _above(given.requests, (*_MAXIMUMS, "limits"), ceilings.limits, "requests")
    yield from _above(given.requests, (*_DEFAULTS, "limits"), given.limits, "requests")


def _overridden(settings: Settings) -> Iterator[KeyFault]:
    for rule, action in settings.rules.items():
        if action == "override" and rule in NOT_OVERRIDABLE:
            yield KeyFault(("rules", rule), NO_OVERRIDE)


def _not_delegable(settings: Settings) -> Iterator[KeyFault]:
    """Object to what is no key that namespaces could set; a hint to the first ones is enough."""
    hints = MOST_FAULTS
    for at, key in enumerate(settings.delegated):
        if key in delegable_keys():
            continue
        if key in cluster_only_keys() or key in chart_only_keys():
            yield KeyFault(("delegated", at), f"{key} is for the whole cluster: take it out")
            continue
        near = nearest(key, delegable_keys(), 0.75) if hints > 0 else None
        hints -= 1
        hint = "" if near is None else f", did you mean {near}?"
        yield KeyFault(
            ("delegated", at),
            f"{shown(key)} is no key that a namespace can set{hint or ': take it out'}",
        )


def _above(
    given: Mapping[str, str], key: tuple[str, ...], bounds: Mapping[str, str], what: str
) -> Iterator[KeyFault]:
    """Object to each bound at the key that the default beats; quantities compare exactly."""
    for resource in sorted(given.keys() & bounds.keys()):
        default, bound = given[resource], bounds[resource]
        if parse_quantity(default) > parse_quantity(bound):
            yield KeyFault(
                (*key, resource),
                f"{bound} is less than mcpServerDefaults.resources.{what}.{resource}, {default}: "
                "raise the one or lower the other",
            )
