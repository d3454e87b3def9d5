"""What a rule is: an identifier, its level, what it fills in and what it refuses.

A rule imports the words that it needs from here: pods and their parts, settings, and these types.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from webhook.pods import Container, Fields, Pod, PodHead, Violation
from webhook.settings import Level, RuleAction, RuleId, Settings

__all__ = [
    "Container",
    "ContainerRule",
    "DeploymentFields",
    "Fields",
    "Level",
    "Pod",
    "PodHead",
    "PodRule",
    "Rule",
    "RuleAction",
    "RuleId",
    "Settings",
    "Violation",
    "WorkloadRule",
    "always",
    "nothing_to_check",
    "nothing_to_fill",
]


@dataclass(frozen=True)
class DeploymentFields:
    """A Deployment as rules of the workload itself see it; `old_replicas` is None on CREATE."""

    spec: Fields
    old_replicas: int | None = None


Subject = TypeVar("Subject", Pod, Container, DeploymentFields)


def nothing_to_fill(_subject: object, _settings: Settings) -> None:
    """Fill in nothing: the rule only checks."""


def nothing_to_check(_subject: object, _settings: Settings) -> Iterable[Violation]:
    """Refuse nothing: the rule only fills in."""
    return ()


def always(_settings: Settings) -> bool:
    """Under all settings."""
    return True


@dataclass(frozen=True, kw_only=True)
class _Rule(Generic[Subject]):
    """One thing that is asked of an MCP server.

    `notice` yields what an author should know about what `fill` is about to do.
    `level` is the lowest Pod Security level that checks it, `fill_level` the lowest that fills it
    in. `given` says what a new pod lacks of what Kubernetes fills in on pods too, in the words of
    mcpServerDefaults: templates only remember it, because Kubernetes adds nothing where a template
    says something. `always_current` rules are applied to a pod even when its template was filled in
    before the settings changed. `overridable` says whether taking the refused field away leaves a
    pod that the API server accepts. `final` rules are checked by the validating hook too, after all
    other webhooks. `exceptable` says whether a workload may be let off the rule: labels, requests
    and the gate are what all others are built on.

    Two say where `check` cannot object to anything, so that it is not asked: `checks_by` reads the
    settings, once for each of them; `only_with` are fields that no rule fills in, of which a pod
    must have one (in its spec, its containers or their security contexts).
    """

    id: RuleId
    fill: Callable[[Subject, Settings], None] = nothing_to_fill
    check: Callable[[Subject, Settings], Iterable[Violation]] = nothing_to_check
    notice: Callable[[PodHead, Settings], Iterable[Violation]] = nothing_to_check
    level: Level = Level.PRIVILEGED
    fill_level: Level | None = None
    given: Callable[[Subject, Settings], dict[str, Any]] | None = None
    always_current: bool = True
    linux_only: bool = False
    overridable: bool = True
    final: bool = True
    exceptable: bool = True
    checks_by: Callable[[Settings], bool] = always
    only_with: frozenset[str] = frozenset()

    @property
    def module(self) -> str:
        """The name of the module that holds the rule."""
        return self.id.replace("-", "_")


class PodRule(_Rule[Pod]):
    """A rule about the pod as a whole."""

    subject: ClassVar[Literal["pod"]] = "pod"


class ContainerRule(_Rule[Container]):
    """A rule about each container of every list."""

    subject: ClassVar[Literal["container"]] = "container"


class WorkloadRule(_Rule[DeploymentFields]):
    """A rule about a Deployment itself, not its pods."""

    subject: ClassVar[Literal["workload"]] = "workload"


Rule = PodRule | ContainerRule | WorkloadRule
