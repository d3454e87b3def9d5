"""A Deployment as the API server has it, with one tweak, and the Secret that configures it."""

from base64 import b64encode
from typing import Any

import kubernetes_validate

from tests.builders import server as workload
from webhook.objects.deployed_server import Server, server_of
from webhook.settings.model import Settings

Json = dict[str, Any]
PREFIX = "mcp-admission.dev/"
UID = "8c9b8d0e-3f5e-4f0c-9a53-0d7c1c1f9a11"
SECRET_UID = "1d3c6e1c-2b0f-4f3e-8a53-7d0c1c1f9a22"
NEWEST, OLDEST = "1.37", "1.34"
PORTS = [{"name": "mcp", "containerPort": 8080}]


def deployment(
    *,
    asks: dict[str, str] | None = None,
    ports: list[Json] | None = None,
    name: str = "github-tools",
    namespace: str = "tools",
    **spec: Any,
) -> Json:
    """A labelled Deployment whose only container declares the port `mcp`, or these ports."""
    made = workload(asks=asks, name=name, container={"ports": PORTS if ports is None else ports})
    made["metadata"] |= {"namespace": namespace, "uid": UID}
    made["spec"]["template"]["spec"] |= spec
    return made


def server(**tweak: Any) -> Server:
    """The server that such a Deployment is."""
    return server_of(deployment(**tweak))


def secret(name: str = "values", kind: str = "Opaque", **values: bytes) -> Json:
    """The user's Secret; keyword arguments are its values."""
    return secret_of(values, name=name, kind=kind)


def secret_of(values: dict[str, bytes], name: str = "values", kind: str = "Opaque") -> Json:
    """The user's Secret of these values."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "tools", "uid": SECRET_UID},
        "type": kind,
        "data": {key: b64encode(value).decode() for key, value in values.items()},
    }


def settings_of(**policy: Any) -> Settings:
    """Settings whose network policy has these keys, spelled as in the file."""
    return Settings.model_validate({"mcpNamespace": {"networkPolicy": policy}})


def assert_valid(*objects: Json) -> None:
    """The objects satisfy the strict schemas of the oldest and the newest supported Kubernetes."""
    for made in objects:
        for version in (OLDEST, NEWEST):
            kubernetes_validate.validate(made, version, strict=True)
