"""One line of the tables: an example, the settings under which it arrives, and what comes of it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from webhook.admission.workload import Scope

Json = dict[str, Any]
Answer = Literal["passes", "kept", "filled", "refused"]

OPTED_IN, MANAGED = Scope.OPTED_IN, Scope.MANAGED
SERVER = "metadata.labels[mcp-admission.dev/server]"
NAME = "metadata.labels[mcp-admission.dev/name]"
TEMPLATE_SERVER, TEMPLATE_NAME = f"spec.template.{SERVER}", f"spec.template.{NAME}"

SECCOMP = {"type": "RuntimeDefault"}
POD_CONTEXT = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "fsGroup": 1000,
    "seccompProfile": SECCOMP,
}
CONTAINER_CONTEXT = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": SECCOMP,
}


@dataclass(frozen=True)
class Row:
    """What becomes of one document of an example.

    `source` is its file and number, as `mcp-admission review` calls it. `passes`: no MCP server;
    `kept`: reviewed, allowed, not changed; `filled`: allowed and changed. `refused_by` and
    `warned_by` have one rule id for each finding, `pods_refused_by` those of the pods that the
    workload's controller makes afterwards. `fields` are values of the stored object by their
    places, `of_pods` those of the pods.
    """

    source: str
    answer: Answer
    fields: Json = field(default_factory=dict)
    of_pods: Json = field(default_factory=dict)
    refused_by: tuple[str, ...] = ()
    warned_by: tuple[str, ...] = ()
    pods_refused_by: tuple[str, ...] = ()
    case: str = "by default"
    settings: Json = field(default_factory=dict)
    scope: Scope = OPTED_IN

    @property
    def by_default(self) -> bool:
        return not self.settings and self.scope is OPTED_IN
