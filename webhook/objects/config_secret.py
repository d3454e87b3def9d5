"""The Secret `<id>-mcp-config`, which reaches the server container as its environment.

Made      where the workload asks for config-from
Holds     every value of the user's Secret but the files; for each of those `KEY=/files/KEY`
Refused   as `configuration` says; nothing is made then, and what was made before stays
"""

from base64 import b64encode
from typing import Any

from webhook import names
from webhook.objects.configuration import Configuration
from webhook.objects.deployed_server import Server

Json = dict[str, Any]


def config_secret(server: Server, configuration: Configuration | None) -> Json | None:
    """The Secret; None where the workload asks for no configuration."""
    if configuration is None:
        return None
    return opaque(server.metadata(names.config_secret_of(server.name)), configuration.env)


def opaque(metadata: Json, values: dict[str, bytes]) -> Json:
    """A Secret of values that mean nothing to Kubernetes."""
    data = {key: b64encode(value).decode() for key, value in values.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "Opaque",
        "data": data,
    }
