"""The types of the fields that rules read, and of those beside them that people mistype most.

An API server decodes an object before any webhook sees it, and refuses `runAsUser: "1000"` there.
A review of a file has nobody in front of it: rules would take such a value for absent, or pass it.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from webhook.admission.answer import MALFORMED, Finding, Severity
from webhook.admission.workload import KINDS
from webhook.rules.fields import escape, join
from webhook.rules.pod import CONTAINER_LISTS
from webhook.settings.quantity import QuantityError, parse


class Type(Enum):
    """What a field without inner structure holds, in the words of a refusal."""

    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "a whole number"
    PORT = "a whole number or text"
    AMOUNT = "a quantity, such as 400Mi"


TEXT, FLAG, NUMBER, PORT, AMOUNT = Type
ANY_KEY = "*"
Table = dict[str, Any]

METADATA: Table = {
    **dict.fromkeys(("name", "generateName", "namespace"), TEXT),
    "labels": {ANY_KEY: TEXT},
    "annotations": {ANY_KEY: TEXT},
}
_ANY_CONTEXT: Table = {
    "runAsNonRoot": FLAG,
    "runAsUser": NUMBER,
    "runAsGroup": NUMBER,
    "seccompProfile": {"type": TEXT, "localhostProfile": TEXT},
    "appArmorProfile": {"type": TEXT, "localhostProfile": TEXT},
    "seLinuxOptions": dict.fromkeys(("type", "user", "role", "level"), TEXT),
    "windowsOptions": {"hostProcess": FLAG, "runAsUserName": TEXT},
}
_CALL: Table = {"host": TEXT, "port": PORT}
_HANDLER: Table = {"httpGet": {**_CALL, "path": TEXT}, "tcpSocket": _CALL}
_RESOURCES: Table = {"requests": {ANY_KEY: AMOUNT}, "limits": {ANY_KEY: AMOUNT}}
_REFERENCE: Table = {"name": TEXT, "optional": FLAG}
CONTAINER: Table = {
    **dict.fromkeys(("name", "image", "imagePullPolicy", "restartPolicy", "workingDir"), TEXT),
    "command": [TEXT],
    "args": [TEXT],
    "env": [{"name": TEXT, "value": TEXT}],
    "envFrom": [{"prefix": TEXT, "secretRef": _REFERENCE, "configMapRef": _REFERENCE}],
    "ports": [
        {
            **dict.fromkeys(("name", "protocol", "hostIP"), TEXT),
            **dict.fromkeys(("containerPort", "hostPort"), NUMBER),
        }
    ],
    "volumeMounts": [{**dict.fromkeys(("name", "mountPath", "subPath"), TEXT), "readOnly": FLAG}],
    "resources": _RESOURCES,
    **dict.fromkeys(("livenessProbe", "readinessProbe", "startupProbe"), _HANDLER),
    "lifecycle": {"postStart": _HANDLER, "preStop": _HANDLER},
    "securityContext": {
        **_ANY_CONTEXT,
        **dict.fromkeys(("privileged", "allowPrivilegeEscalation"), FLAG),
        "readOnlyRootFilesystem": FLAG,
        "procMount": TEXT,
        "capabilities": {"add": [TEXT], "drop": [TEXT]},
    },
}
SPEC: Table = {
    **{key: [CONTAINER] for key in CONTAINER_LISTS},
    **dict.fromkeys(("hostNetwork", "hostPID", "hostIPC", "hostUsers"), FLAG),
    **dict.fromkeys(("automountServiceAccountToken", "enableServiceLinks"), FLAG),
    **dict.fromkeys(("nodeName", "runtimeClassName", "serviceAccountName", "restartPolicy"), TEXT),
    "os": {"name": TEXT},
    "nodeSelector": {ANY_KEY: TEXT},
    "imagePullSecrets": [{"name": TEXT}],
    "schedulingGates": [{"name": TEXT}],
    "tolerations": [
        {
            **dict.fromkeys(("key", "operator", "value", "effect"), TEXT),
            "tolerationSeconds": NUMBER,
        }
    ],
    "resources": _RESOURCES,
    "securityContext": {
        **_ANY_CONTEXT,
        "fsGroup": NUMBER,
        "supplementalGroups": [NUMBER],
        "sysctls": [{"name": TEXT, "value": TEXT}],
    },
    "volumes": [
        {
            "name": TEXT,
            "secret": {"secretName": TEXT, "optional": FLAG, "defaultMode": NUMBER},
            "configMap": {**_REFERENCE, "defaultMode": NUMBER},
            "hostPath": {"path": TEXT, "type": TEXT},
            "projected": {"defaultMode": NUMBER, "sources": [{"secret": _REFERENCE}]},
        }
    ],
}


def mistyped(document: Any, kind: str) -> list[Finding]:
    """What an API server would not decode, of the fields above; for the kinds that have rules."""
    (path,) = (path for named, path in KINDS.values() if named == kind)
    found = list(_walk(_inside(document, "metadata"), METADATA, "/metadata", "metadata"))
    if kind != "PodTemplate":
        replicas = {"replicas": NUMBER}
        found += _walk(_inside(document, "spec"), replicas, "/spec", "spec")
    template, pointer = _inside(document, *path), "".join(f"/{key}" for key in path)
    if path:
        place = ".".join((*path, "metadata"))
        found += _walk(_inside(template, "metadata"), METADATA, f"{pointer}/metadata", place)
    return [*found, *_walk(_inside(template, "spec"), SPEC, f"{pointer}/spec", "")]


def _inside(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _walk(value: Any, wanted: Any, pointer: str, place: str) -> Iterator[Finding]:
    if value is None:
        return
    if isinstance(wanted, Type):
        if not _fits(value, wanted):
            yield _finding(pointer, f"{place} must be {wanted.value}{_way_out(value, wanted)}")
    elif isinstance(wanted, list):
        if not isinstance(value, list):
            yield _finding(pointer, f"{place} must be a list")
            return
        for at, item in enumerate(value):
            name = _inside(item, "name")
            label = name if isinstance(name, str) and name else at
            yield from _walk(item, wanted[0], f"{pointer}/{at}", f"{place}[{label}]")
    elif not isinstance(value, dict):
        yield _finding(pointer, f"{place or 'the object'} must be an object")
    else:
        for key, inner in value.items():
            of_key = wanted.get(key, wanted.get(ANY_KEY))
            if of_key is not None:
                yield from _walk(inner, of_key, f"{pointer}/{escape(key)}", join(place, key))


def _fits(value: Any, wanted: Type) -> bool:
    number = not isinstance(value, bool) and isinstance(value, int | float) and value % 1 == 0
    match wanted:
        case Type.TEXT:
            return isinstance(value, str)
        case Type.FLAG:
            return isinstance(value, bool)
        case Type.NUMBER:
            return number
        case Type.PORT:
            return number or isinstance(value, str)
    try:
        return parse(value) is not None
    except QuantityError:
        return False


def _way_out(value: Any, wanted: Type) -> str:
    """How to mend what only its quotes make wrong."""
    if wanted is Type.TEXT and isinstance(value, bool | int | float):
        return ": put it in quotes"
    if wanted in (Type.FLAG, Type.NUMBER) and isinstance(value, str):
        return ": write it without quotes"
    return ""


def _finding(pointer: str, message: str) -> Finding:
    return Finding(MALFORMED, Severity.ERROR, pointer, message)
