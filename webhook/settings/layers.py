"""Several sources of settings, one above the other, merged field by field.

Each layer is validated by itself, so that an error names the file and line or the variable that
holds it, and not the settings that came out in the end. Contradictions are found in the merged
settings: a file may set the ceiling and a variable the default.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from webhook.settings.faults import KeyFault, SettingsError, explain
from webhook.settings.model import Settings
from webhook.settings.model_keys import Key, dotted, held_type, section_type
from webhook.settings.quantity import parse_quantity
from webhook.settings.rule_ids import NOT_OVERRIDABLE
from webhook.settings.values import Value

MOST_FAULTS = 20
_DEFAULTS = ("mcpServerDefaults", "resources")
_MAXIMUMS = ("mcpServerMaximums",)
_MERGED_BY_KEY = frozenset({("rules",)})


@dataclass(frozen=True)
class Layer:
    """What one source sets; a null in it means "not set here".

    `values` has the keys of the settings file. `place` names, for a key, where a person finds it,
    and how it is called there: `settings.yaml:3: replicas.policy`.
    """

    values: dict[str, Any]
    place: Callable[[Key], str]


def merge_layers(layers: Iterable[Layer]) -> Settings:
    """The settings that result from the layers, the strongest one last.

    Raises SettingsError with one line for each fault of any layer, and where the result
    contradicts itself.
    """
    given = [Layer(_set(Settings, layer.values, ()), layer.place) for layer in layers]
    _refuse(line for layer in given for line in _faults_of(layer))
    merged: dict[str, Any] = {}
    for layer in given:
        merged = _merge(Settings, merged, layer.values, ())
    settings = Settings.model_validate(merged)
    _refuse(_line(_origin(given, fault.key), fault) for fault in contradictions(settings))
    return settings


def faults_of_source(values: dict[str, Any]) -> list[KeyFault]:
    """What is wrong with the settings of one source alone, contradictions included."""
    given = _set(Settings, values, ())
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        return list(explain(error))
    return list(contradictions(settings))


def keys_set(layer: Layer) -> frozenset[str]:
    """The keys that a layer sets, dotted, each as far down as layers merge."""
    return frozenset(map(dotted, _leaves(Settings, _set(Settings, layer.values, ()), ())))


def _leaves(annotation: Any, value: Any, key: Key) -> Iterator[Key]:
    if not (_merges(annotation, key) and isinstance(value, dict)):
        yield key
        return
    for step, held in value.items():
        yield from _leaves(held_type(annotation, step), held, (*key, step))


def _faults_of(layer: Layer) -> Iterator[str]:
    try:
        Settings.model_validate(layer.values)
    except ValidationError as error:
        for fault in explain(error):
            yield _line(layer, fault)


def _line(layer: Layer, fault: KeyFault) -> str:
    return f"{layer.place(fault.key)}: {fault.sentence}"


def _refuse(lines: Iterable[str]) -> None:
    found = list(lines)
    if len(found) > MOST_FAULTS:
        found[MOST_FAULTS:] = [f"and {len(found) - MOST_FAULTS} more"]
    if found:
        raise SettingsError("\n".join(found))


def _origin(layers: list[Layer], key: Key) -> Layer:
    """The strongest layer that sets a key, which some layer does."""
    return next(layer for layer in reversed(layers) if _holds(layer.values, key))


def _holds(values: Any, key: Key) -> bool:
    for step in key:
        if not isinstance(values, dict) or step not in values:
            return False
        values = values[step]
    return True


def _set(annotation: Any, value: Any, key: Key) -> Any:
    """A copy of the value without the known keys that are null."""
    if isinstance(value, list):
        return [_set(held_type(annotation, at), item, (*key, at)) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    optional = section_type(annotation) is not None
    return {
        step: _set(held, item, (*key, step))
        for step, item in value.items()
        if (held := held_type(annotation, step)) is None
        or item is not None
        or not (optional or key in _MERGED_BY_KEY)
    }


def _merge(annotation: Any, low: Any, high: Any, key: Key) -> Any:
    if not (_merges(annotation, key) and isinstance(low, dict) and isinstance(high, dict)):
        return high
    merged = dict(low)
    for step, value in high.items():
        below = merged.get(step)
        merged[step] = _merge(held_type(annotation, step), below, value, (*key, step))
    return merged


def _merges(annotation: Any, key: Key) -> bool:
    """Whether layers merge inside of what stands at a key."""
    model = section_type(annotation)
    return (model is not None and not issubclass(model, Value)) or key in _MERGED_BY_KEY


def contradictions(settings: Settings) -> Iterator[KeyFault]:
    """Every contradiction, at the key that somebody has set."""
    yield from _overridden(settings)
    given, ceilings = settings.mcp_server_defaults.resources, settings.mcp_server_maximums
    yield from _above(given.requests, (*_MAXIMUMS, "requests"), ceilings.requests, "requests")
    yield from _above(given.limits, (*_MAXIMUMS, "limits"), ceilings.limits, "limits")
    # A container without a limit gets the ceiling as its limit, and no request may be above that.
    yield from _above(given.requests, (*_MAXIMUMS, "limits"), ceilings.limits, "requests")
    yield from _above(given.requests, (*_DEFAULTS, "limits"), given.limits, "requests")


def _overridden(settings: Settings) -> Iterator[KeyFault]:
    for rule, action in settings.rules.items():
        if action == "override" and rule in NOT_OVERRIDABLE:
            yield KeyFault(
                ("rules", rule),
                "override is not accepted, because nothing can stand in for what it refuses: "
                "use deny, warn or off",
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
