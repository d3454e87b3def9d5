"""The effective settings as the one file that `control` writes and `serve` reads.

Both call it by the digest of its bytes, so that each can say which settings it works with.
"""

from hashlib import sha256
from typing import Any

import yaml

from webhook.documents.scalars import plain
from webhook.settings.model import Settings

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
