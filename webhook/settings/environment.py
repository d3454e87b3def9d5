"""Settings from the environment, under the names that the reference deployment gives them."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from webhook.settings.errors import SettingsError
from webhook.settings.faults import Key, dotted, found
from webhook.settings.layers import Layer

_RUNTIME_CLASS = ("mcpServerDefaults", "runtimeClassName")
_POD_SECURITY = ("mcpNamespace", "podSecurity")
_PREFIX = "OBOT_SERVER_MCPPOD_SECURITY_"
_ENABLED = f"{_PREFIX}ENABLED"

VARIABLES: dict[str, tuple[str, ...]] = {
    "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME": _RUNTIME_CLASS,
    "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIME_CLASS_NAME": _RUNTIME_CLASS,
    "OBOT_SERVER_MCPBASE_IMAGE": ("mcpServerDefaults", "image"),
    _ENABLED: (*_POD_SECURITY, "enabled"),
    f"{_PREFIX}ENFORCE": (*_POD_SECURITY, "enforce"),
    f"{_PREFIX}ENFORCE_VERSION": (*_POD_SECURITY, "enforceVersion"),
    f"{_PREFIX}AUDIT": (*_POD_SECURITY, "audit"),
    f"{_PREFIX}AUDIT_VERSION": (*_POD_SECURITY, "auditVersion"),
    f"{_PREFIX}WARN": (*_POD_SECURITY, "warn"),
    f"{_PREFIX}WARN_VERSION": (*_POD_SECURITY, "warnVersion"),
}

# Go's strconv.ParseBool.
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}


def layer(environment: Mapping[str, str]) -> Layer:
    """The layer of what the environment sets; an empty value is not set.

    Raises SettingsError for two spellings that differ, for what is no boolean, and for an unknown
    name that looks like one of ours: a typing mistake must not fall back to a default.
    """
    given = {name: value for name, value in environment.items() if value}
    lines = list(_faults(given))
    if lines:
        raise SettingsError("\n".join(lines))
    names: dict[Key, str] = {}
    values: dict[str, Any] = {}
    for name, key in VARIABLES.items():
        if name in given:
            names[key] = name
            value = given[name]
            _put(values, key, _BOOLEANS[value] if name == _ENABLED else value)
    return Layer(values, lambda key: names.get(key) or dotted(key))


def _faults(given: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(given):
        if name.startswith(_PREFIX) and name not in VARIABLES:
            near = get_close_matches(name, VARIABLES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"unset it, or use {_ENABLED}"
            yield f"{name}: unknown variable, {hint}"
    if _ENABLED in given and given[_ENABLED] not in _BOOLEANS:
        yield f"{_ENABLED}: {found(given[_ENABLED])} is not accepted: write true or false"
    spellings = [name for name, key in VARIABLES.items() if key == _RUNTIME_CLASS and name in given]
    if len({given[name] for name in spellings}) > 1:
        shown = " and ".join(f"{name} ({found(given[name])})" for name in spellings)
        yield f"{shown} differ: set one of them"


def _put(values: dict[str, Any], key: tuple[str, ...], value: Any) -> None:
    *sections, last = key
    for step in sections:
        values = values.setdefault(step, {})
    values[last] = value
