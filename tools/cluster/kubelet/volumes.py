"""The volumes of a pod in folders of this machine, as a kubelet brings them."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.cluster.atomic_writer import MODE, project
from tools.cluster.control_plane import ControlPlane
from tools.cluster.mounted import Volume

Json = dict[str, Any]

TOKEN_SECONDS = 3607


class NotYetError(Exception):
    """Something that a volume is made of does not exist; a kubelet waits for it."""


class Volumes:
    """The volumes of one pod; `sync` writes what the cluster holds now."""

    def __init__(self, cluster: ControlPlane, pod: Json, folder: Path) -> None:
        self._cluster, self._pod, self._folder = cluster, pod, folder
        self._tokens: dict[str, tuple[bytes, float]] = {}

    def folder(self, name: str) -> Path:
        """Where a volume is."""
        return self._folder / name

    def sync(self) -> None:
        """Bring all of them; raises NotYetError."""
        contents = [(each, self._content(each)) for each in self._pod["spec"].get("volumes") or []]
        for volume, content in contents:
            if content is None:
                self.folder(volume["name"]).mkdir(parents=True, exist_ok=True)
            else:
                source: Json = next(value for key, value in volume.items() if key != "name")
                project(self.folder(volume["name"]), content, source.get("defaultMode", MODE))

    def _content(self, volume: Json) -> Mapping[str, bytes] | None:
        """Its files; None for one that the pod writes itself."""
        match volume:
            case {"emptyDir": _}:
                return None
            case {"secret": source}:
                return self._files("secrets", {"name": source["secretName"], **source})
            case {"configMap": source}:
                return self._files("configmaps", source)
            case {"projected": {"sources": sources}}:
                together: dict[str, bytes] = {}
                for source in sources:
                    together |= self._projected(source)
                return together
        raise NotImplementedError(f"a volume such as {volume}")

    def _projected(self, source: Json) -> Mapping[str, bytes]:
        match source:
            case {"serviceAccountToken": token}:
                return {token["path"]: self._token(token)}
            case {"configMap": of}:
                return self._files("configmaps", of)
            case {"secret": of}:
                return self._files("secrets", of)
            case {"downwardAPI": {"items": items}}:
                return {
                    item["path"]: str(field(self._pod, item["fieldRef"]["fieldPath"])).encode()
                    for item in items
                }
        raise NotImplementedError(f"a source such as {source}")

    def _files(self, resource: Any, source: Json) -> Mapping[str, bytes]:
        namespace = self._pod["metadata"]["namespace"]
        optional = bool(source.get("optional"))
        found = Volume(resource, namespace, source["name"], optional=optional).read(self._cluster)
        if found is None:
            raise NotYetError(f"{resource} {namespace}/{source['name']} does not exist")
        items = source.get("items")
        if not items:
            return found
        missing = {item["key"] for item in items} - set(found)
        if missing and not optional:
            raise NotYetError(f"{resource} {namespace}/{source['name']} lacks {sorted(missing)}")
        return {item["path"]: found[item["key"]] for item in items if item["key"] in found}

    def _token(self, source: Json) -> bytes:
        """A token for this pod alone, a new one when four fifths of its life are over."""
        token, until = self._tokens.get(source["path"], (b"", 0.0))
        if time.monotonic() < until:
            return token
        metadata, spec = self._pod["metadata"], self._pod["spec"]
        seconds = source.get("expirationSeconds", TOKEN_SECONDS)
        bound = {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": metadata["name"],
            "uid": metadata["uid"],
        }
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"boundObjectRef": bound, "expirationSeconds": seconds},
        }
        account = spec.get("serviceAccountName", "default")
        folder = f"/api/v1/namespaces/{metadata['namespace']}/serviceaccounts"
        answer = self._cluster.raw("POST", f"{folder}/{account}/token", request)
        if answer.status != 201:
            raise NotYetError(f"token of {account}: {answer.status} {answer.body.decode()}")
        token = str(answer.json()["status"]["token"]).encode()
        self._tokens[source["path"]] = (token, time.monotonic() + seconds * 0.8)
        return token


def field(pod: Json, path: str) -> Any:
    """What a `fieldRef` names."""
    found: Any = pod
    for key in path.split("."):
        found = found[key]
    return found
