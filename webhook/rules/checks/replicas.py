"""An MCP server runs as one replica: sessions live in its memory.

Field    spec.replicas of a Deployment
Absent   1
Refused  more than 1 on CREATE, and an UPDATE that itself raises the count above 1
Source   mcp-admission, reference value 1; the setting replicas.policy decides (off for an HPA)
"""

from collections.abc import Iterator

from webhook.rules.rule import (
    DeploymentFields,
    Settings,
    Violation,
    WorkloadRule,
)

_LARGEST = 2**31 - 1


def fill(workload: DeploymentFields, _settings: Settings) -> None:
    """Ask for one replica where the Deployment says nothing."""
    workload.spec.default("replicas", 1)


def check(workload: DeploymentFields, _settings: Settings) -> Iterator[Violation]:
    """Object to a count that this request itself raises above one."""
    count = workload.spec.get("replicas")
    if not isinstance(count, int) or count <= max(1, workload.old_replicas or 1):
        return
    asked = f"(asked for {min(count, _LARGEST)})"
    yield workload.spec.violation(
        "replicas",
        f"must be 0 or 1 {asked}",
        overridden=f"replicas set to 1 {asked}: MCP servers run as one replica here",
    )


RULE: WorkloadRule = WorkloadRule(id="replicas", fill=fill, check=check)
