"""Templates as the version before filled them in: with what their pods are given today."""

import json
from typing import Any

from tests.in_memory.defaults import copied, template_of

Json = dict[str, Any]
INJECTED = "mcp-admission.dev/injected"


def older(stored: Json, container: str = "mcp") -> Json:
    """A filled in Deployment whose template holds the request and the fleet's pull secret."""
    live = copied(stored)
    template = template_of(live)
    memory = json.loads(template["metadata"]["annotations"][INJECTED])
    memory.pop("pods", None)
    memory["set"][f"containers[{container}].resources.requests"] = {"memory": "400Mi"}
    memory["items"] = {"": {"imagePullSecrets": [{"name": "fleet"}]}}
    template["metadata"]["annotations"][INJECTED] = json.dumps(memory)
    spec = template["spec"]
    spec["imagePullSecrets"] = [{"name": "fleet"}]
    (server,) = (one for one in spec["containers"] if one["name"] == container)
    server.setdefault("resources", {}).setdefault("requests", {})["memory"] = "400Mi"
    return live
