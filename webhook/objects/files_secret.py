"""The Secret `<id>-mcp-files`, which is mounted at `/files` in the server container.

Made      where the workload asks for config-from and marks keys as files by file-keys
Holds     these keys of the user's Secret with their values, byte by byte
Refused   as `configuration` says
"""

from typing import Any

from webhook import names
from webhook.objects.config_secret import opaque
from webhook.objects.configuration import Configuration
from webhook.objects.deployed_server import Server

Json = dict[str, Any]


def files_secret(server: Server, configuration: Configuration | None) -> Json | None:
    """The Secret; None where no key is marked as a file."""
    if configuration is None or not configuration.files:
        return None
    return opaque(server.metadata(names.files_secret_of(server.name)), configuration.files)
