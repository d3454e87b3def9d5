"""The outer levels of a text that is YAML, whatever else keeps it from being a manifest.

Duplicate keys, tags, directives, infinity and the like are legal elsewhere: what stands at the top
tells whose file it is. Values inside are left out, and aliases are not followed.
"""

from typing import Any

import yaml

from webhook.documents.yaml_text import LOADER

_LEVELS = 4


def outline(text: bytes) -> list[Any] | None:
    """Every document of a text, a few levels deep; None where it is not YAML."""
    found: list[Any] = []
    around = [found]
    try:
        event: Any
        for event in yaml.parse(text, Loader=LOADER):
            match event:
                case yaml.CollectionStartEvent():
                    around.append([])
                    continue
                case yaml.SequenceEndEvent():
                    value: Any = around.pop()
                case yaml.MappingEndEvent():
                    value = _mapping(around.pop())
                case yaml.ScalarEvent():
                    value = _scalar(event)
                case yaml.AliasEvent():
                    value = None
                case _:
                    continue
            if len(around) <= _LEVELS:
                around[-1].append(value)
    except (yaml.YAMLError, ValueError):
        return None
    return found


def _mapping(flat: list[Any]) -> dict[str, Any]:
    """The mapping of keys and values by turns; without the keys that JSON cannot have."""
    pairs = zip(flat[::2], flat[1::2], strict=False)
    return {key: value for key, value in pairs if isinstance(key, str)}


def _scalar(event: Any) -> Any:
    """A number as one, because others number their formats; all else as text."""
    return int(event.value) if event.value.isdecimal() and event.implicit[0] else event.value
