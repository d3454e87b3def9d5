"""What a namespace may set of the settings, and why not the rest.

A namespace may be stricter than the cluster in what has an order, and may set anything that the
cluster's settings delegate. This is a function of the two alone, without a history: webhook,
controller and commands come to the same result. Ceilings join those of the cluster, resource by
resource, so that a ceiling of the cluster is never lost by setting another one.
"""

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, NamedTuple, cast

from pydantic import ValidationError

from webhook.settings.faults import (
    MOST_FAULTS,
    NO_OVERRIDE,
    KeyFault,
    contradictions,
    explain,
    faulty_keys,
)
from webhook.settings.layers import (
    DEEPEST,
    MERGED_BY_KEY,
    is_nested_within,
    leaf_keys,
    leaf_of,
    merged_values,
    without_nulls,
)
from webhook.settings.model import Settings
from webhook.settings.model_keys import Key, chart_only_keys, cluster_only_keys, dotted
from webhook.settings.rule_settings import NOT_OVERRIDABLE, RuleId
from webhook.settings.strictness import looser

NAMESPACE_KIND = "MCPNamespaceSettings"
NAMESPACE_PLURAL = "mcpnamespacesettings"
LARGEST_VALUES = 16 * 1024
"""In characters of JSON: what a namespace may say, and what is distributed for it."""

# The controller may have no right to read Secrets; no namespace gives it back.
_COPIES = "secrets.copy"
_MAXIMUMS = "mcpServerMaximums"
MERGED_IN_NAMESPACES = MERGED_BY_KEY | {(_MAXIMUMS, "requests"), (_MAXIMUMS, "limits")}
_NO_EFFECT = "until then, nothing of these settings is in force"

Json = Mapping[str, Any]


class NamespaceLayer(NamedTuple):
    """The settings of a namespace, what is in force of those that it sets, and what is not.

    The key of a fault about all of them is empty.
    """

    settings: Settings
    values: Json
    faults: tuple[KeyFault, ...]


def namespace_layer(cluster: Settings, spec: Any) -> NamespaceLayer:
    """What becomes of the settings of a namespace under those of the cluster; it never raises."""
    problem = out_of_bounds(spec)
    if problem is not None:
        return NamespaceLayer(cluster, {}, (KeyFault((), problem),))
    given, faults = _understood(without_nulls(spec, MERGED_IN_NAMESPACES))
    asked = Settings.model_validate(given)
    # With their defaults, so that the same is the same however it is written.
    whole, held = asked.model_dump(by_alias=True), cluster.model_dump(by_alias=True)
    own = asked.model_dump(by_alias=True, exclude_unset=True)
    kept: dict[str, Any] = {}
    for key in leaf_keys(own, MERGED_IN_NAMESPACES):
        reason = refusal_in_namespace(cluster, key, _at(whole, key), held_by(cluster, key, held))
        if reason is None:
            _put(kept, key, _at(own, key))
        else:
            faults.append(KeyFault(key, reason))
    settings = _merged(cluster, kept) if kept else cluster
    contradicting = [
        KeyFault(fault.key, f"{fault.sentence}; {_NO_EFFECT}") for fault in contradictions(settings)
    ]
    if contradicting:
        return NamespaceLayer(cluster, {}, _few([*contradicting, *faults]))
    return NamespaceLayer(settings, kept, _few(faults))


def _merged(cluster: Settings, values: dict[str, Any]) -> Settings:
    beneath = cluster.model_dump(by_alias=True, exclude_unset=True)
    return Settings.model_validate(merged_values(beneath, values, MERGED_IN_NAMESPACES))


def out_of_bounds(spec: Any) -> str | None:
    """Why the settings of a namespace are not read at all; None where they are."""
    if not isinstance(spec, dict):
        return "must be a mapping of keys and values"
    if not is_nested_within(spec):
        return f"is nested more than {DEEPEST} levels deep: nest it less"
    size = len(json.dumps(spec, separators=(",", ":")))
    if size > LARGEST_VALUES:
        return f"has {size} characters as JSON: a namespace can set {LARGEST_VALUES} at most"
    return None


def _understood(given: dict[str, Any]) -> tuple[dict[str, Any], list[KeyFault]]:
    """What the model accepts of the values, and a fault for each key that it does not."""
    faults: list[KeyFault] = []
    while True:
        try:
            Settings.model_validate(given)
        except ValidationError as error:
            keys = faulty_keys(error)
            explained = list(islice(explain(error), MOST_FAULTS))
            # What is counted alone needs no sentence.
            faults += [*explained, *(KeyFault(key, "") for key in keys[len(explained) :])]
            for key in {leaf_of(key, MERGED_IN_NAMESPACES) for key in keys}:
                _drop(given, key)
        else:
            return given, faults


def _few(faults: list[KeyFault]) -> tuple[KeyFault, ...]:
    more = len(faults) - MOST_FAULTS
    if more > 0:
        faults[MOST_FAULTS:] = [KeyFault((), f"and {more} more keys are not in force")]
    return tuple(faults)


def held_by(cluster: Settings, key: Key, values: Json) -> Any:
    """What the cluster has at a key that a namespace sets; `values` are all of its settings."""
    rule = cast("RuleId", key[1]) if key[0] == "rules" else None
    return _at(values, key) if rule is None else cluster.conflict_action(rule)


def is_delegated(cluster: Settings, key: Key) -> bool:
    """Whether the cluster leaves the key, or something around it, to namespaces."""
    return any(dotted(key[:end]) in cluster.delegated for end in range(1, len(key) + 1))


def refusal_in_namespace(cluster: Settings, key: Key, value: Any, held: Any) -> str | None:
    """Why no namespace can set this value where the cluster has another; None where it can."""
    name = dotted(key)
    never = _never(name, key, value, held)
    if never or is_delegated(cluster, key) or value == held:
        return never
    problem = looser(key, value, held)
    if problem is None:
        return None
    delegable = dotted(key[:2]) if key[0] == _MAXIMUMS else name
    return f"{problem}: the cluster's settings have to list {delegable} under delegated for that"


def _never(name: str, key: Key, value: Any, held: Any) -> str | None:
    """Why no namespace can set this, whatever is delegated."""
    if name in chart_only_keys():
        return "is read by the chart alone: take it out"
    if name in cluster_only_keys():
        return "is for the whole cluster: take it out"
    if name == _COPIES and value and not held:
        return "the cluster has no copies of Secrets (false), so no namespace can: take it out"
    if key[0] == "rules" and value == "override" and key[1] in NOT_OVERRIDABLE:
        return NO_OVERRIDE
    return None


def _at(values: Any, key: Key) -> Any:
    """What stands at a key; None where a mapping with free keys has nothing."""
    for step in key:
        values = values.get(step)
    return values


def _put(values: dict[str, Any], key: Key, value: Any) -> None:
    for step in key[:-1]:
        values = values.setdefault(str(step), {})
    values[str(key[-1])] = value


def _drop(values: dict[str, Any], key: Key) -> None:
    held: Any = values
    for step in key[:-1]:
        held = held[step]
    held.pop(key[-1], None)
