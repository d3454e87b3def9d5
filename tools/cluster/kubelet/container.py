"""How a container of our image is called on this machine.

The arguments are the pod's own but for what a machine with several pods does not have: a mount path
is the folder of its volume, and a port on all addresses is a free one on the loopback address.
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cluster.clients import clean_environment
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.in_pod import ACCOUNT
from tools.cluster.kubelet.volumes import NotYetError, Volumes, field
from tools.cluster.kubelet.wrong_clock import ahead_by
from tools.cluster.mounted import Volume
from tools.cluster.ports import LOOPBACK, free_ports

Json = dict[str, Any]

# Of the Dockerfile.
ENTRYPOINT = ["python", "-m", "webhook"]


@dataclass(frozen=True)
class Surroundings:
    """What the containers of a pod find around them; `ahead` is by how much the clock is wrong."""

    cluster: ControlPlane
    pod: Json
    folder: Path
    volumes: Volumes
    services: Path
    ahead: float = 0.0


def local_ports(container: Json) -> dict[int, int]:
    """A free port of this machine for each port of the container."""
    named = [port["containerPort"] for port in container.get("ports") or []]
    return dict(zip(named, free_ports(len(named)) if named else [], strict=True))


def command(container: Json, ports: dict[int, int], around: Surroundings) -> list[str | Path]:
    """The local command line."""
    program, *rest = container.get("command") or ENTRYPOINT
    if program != "python":
        raise NotImplementedError(f"the image runs nothing but python, and not {program}")
    mounts = {
        mount["mountPath"]: around.volumes.folder(mount["name"])
        for mount in container.get("volumeMounts") or []
    }
    facts = around.folder / f"{container['name']}.json"
    account = mounts.get(ACCOUNT)
    known = {"services": str(around.services), "account": account and str(account)}
    facts.write_text(json.dumps(known), encoding="utf-8")
    given = [*rest, *(container.get("args") or [])]
    translated = [_translated(each, mounts, ports) for each in given]
    return [sys.executable, "-m", "tools.cluster.kubelet.in_pod", facts, *translated]


def _translated(argument: str, mounts: dict[str, Path], ports: dict[int, int]) -> str:
    for path in sorted(mounts, key=len, reverse=True):
        argument = argument.replace(f"{path}/", f"{mounts[path]}/")

    def local(found: re.Match[str]) -> str:
        return f"{LOOPBACK}:{ports[int(found[1])]}"

    return re.sub(r"\b0\.0\.0\.0:(\d+)", local, argument)


def environment(container: Json, around: Surroundings) -> dict[str, str]:
    """The environment: the little that every process needs here, and what the pod says."""
    host, _, port = around.cluster.url.removeprefix("https://").partition(":")
    found = {
        **clean_environment(around.folder),
        **ahead_by(around.ahead, around.services.parent),
        "HOSTNAME": around.pod["metadata"]["name"],
        "KUBERNETES_SERVICE_HOST": host,
        "KUBERNETES_SERVICE_PORT": port,
    }
    for variable in container.get("env") or []:
        value = _value(variable, around)
        if value is not None:
            found[variable["name"]] = value
    return found


def _value(variable: Json, around: Surroundings) -> str | None:
    match variable.get("valueFrom"):
        case None:
            return str(variable.get("value", ""))
        case {"fieldRef": {"fieldPath": path}}:
            return str(field(around.pod, path))
        case {"secretKeyRef": source}:
            return _key("secrets", source, around)
        case {"configMapKeyRef": source}:
            return _key("configmaps", source, around)
    raise NotImplementedError(f"a variable such as {variable}")


def _key(resource: Any, source: Json, around: Surroundings) -> str | None:
    namespace = around.pod["metadata"]["namespace"]
    found = Volume(resource, namespace, source["name"]).read(around.cluster) or {}
    if source["key"] in found:
        return found[source["key"]].decode()
    if source.get("optional"):
        return None
    raise NotYetError(f"{resource} {namespace}/{source['name']} has no {source['key']}")
