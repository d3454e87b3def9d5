"""A Secret as a few files: read, and written only over what was read."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webhook import names
from webhook.kube.api import Api
from webhook.kube.errors import NotFound

REPLACE = names.PREFIX + "replace"
LABELS = {names.MANAGED_BY: names.PRODUCT}


@dataclass(frozen=True)
class SecretFiles:
    """One Secret, which may not be there; nothing of it is in a repr."""

    path: str
    found: Mapping[str, Any] | None = field(repr=False)

    @classmethod
    async def read(cls, api: Api, path: str) -> "SecretFiles":
        """Read it; raises ApiError for everything but that it is not there."""
        try:
            return cls(path, await api.get(path))
        except NotFound:
            return cls(path, None)

    @property
    def name(self) -> str:
        """Its name, for messages."""
        return "Secret " + self.path.rpartition("/")[2]

    @property
    def files(self) -> dict[str, bytes]:
        """What it holds; empty when it is not there."""
        held = (self.found or {}).get("data") or {}
        return {key: base64.b64decode(value) for key, value in held.items()}

    @property
    def asked_to_replace(self) -> frozenset[str]:
        """Fingerprints of certificates that somebody wants to be renewed."""
        annotations = (self.found or {}).get("metadata", {}).get("annotations") or {}
        return frozenset(annotations.get(REPLACE, "").replace(",", " ").split())

    async def write(self, api: Api, files: Mapping[str, bytes], kind: str) -> None:
        """Let it hold these files alone; raises Conflict when it is not what was read."""
        data = {key: base64.b64encode(content).decode() for key, content in files.items()}
        metadata = (self.found or {}).get("metadata", {})
        labels = {**(metadata.get("labels") or {}), **LABELS}
        if self.found is not None:
            body = {**self.found, "metadata": {**metadata, "labels": labels}, "data": data}
            await api.replace(self.path, body)
            return
        folder, _, name = self.path.rpartition("/")
        body = {"apiVersion": "v1", "kind": "Secret", "type": kind, "data": data}
        await api.create(folder, {**body, "metadata": {"name": name, "labels": labels}})

    @property
    def is_ours(self) -> bool:
        """Whether it was written by us, not by cert-manager or by hand."""
        labels = (self.found or {}).get("metadata", {}).get("labels") or {}
        return LABELS.items() <= labels.items()
