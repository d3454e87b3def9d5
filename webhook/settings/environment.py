"""Settings from the environment, under the names that the reference deployment gives them."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from webhook.documents.reader import DocumentError, read_documents
from webhook.settings.faults import SettingsError, shown
from webhook.settings.layers import Layer
from webhook.settings.model_keys import Key, dotted
from webhook.settings.reference_names import (
    CEILINGS,
    ENABLED,
    JSON,
    NOT_OURS,
    PREFIX,
    PULL_SECRETS,
    VARIABLES,
    meant_variable,
)

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_POD_SECURITY = ENABLED.removesuffix("ENABLED")
# How alike an unknown name is to one of ours where a typing mistake is the only explanation, and
# where it may be one.
_MISSPELLED, _SIMILAR = 0.85, 0.65
_MOST_NOTES = 20
_NOT_SET = ("{}", "[]", "null")

# Go's strconv.ParseBool.
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}


def environment_layer(
    environment: Mapping[str, str], beneath: Mapping[str, Any] = _NOTHING
) -> Layer:
    """The layer of what the environment sets; an empty value is not set.

    A ceiling joins those of the layer `beneath`, because ceilings are one value and must not be
    lost to another. Raises SettingsError for two spellings that differ, for what cannot be read,
    and for an unknown name that looks like one of ours: a typing mistake must not fall back to a
    default.
    """
    given = _given(environment)
    lines = list(_faults(given))
    if lines:
        raise SettingsError("\n".join(lines))
    keys: dict[Key, str] = {}
    values: dict[str, Any] = {}
    for name, key in VARIABLES.items():
        if name in given:
            keys[key] = name
            if name in CEILINGS:
                _keep(values, key[:-1], beneath)
            _put(values, key, _read(name, given[name]))
    return Layer(values, lambda key: _place(key, keys))


def not_read(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable with the prefix of the reference that is no setting of ours."""
    given = _given(environment)
    lines = [
        f"{name} is not read: {_why(name)}"
        for name in sorted(given)
        if _of_reference(name) and name not in VARIABLES
    ]
    if len(lines) > _MOST_NOTES:
        lines[_MOST_NOTES:] = [f"and {len(lines) - _MOST_NOTES} more variables are not read"]
    return lines


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if value and not (name in JSON and value.strip() in _NOT_SET)
    }


def _of_reference(name: str) -> bool:
    return name.upper().startswith(PREFIX)


def _why(name: str) -> str:
    if name in NOT_OURS:
        return NOT_OURS[name]
    near = meant_variable(name, _SIMILAR)
    return "it is unknown" if near is None else f"it is unknown, did you mean {near}?"


def _faults(given: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(given.keys() - VARIABLES.keys() - NOT_OURS.keys()):
        security = name.startswith(_POD_SECURITY)
        near = (
            meant_variable(name, _SIMILAR if security else _MISSPELLED)
            if _of_reference(name)
            else None
        )
        if near in VARIABLES:
            yield f"{name}: unknown variable, did you mean {near}?"
        elif security:
            yield f"{name}: unknown variable, unset it, or use {ENABLED}"
    if ENABLED in given and given[ENABLED] not in _BOOLEANS:
        yield f"{ENABLED}: {shown(given[ENABLED])} is not accepted: write true or false"
    for name in sorted(JSON.keys() & given.keys()):
        try:
            single = len(read_documents(given[name], name)) == 1
        except DocumentError:
            single = False
        if not single:
            yield f"{name}: {shown(given[name])} cannot be read: write JSON"
    yield from _differing(given)


def _differing(given: Mapping[str, str]) -> Iterator[str]:
    spellings: dict[Key, list[str]] = {}
    for name, key in VARIABLES.items():
        if name in given:
            spellings.setdefault(key, []).append(name)
    for names in spellings.values():
        if len({given[name] for name in names}) > 1:
            spelled = " and ".join(f"{name} ({shown(given[name])})" for name in names)
            yield f"{spelled} differ: set one of them"


def _read(name: str, value: str) -> Any:
    if name == ENABLED:
        return _BOOLEANS[value]
    if name == PULL_SECRETS:
        return [{"name": entry.strip()} for entry in value.split(",") if entry.strip()]
    if name in JSON:
        return read_documents(value, name)[0].value
    return value


def _place(key: Key, keys: Mapping[Key, str]) -> str:
    """The variable that sets a key or something around it, and how to go on from there."""
    for end in range(len(key), 0, -1):
        name = keys.get(key[:end])
        if name is not None:
            inside = dotted(key[end:])
            return f"{name}: {inside}" if inside else name
    return dotted(key)


def _keep(values: dict[str, Any], key: tuple[str, ...], beneath: Mapping[str, Any]) -> None:
    """Start from the ceilings that the layer beneath sets, where it sets some."""
    for part in key:
        values = values.setdefault(part, {})
        held = beneath.get(part)
        beneath = held if isinstance(held, dict) else _NOTHING
    for name, ceiling in beneath.items():
        values.setdefault(name, ceiling)


def _put(values: dict[str, Any], key: tuple[str, ...], value: Any) -> None:
    *sections, last = key
    for step in sections:
        values = values.setdefault(step, {})
    values[last] = value
