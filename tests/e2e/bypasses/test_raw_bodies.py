"""What the rules see is what the API server stores, in whatever form a body was sent.

An engine in memory has objects and no text: these stay on a control plane.
"""

import json

import pytest

from tests.builders import IMAGE, NOT_LABELLED, bare_pod, server
from tests.e2e.namespace import APPLY_PATCH, Namespace
from tests.e2e.refusals import refusing_rules


@pytest.mark.parametrize(
    "spec",
    [
        '"hostNetwork":true,"hostNetwork":false',
        '"hostNetwork":false,"hostNetwork":true',
        '"HostNetwork":true,"hostnetwork":true',
        '"hostNetwork":true,"HOSTNETWORK":false',
        '"host\\u004eetwork":true',
    ],
    ids=["true first", "false first", "other cases", "both cases", "escaped"],
)
def test_a_key_has_the_value_that_the_api_server_reads(managed: Namespace, spec: str) -> None:
    text = json.dumps(bare_pod(labels=NOT_LABELLED)).replace('"spec": {', f'"spec": {{{spec},')

    answer = managed.raw("POST", "pods?fieldValidation=Ignore", text.encode())

    if answer.status == 201:
        assert not answer.json()["spec"].get("hostNetwork")
    else:
        assert refusing_rules(answer) == {"host-namespaces"}


@pytest.mark.parametrize("kind", ["pods", "deployments"])
def test_a_server_made_by_server_side_apply_is_reviewed(managed: Namespace, kind: str) -> None:
    manifest = (bare_pod if kind == "pods" else server)(labels=NOT_LABELLED)
    refused = (bare_pod if kind == "pods" else server)(labels=NOT_LABELLED, hostPID=True)
    path = f"{kind}/github-tools?fieldManager=tool"

    assert refusing_rules(managed.raw("PATCH", path, refused, APPLY_PATCH)) == {"host-namespaces"}
    stored = managed.raw("PATCH", path, manifest, APPLY_PATCH)

    assert stored.status == 201
    spec = stored.json()["spec"]
    assert spec.get("template", {"spec": spec})["spec"]["securityContext"]["runAsNonRoot"] is True


def test_a_yaml_body_is_reviewed_like_json(managed: Namespace) -> None:
    text = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: github-tools}}
spec:
  hostNetwork: &yes true
  containers: [{{name: mcp, image: {IMAGE!r}, securityContext: {{privileged: *yes}}}}]
"""
    answer = managed.raw("POST", "pods", text.encode(), "application/yaml")

    assert refusing_rules(answer) >= {"host-namespaces", "privileged"}
