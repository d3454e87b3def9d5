"""Helm's post-renderer: a Service that leads to this machine, and registrations that know its port.

    python to_localhost.py PORT < manifests > manifests

Nothing else of what the chart has rendered is changed.
"""

import json
import sys
from typing import Any

import yaml

Json = dict[str, Any]

SERVICE, INSTALLED = "mcp-admission", "mcp-admission-registrations"
OF_CLUSTER_IP = ("internalTrafficPolicy", "sessionAffinity", "clusterIP")


def to_localhost(found: Json, port: int) -> Json:
    """The object as it has to be where API servers reach no pods."""
    if found["kind"] == "Service" and found["metadata"]["name"] == SERVICE:
        spec = {key: value for key, value in found["spec"].items() if key not in OF_CLUSTER_IP}
        return {**found, "spec": {**spec, "type": "ExternalName", "externalName": "localhost"}}
    if found["kind"].endswith("WebhookConfiguration"):
        _call_at(port, found["webhooks"])
    if found["kind"] == "ConfigMap" and found["metadata"]["name"] == INSTALLED:
        for name, text in found["data"].items():
            webhooks = json.loads(text)
            _call_at(port, webhooks)
            found["data"][name] = json.dumps(webhooks)
    return found


def _call_at(port: int, webhooks: list[Json]) -> None:
    for webhook in webhooks:
        webhook["clientConfig"]["service"]["port"] = port


if __name__ == "__main__":
    rendered = [each for each in yaml.safe_load_all(sys.stdin) if each]
    port = int(sys.argv[1])
    yaml.safe_dump_all([to_localhost(each, port) for each in rendered], sys.stdout)
