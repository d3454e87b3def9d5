"""The layers of settings, merged field by field into the effective settings and their file.

Each layer is validated by itself, so that an error names the file and line or the variable that
holds it, and not the settings that came out in the end. Contradictions are found in the merged
settings: a file may set the ceiling and a variable the default.

`control` writes the file and `serve` reads it. Both call it by the digest of its bytes, so that
each can say which settings it works with.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from webhook.documents import plain
from webhook.settings.faults import MOST_FAULTS, KeyFault, SettingsError, contradictions, explain
from webhook.settings.model import Settings
from webhook.settings.model_keys import Key, dotted, held_type, is_set, section_type
from webhook.settings.values import Value

Keys = frozenset[Key]
# Mappings with free keys in which layers merge, beside sections.
MERGED_BY_KEY: Keys = frozenset({("rules",)})


class Layer(NamedTuple):
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
    given = _valid_layers(layers)
    merged: dict[str, Any] = {}
    for layer in given:
        merged = merged_values(merged, layer.values)
    settings = Settings.model_validate(merged)
    contradicting = list(contradictions(settings))
    _refuse(
        (_line(_origin(given, fault.key), fault) for fault in contradicting), len(contradicting)
    )
    return settings


def settings_of_layer(layer: Layer) -> Settings:
    """What one layer sets; it may contradict itself, because a stronger one may end that.

    Raises SettingsError with one line for each fault of the layer.
    """
    (given,) = _valid_layers([layer])
    return Settings.model_validate(given.values)


def faults_of_source(values: dict[str, Any]) -> list[KeyFault]:
    """What is wrong with the settings of one source alone, contradictions included."""
    given = without_nulls(values)
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        return list(explain(error))
    return list(contradictions(settings))


def keys_set(layer: Layer) -> frozenset[str]:
    """The keys that a layer sets, dotted, each as far down as layers merge."""
    return frozenset(map(dotted, leaf_keys(without_nulls(layer.values))))


def without_nulls(values: dict[str, Any], by_key: Keys = MERGED_BY_KEY) -> dict[str, Any]:
    """A copy of the values without what is null, which means "not set here"."""
    copy: dict[str, Any] = _set(Settings, values, (), by_key)
    return copy


def merged_values(
    low: dict[str, Any], high: dict[str, Any], by_key: Keys = MERGED_BY_KEY
) -> dict[str, Any]:
    """The values of two layers, where those of the second one are stronger."""
    merged: dict[str, Any] = _merge(Settings, low, high, (), by_key)
    return merged


def leaf_keys(values: dict[str, Any], by_key: Keys = MERGED_BY_KEY) -> Iterator[Key]:
    """The keys that are set, each as far down as layers merge."""
    return _leaves(Settings, values, (), by_key)


def leaf_of(key: Key, by_key: Keys = MERGED_BY_KEY) -> Key:
    """The key without its steps into what layers replace as a whole."""
    held: Any = Settings
    for depth, step in enumerate(key):
        if not _merges(held, key[:depth], by_key):
            return key[:depth]
        held = held_type(held, step)
    return key


def _leaves(annotation: Any, value: Any, key: Key, by_key: Keys) -> Iterator[Key]:
    if not (_merges(annotation, key, by_key) and isinstance(value, dict)):
        yield key
        return
    for step, held in value.items():
        yield from _leaves(held_type(annotation, step), held, (*key, step), by_key)


def _valid_layers(layers: Iterable[Layer]) -> list[Layer]:
    """The layers without nulls; raises SettingsError."""
    given = [Layer(without_nulls(layer.values), layer.place) for layer in layers]
    wrong = list[tuple[Layer, ValidationError]]()
    for layer in given:
        try:
            Settings.model_validate(layer.values)
        except ValidationError as error:
            wrong.append((layer, error))
    _refuse(
        (_line(layer, fault) for layer, error in wrong for fault in explain(error)),
        sum(error.error_count() for _, error in wrong),
    )
    return given


def _line(layer: Layer, fault: KeyFault) -> str:
    return f"{layer.place(fault.key)}: {fault.sentence}"


def _refuse(lines: Iterable[str], count: int) -> None:
    """Raise SettingsError with the first of so many lines; the others are never made."""
    told = list(islice(lines, MOST_FAULTS))
    if count > MOST_FAULTS:
        told.append(f"and {count - MOST_FAULTS} more")
    if told:
        raise SettingsError("\n".join(told))


def _origin(layers: list[Layer], key: Key) -> Layer:
    """The strongest layer that sets a key, which some layer does."""
    return [layer for layer in layers if is_set(layer.values, key)][-1]


def _set(annotation: Any, value: Any, key: Key, by_key: Keys) -> Any:
    """A copy of the value without the known keys that are null."""
    if isinstance(value, list):
        inner = held_type(annotation, 0)
        return [_set(inner, item, (*key, at), by_key) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    optional = section_type(annotation) is not None
    return {
        step: _set(held, item, (*key, step), by_key)
        for step, item in value.items()
        if (held := held_type(annotation, step)) is None
        or item is not None
        or not (optional or key in by_key)
    }


def _merge(annotation: Any, low: Any, high: Any, key: Key, by_key: Keys) -> Any:
    merges = _merges(annotation, key, by_key)
    if not (merges and isinstance(low, dict) and isinstance(high, dict)):
        return high
    merged = dict(low)
    for step, value in high.items():
        below = merged.get(step)
        merged[step] = _merge(held_type(annotation, step), below, value, (*key, step), by_key)
    return merged


def _merges(annotation: Any, key: Key, by_key: Keys) -> bool:
    """Whether layers merge inside of what stands at a key."""
    model = section_type(annotation)
    return (model is not None and not issubclass(model, Value)) or key in by_key


DEEPEST = 50  # replicas read twice as deep


def is_nested_within(value: Any, levels: int = DEEPEST) -> bool:
    """Whether a value is nested at most so many levels deep."""
    inside = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return True
    return levels > 0 and all(is_nested_within(each, levels - 1) for each in inside)


FILE = "settings.yaml"
# Where a replica tells the digest, on its port for probes.
HEADER = "Mcp-Admission-Settings"
_LENGTH = 16


class _Dumper(yaml.SafeDumper):
    """Quotes what any YAML parser on the way would not read as text, such as `y`."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's own signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if _is_text(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_text(text: str) -> bool:
    return text[:1].isascii() and text[:1].isalpha() and plain(text) == text


_Dumper.add_representer(str, _text)


def settings_text(settings: Settings) -> str:
    """What is set, as a settings file; the rest is left to the version that reads it."""
    return sorted_yaml(settings.model_dump(by_alias=True, exclude_unset=True))


def sorted_yaml(values: dict[str, Any]) -> str:
    """Decoded JSON as YAML, the same text for the same content."""
    text: str = yaml.dump(
        values, Dumper=_Dumper, sort_keys=True, width=10_000, default_flow_style=False
    )
    return text


def content_digest(content: bytes) -> str:
    """What settings of this content are called."""
    return sha256(content).hexdigest()[:_LENGTH]
