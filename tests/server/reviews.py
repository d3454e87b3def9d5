"""AdmissionReviews as an API server posts them, small."""

import base64
import json
from typing import Any

Json = dict[str, Any]

POD: Json = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "github-tools", "namespace": "tools"},
    "spec": {"containers": [{"name": "main", "image": "registry.example/mcp:1"}]},
}


def asked(**tweak: Any) -> Json:
    """An AdmissionRequest for the creation of a pod; keyword arguments replace its fields."""
    return {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "name": "github-tools",
        "namespace": "tools",
        "operation": "CREATE",
        "userInfo": {"username": "jane", "uid": "17", "groups": ["devs", "system:authenticated"]},
        "object": POD,
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        **tweak,
    }


def posted(**tweak: Any) -> bytes:
    """The body of an AdmissionReview that asks `asked(**tweak)`."""
    review = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": asked(**tweak),
    }
    return json.dumps(review).encode()


def answered(body: bytes) -> Json:
    """The response inside an answer, its patch decoded."""
    review = json.loads(body)
    assert (review["apiVersion"], review["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    response: Json = review["response"]
    if "patch" in response:
        response["patch"] = json.loads(base64.b64decode(response["patch"]))
    return response
