"""The runtime classes that a cluster has, as `control` writes their names for the replicas.

Kubernetes refuses each pod that names a class which is not there, long after its Deployment was
applied. Replicas read nothing of the cluster, so their names stand in a file beside the settings.
They change no decision: they are no settings, have no part in the digest of these, and wait for no
replica. What is not known, and what there is no room for, is an empty file.
"""

from collections.abc import Collection

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from webhook.settings.faults import SettingsError

CLASSES_FILE = "runtime-classes.json"
LARGEST_CLASSES = 8 * 1024
"""What the file can have, in bytes: some hundred names. Other files need the room."""

_NAMES: TypeAdapter[frozenset[str]] = TypeAdapter(frozenset[str])


def classes_text(names: Collection[str] | None) -> str:
    """The file with these names; empty where they are not known, or too many."""
    if names is None:
        return ""
    text = to_json(sorted(names)).decode()
    return text if len(text) <= LARGEST_CLASSES else ""


def parse_classes(content: bytes, source: str) -> frozenset[str] | None:
    """The names in a file, which errors call `source`; None where it is empty: they are unknown.

    Raises SettingsError for what is no list of names.
    """
    if not content.strip():
        return None
    problem = f"has more than {LARGEST_CLASSES} bytes"
    if len(content) <= LARGEST_CLASSES:
        try:
            return _NAMES.validate_json(content, strict=True)
        except ValidationError as error:
            problem = str(error.errors(include_url=False)[0]["msg"])
    raise SettingsError(f"{source}: is not what control writes, a JSON list of names ({problem})")
