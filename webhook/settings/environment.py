"""Settings from the environment, under the names that the reference deployment gives them.

Names and formats are those that it reads itself: texts, booleans as Go writes them, _JSON, lists
separated by commas.
"""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from webhook.documents import DocumentError, read_documents
from webhook.settings.faults import SettingsError, shown
from webhook.settings.layers import Layer
from webhook.settings.model_keys import Key, dotted

_PREFIX = "OBOT_SERVER_MCP"
_LONGEST = 100  # of a name that is compared with ours

_DEFAULTS = "mcpServerDefaults"
_MAXIMUMS = "mcpServerMaximums"
_POD_SECURITY = ("mcpNamespace", "podSecurity")
_OF_POD_SECURITY = f"{_PREFIX}POD_SECURITY_"

_ENABLED = f"{_OF_POD_SECURITY}ENABLED"
_PULL_SECRETS = f"{_PREFIX}IMAGE_PULL_SECRETS"
_JSON = {
    f"{_PREFIX}K8S_SETTINGS_AFFINITY": (_DEFAULTS, "affinity"),
    f"{_PREFIX}K8S_SETTINGS_TOLERATIONS": (_DEFAULTS, "tolerations"),
    f"{_PREFIX}K8S_SETTINGS_RESOURCES": (_DEFAULTS, "resources"),
}
_CEILINGS = {
    f"{_PREFIX}K8S_MAX_CPUREQUEST": (_MAXIMUMS, "requests", "cpu"),
    f"{_PREFIX}K8S_MAX_MEMORY_REQUEST": (_MAXIMUMS, "requests", "memory"),
    f"{_PREFIX}K8S_MAX_CPULIMIT": (_MAXIMUMS, "limits", "cpu"),
    f"{_PREFIX}K8S_MAX_MEMORY_LIMIT": (_MAXIMUMS, "limits", "memory"),
}
VARIABLES: dict[str, tuple[str, ...]] = {
    f"{_PREFIX}K8S_SETTINGS_RUNTIMECLASSNAME": (_DEFAULTS, "runtimeClassName"),
    f"{_PREFIX}K8S_SETTINGS_RUNTIME_CLASS_NAME": (_DEFAULTS, "runtimeClassName"),
    f"{_PREFIX}BASE_IMAGE": (_DEFAULTS, "image"),
    _PULL_SECRETS: (_DEFAULTS, "imagePullSecrets"),
    **_JSON,
    **_CEILINGS,
    _ENABLED: (*_POD_SECURITY, "enabled"),
    f"{_OF_POD_SECURITY}ENFORCE": (*_POD_SECURITY, "enforce"),
    f"{_OF_POD_SECURITY}ENFORCE_VERSION": (*_POD_SECURITY, "enforceVersion"),
    f"{_OF_POD_SECURITY}AUDIT": (*_POD_SECURITY, "audit"),
    f"{_OF_POD_SECURITY}AUDIT_VERSION": (*_POD_SECURITY, "auditVersion"),
    f"{_OF_POD_SECURITY}WARN": (*_POD_SECURITY, "warn"),
    f"{_OF_POD_SECURITY}WARN_VERSION": (*_POD_SECURITY, "warnVersion"),
}
_ALONE = "it is a setting of the reference deployment alone"
NOT_OURS = {
    f"{_PREFIX}NAMESPACE": "the chart names the namespace, as mcpNamespace.name",
    **dict.fromkeys(
        (
            f"{_PREFIX}AUDIT_LOGS_PERSIST_BATCH_SIZE",
            f"{_PREFIX}AUDIT_LOG_PERSIST_INTERVAL_SECONDS",
            f"{_PREFIX}AUDIT_LOG_RETENTION_DAYS",
            f"{_PREFIX}CLUSTER_DOMAIN",
            f"{_PREFIX}DEFAULT_DENY_ALL_EGRESS",
            f"{_PREFIX}HTTPWEBHOOK_BASE_IMAGE",
            f"{_PREFIX}K8S_SETTINGS_NANOBOT_AGENT_RESOURCES",
            f"{_PREFIX}K8S_SETTINGS_NANOBOT_WORKSPACE_SIZE",
            f"{_PREFIX}K8S_SETTINGS_STORAGE_CLASS_NAME",
            f"{_PREFIX}NETWORK_POLICY_PROVIDER_CHART_NAME",
            f"{_PREFIX}NETWORK_POLICY_PROVIDER_CHART_PATH",
            f"{_PREFIX}NETWORK_POLICY_PROVIDER_CHART_REPO",
            f"{_PREFIX}NETWORK_POLICY_PROVIDER_CHART_VERSION",
            f"{_PREFIX}NETWORK_POLICY_PROVIDER_VALUES",
            f"{_PREFIX}OAUTH_CLIENT_EXPIRATION",
            f"{_PREFIX}REMOTE_SHIM_BASE_IMAGE",
            f"{_PREFIX}RUNTIME_BACKEND",
            f"{_PREFIX}SECRET_BINDING_ALLOWED_LABEL",
            f"{_PREFIX}SERVER_SEARCH_IMAGE",
        ),
        _ALONE,
    ),
}

_NOTHING: Mapping[str, Any] = {}
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
            if name in _CEILINGS:
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
        if value and not (name in _JSON and value.strip() in _NOT_SET)
    }


def _of_reference(name: str) -> bool:
    return name.upper().startswith(_PREFIX)


def _why(name: str) -> str:
    if name in NOT_OURS:
        return NOT_OURS[name]
    near = _meant(name, _SIMILAR)
    return "it is unknown" if near is None else f"it is unknown, did you mean {near}?"


def _faults(given: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(given.keys() - VARIABLES.keys() - NOT_OURS.keys()):
        security = name.startswith(_OF_POD_SECURITY)
        near = _meant(name, _SIMILAR if security else _MISSPELLED) if _of_reference(name) else None
        if near in VARIABLES:
            yield f"{name}: unknown variable, did you mean {near}?"
        elif security:
            yield f"{name}: unknown variable, unset it, or use {_ENABLED}"
    if _ENABLED in given and given[_ENABLED] not in _BOOLEANS:
        yield f"{_ENABLED}: {shown(given[_ENABLED])} is not accepted: write true or false"
    for name in sorted(_JSON.keys() & given.keys()):
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
    if name == _ENABLED:
        return _BOOLEANS[value]
    if name == _PULL_SECRETS:
        return [{"name": entry.strip()} for entry in value.split(",") if entry.strip()]
    if name in _JSON:
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


def _meant(name: str, alike: float) -> str | None:
    """The name that an unknown one is closest to, where the two are that much alike."""
    stems = _stems(name)
    rated = [
        (max(_ratio(stem, other) for stem in stems for other in _stems(known)), known)
        for known in (*VARIABLES, *NOT_OURS)
        if len(name) <= _LONGEST
    ]
    best, known = max(rated, default=(0.0, ""))
    return known if best >= alike else None


def _stems(name: str) -> tuple[str, ...]:
    """What is left of a name without separators and case, with and without its group."""
    plain = name.upper().removeprefix(_PREFIX).replace("_", "")
    return plain, plain.removeprefix("K8SSETTINGS").removeprefix("K8S")


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()
