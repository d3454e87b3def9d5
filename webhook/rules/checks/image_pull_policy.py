"""Every start asks the registry, so that a node's stale or planted image is never used.

Field    imagePullPolicy of every container
Absent   Always; also in place of IfNotPresent, which the API server itself fills in
Refused  Never
Source   mcp-admission, reference value Always
"""

from collections.abc import Sequence

from webhook.rules.rule import Container, ContainerRule, Settings, Violation

KEY = "imagePullPolicy"


def fill(container: Container, _settings: Settings) -> None:
    """Set Always where the value is absent or may be the API server's default."""
    if container.fields.get(KEY) in (None, "", "IfNotPresent"):
        container.fields.set(KEY, "Always")


def check(container: Container, _settings: Settings) -> Sequence[Violation]:
    """Refuse everything else."""
    if container.fields.get(KEY) == "Always":
        return ()
    return [container.fields.violation(KEY, "must be Always")]


RULE: ContainerRule = ContainerRule(id="image-pull-policy", fill=fill, check=check)
