"""The kubelet's part in configuration: a Secret or ConfigMap of the cluster as a local folder.

kwok's pods mount nothing, and the product's processes run outside of pods. This brings them what
the cluster holds, by the way it would reach them: through files, late, and swapped all at once.
"""

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from tools.cluster.atomic_writer import MODE, project
from tools.cluster.background import Background
from tools.cluster.control_plane import ControlPlane

SECONDS_BETWEEN_LOOKS = 0.1


@dataclass(frozen=True)
class Volume:
    """What a pod's `secret:` or `configMap:` volume says."""

    resource: Literal["secrets", "configmaps"]
    namespace: str
    name: str
    mode: int = MODE
    optional: bool = False

    def read(self, cluster: ControlPlane) -> Mapping[str, bytes] | None:
        """The files that the cluster holds for it; None while a kubelet would wait for them."""
        answer = cluster.raw(
            "GET", f"/api/v1/namespaces/{self.namespace}/{self.resource}/{self.name}"
        )
        if answer.status == 404:
            return {} if self.optional else None
        if answer.status != 200:
            raise OSError(f"reading {self}: {answer.status} {answer.body.decode()}")
        found = answer.json()
        texts, binaries = found.get("data") or {}, found.get("binaryData") or {}
        if self.resource == "secrets":
            texts, binaries = {}, texts
        return {
            **{key: text.encode() for key, text in texts.items()},
            **{key: base64.b64decode(value) for key, value in binaries.items()},
        }


class Mount(Background):
    """A volume in a folder: there on entry, followed by a thread, no longer followed on exit.

    A volume that is not optional must come to exist within the given seconds. While the API
    server is away, or after the object was deleted, the last content stays, as in a pod.
    """

    def __init__(
        self, cluster: ControlPlane, volume: Volume, folder: Path, seconds: float = 30
    ) -> None:
        super().__init__(f"mount of {volume.name}")
        self.folder = folder
        self._cluster = cluster
        self._volume = volume
        self._seconds = seconds

    def __enter__(self) -> Self:
        self._cluster.wait_for(
            f"{self._volume.resource} {self._volume.namespace}/{self._volume.name}",
            lambda: self.sync() is not None,
            self._seconds,
        )
        return super().__enter__()

    def sync(self) -> bool | None:
        """Look once: whether the folder was swapped; None when there is nothing to mount."""
        content = self._volume.read(self._cluster)
        if content is None:
            return None
        return project(self.folder, content, self._volume.mode)

    def run(self) -> None:
        while not self.over.wait(SECONDS_BETWEEN_LOOKS):
            with suppress(OSError):
                self.sync()
