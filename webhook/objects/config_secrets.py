"""The two Secrets that are made of a configuration, and the revision that rolls pods on a change.

`<id>-mcp-config`  the environment of the server container: every value of the user's Secret but the
                   files; for each of those `KEY=/files/KEY`
`<id>-mcp-files`   the files, mounted at `/files`: the keys that file-keys marks, byte by byte
Made               where the workload asks for config-from, the second one where a key is a file
Refused            as `configuration` says; then nothing is made, and existing Secrets are kept

The pod template carries the revision, so that a changed value rolls the pods. Many people who read
Deployments and pods may not read Secrets, so it is an HMAC-SHA256 over all values at once. Its key
is the uid of the user's Secret: 122 random bits that only readers of that Secret see. Equal values
of two Secrets give different revisions. A Secret that is deleted and made again has another uid,
and rolls the pods once. docs/decisions has the alternatives.

Pods cannot start without the made Secret, so those of a new server have read its first values. The
revision of these is an annotation of that Secret, written when it is created and never after. The
template gets none until the values change. A made Secret that is created again while pods run has
no such annotation, and the pods roll: they may have read other values.
"""

import hmac
import json
from base64 import b64encode
from typing import Any

from webhook import names
from webhook.objects.configuration import ServerConfiguration
from webhook.objects.deployed_server import Server

Json = dict[str, Any]
_HEX_DIGITS = 16


def build_config_secret(server: Server, configuration: ServerConfiguration | None) -> Json | None:
    """The Secret of the environment; None where the workload asks for no configuration."""
    if configuration is None:
        return None
    return _opaque(server.metadata(names.config_secret_of(server.name)), configuration.env)


def build_files_secret(server: Server, configuration: ServerConfiguration | None) -> Json | None:
    """The Secret of the files; None where no key is marked as a file."""
    if configuration is None or not configuration.files:
        return None
    return _opaque(server.metadata(names.files_secret_of(server.name)), configuration.files)


def revision(configuration: ServerConfiguration | None) -> str | None:
    """The value of the template's annotation; None where there is no configuration.

    Raises ValueError without a uid: there would be no key.
    """
    if configuration is None:
        return None
    if not configuration.source_uid:
        raise ValueError("a revision needs the uid of the user's Secret as the API server gave it")
    parts = [
        {key: b64encode(value).decode() for key, value in sorted(values.items())}
        for values in (configuration.env, configuration.files)
    ]
    content = json.dumps(parts, separators=(",", ":")).encode()
    return hmac.new(configuration.source_uid.encode(), content, "sha256").hexdigest()[:_HEX_DIGITS]


def _opaque(metadata: Json, values: dict[str, bytes]) -> Json:
    """A Secret of the type Opaque."""
    data = {key: b64encode(value).decode() for key, value in values.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "Opaque",
        "data": data,
    }
