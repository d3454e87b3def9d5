"""Exceptions as the API server has them, and settings in which some are in force."""

from typing import Any

from tests.console.server_view.one_server import judging
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.settings.by_namespace import Overlay
from webhook.settings.model import Settings
from webhook.settings.server_exception import ServerException

Json = dict[str, Any]
END = 4_000_000_000.0


def granted(name: str, workload: str = "crm", expires: float = END) -> ServerException:
    rules = frozenset({"privileged"})
    return ServerException(name, "team", workload, rules, (), "its vendor mends it", expires)


def in_force(*exceptions: ServerException) -> JudgingSettings:
    return judging(Settings(), team=Overlay({}, exceptions))


def document(name: str, **spec: Any) -> Json:
    return {
        "metadata": {
            "name": name,
            "uid": f"uid-of-{name}",
            "generation": 1,
            "creationTimestamp": "2026-02-20T00:00:00Z",
        },
        "spec": {
            "workload": {"namespace": "team", "name": "crm"},
            "rules": ["privileged"],
            "reason": "its vendor mends it",
            "expires": "2026-03-20T00:00:00Z",
            **spec,
        },
    }


def said(found: Json, status: str, message: str, generation: int = 1) -> Json:
    """With what the controller says of it."""
    condition = {"type": "InForce", "status": status, "message": message}
    return found | {"status": {"conditions": [condition | {"observedGeneration": generation}]}}
