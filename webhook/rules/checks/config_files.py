"""Configuration that is marked as files reaches the server under /files.

Field    spec.volumes, and volumeMounts of the server container
Absent   the Secret made from file-keys and those that files-from names, mounted read-only
Refused  something else mounted at /files or inside it, however the path is written, another volume
         of the name mcp-files, and beside these a mountPath of more than 100 steps
Source   mcp-admission; other containers of the pod get no secrets, and no guess does
"""

from collections.abc import Iterable, Iterator
from typing import Any

from webhook import names
from webhook.rules.rule import Container, Fields, Pod, PodRule, Settings, Violation

PATH = "/files"
MOST_STEPS = 100
VOLUME = "mcp-files"
MODE = 0o644  # what the API server fills in; spelled out, so that our volume is recognised later


def fill(pod: Pod, _settings: Settings) -> None:
    """Add the volume and the mount where neither is there."""
    secrets, server = _secrets(pod), pod.known_server
    if server is None or not secrets or any(_taken(pod, server, secrets)):
        return
    if VOLUME not in pod.spec.names("volumes"):
        pod.spec.append("volumes", _volume(secrets))
    mounts = server.fields.items("volumeMounts")
    if not any(_cleaned(mount.get("mountPath")) == PATH for mount in mounts):
        mount = {"name": VOLUME, "mountPath": PATH, "readOnly": True}
        server.fields.append("volumeMounts", mount)


def check(pod: Pod, _settings: Settings) -> Iterable[Violation]:
    """Refuse a pod in which the place or the name is taken."""
    secrets = _secrets(pod)
    if not secrets or pod.known_server is None:
        return ()
    return _taken(pod, pod.known_server, secrets)


def _taken(pod: Pod, server: Container, secrets: list[str]) -> Iterator[Violation]:
    for volume in pod.spec.items("volumes"):
        if volume.get("name") == VOLUME and not _holds(volume, secrets):
            yield volume.violation("name", f"is kept for the files at {PATH}: choose another")
    for at, mount in enumerate(server.fields.items("volumeMounts")):
        path, sentence = mount.get("mountPath"), ""
        endless = isinstance(path, str) and path.count("/") > MOST_STEPS
        path = "" if endless else _cleaned(path)
        if endless:
            sentence = f"a path of more than {MOST_STEPS} steps is not read: shorten it"
        elif path.startswith(f"{PATH}/"):
            sentence = f"nothing else can be mounted inside {PATH}"
        elif path == PATH and mount.get("name") != VOLUME:
            sentence = f"{PATH} is taken by another"
        if sentence:
            yield server.fields.violation("volumeMounts", sentence, item=at)


def _holds(volume: Fields, secrets: list[str]) -> bool:
    sources = volume.child("projected").items("sources")
    held = {str(source.child("secret").get("name")) for source in sources}
    held.add(str(volume.child("secret").get("secretName")))
    return held.issuperset(secrets)


def _secrets(pod: Pod) -> list[str]:
    own = pod.origin.of_deployment and pod.origin.annotation(names.FILE_KEYS) is not None
    made = [names.files_secret_of(pod.origin.name)] if own else []
    named = pod.origin.annotation_list(names.FILES_FROM)
    return list(dict.fromkeys(made + named)) if made or named else named


def _volume(secrets: list[str]) -> dict[str, Any]:
    if len(secrets) == 1:
        return {"name": VOLUME, "secret": {"secretName": secrets[0], "defaultMode": MODE}}
    sources = [{"secret": {"name": secret}} for secret in secrets]
    return {"name": VOLUME, "projected": {"sources": sources, "defaultMode": MODE}}


def _cleaned(path: Any) -> str:
    """Where a kubelet mounts a path: below the root, without empty steps and dots."""
    steps: list[str] = []
    for step in path.split("/") if isinstance(path, str) else ():
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    return f"/{'/'.join(steps)}"


RULE: PodRule = PodRule(
    id="config-files", fill=fill, check=check, always_current=False, overridable=False
)
