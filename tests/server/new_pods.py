"""Reviews of new pods as API servers write them: in one order, without spaces.

The pods of one template differ in what `Individual` says, and in nothing else.
"""

import json
from typing import Any, NamedTuple

from webhook.admission import Hook

Json = dict[str, Any]

LETTERS = "x7k2p"  # of the token's volume, in the pods that tests describe
OWNER = {"kind": "ReplicaSet", "name": "github-tools-6d9f", "uid": "1", "controller": True}
GENERATED = "github-tools-6d9f-"
MOUNT = {"name": f"kube-api-access-{LETTERS}", "readOnly": True, "mountPath": "/var/run/secrets"}
TOKEN = {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
POD: Json = {
    "metadata": {
        "generateName": GENERATED,
        "labels": {"app": "github-tools", "mcp-admission.dev/server": "true"},
        "annotations": {"example.com/owner": "team <a> & b"},
        "ownerReferences": [OWNER],
    },
    "spec": {
        "volumes": [
            {"name": "cache", "emptyDir": {}},
            {"name": MOUNT["name"], "projected": {"sources": [TOKEN]}},
        ],
        "containers": [
            {
                "name": "main",
                "image": "registry.example/mcp:1",
                "volumeMounts": [{"name": "cache", "mountPath": "/cache"}, MOUNT],
            }
        ],
    },
}
USER = {"username": "system:serviceaccount:kube-system:replicaset-controller", "groups": ["a"]}


class Individual(NamedTuple):
    """What Kubernetes makes up for one pod of a template, and for one review of it."""

    review: str = "705ab4f5-6393-11e8-b7cc-42010a800002"
    uid: str = "281a7469-f807-424d-808a-37d3e3b694fe"
    letters: str = "b8cnm"
    token: str = "f00d2"
    moment: str = "2026-11-28T07:01:09Z"


ONE = Individual()
OTHER = Individual(
    review="00000000-0000-0000-0000-00000000000f",
    uid="ffffffff-f807-424d-808a-37d3e3b694fe",
    letters="zzzzz",
    token="00000",
    moment="2027-01-01T00:00:00Z",
)


def new_pod(pod: Json, hook: Hook, one: Individual = ONE, **tweak: Any) -> bytearray:
    """The body that asks about one new pod; the pod of the template is described without it.

    Keyword arguments replace fields of the request.
    """
    metadata = dict(pod.get("metadata", {}))
    generated = metadata.pop("generateName", None)
    name = metadata.pop("name", None)
    if generated is not None and hook is Hook.VALIDATE:
        name = f"{generated}{one.letters}"
    names = {"name": name, "generateName": generated, "namespace": "tools"}
    own = {"uid": one.uid, "generation": 1, "creationTimestamp": one.moment}
    written = {"manager": "m", "operation": "Update", "apiVersion": "v1", "time": one.moment}
    record = [{**written, "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:containers": {}}}}]
    changed = {"type": "PodScheduled", "status": "False", "lastTransitionTime": one.moment}
    document = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            **{key: value for key, value in names.items() if value is not None},
            **(own if hook is Hook.VALIDATE else {}),
            **metadata,
            "managedFields": metadata.get("managedFields", record),
        },
        "spec": pod.get("spec"),
        "status": {"conditions": [changed]} if hook is Hook.VALIDATE else {},
    }
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": "pods"}
    request = {
        "uid": one.review,
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        **({} if name is None else {"name": name}),
        "namespace": "tools",
        "operation": "CREATE",
        "userInfo": USER,
        "object": document,
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        **tweak,
    }
    review = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}
    text = json.dumps(review, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    text = text.replace(f"kube-api-access-{LETTERS}", f"kube-api-access-{one.token}")
    return bytearray(f"{text}\n".encode())
