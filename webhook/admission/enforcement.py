"""The rules at work on one pod: fill in, check what came out, and settle conflicts."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Self

from webhook.admission.answer import Finding, Severity
from webhook.admission.budget import Budget
from webhook.admission.excepted import NOTHING, Excepted, exceptions_for, let_off
from webhook.admission.given import settings_of_pods
from webhook.admission.injected import Memory
from webhook.pods import Patch, Pod, PodHead, Violation
from webhook.rules.registry import RulePlan, Step, plan_rules
from webhook.rules.rule import DeploymentFields
from webhook.settings import RuleId, ServerException, Settings


class Enforcement:
    """The rules that apply to a pod, to the Deployment that it is the template of, or to both.

    `given` are the settings by which new pods are given what their template may not say, where
    they are not the others. Objections to what `concerns` says no about, by its pointer, do not
    count. `fields` are the names of all fields of the pod, before rules fill in. A rule that is
    `excepted` fills in absent fields; it overrides nothing, and warns of what it would refuse.
    """

    def __init__(
        self,
        settings: Settings,
        applying: RulePlan,
        subjects: dict[str, Sequence[Any]],
        given: Settings | None = None,
        fields: AbstractSet[str] = frozenset(),
    ) -> None:
        self.settings = settings
        self.plan = applying
        self.fills = applying.fills
        self.subjects = subjects
        self.given = settings if given is None else given
        self.fields = fields
        self.excepted: Excepted = NOTHING
        self.budget = Budget()
        self.concerns: Callable[[str], bool] | None = None

    @classmethod
    def of_pod(cls, settings: Settings, pod: Pod, *, given: Settings | None = None) -> Self:
        """The rules for a pod, or for a template whose workload no rule looks at."""
        subjects = {"pod": (pod,), "container": pod.containers, "workload": ()}
        plan = plan_rules(settings, windows=pod.platform.windows)
        rules = cls(settings, plan, subjects, given, pod.field_names())
        rules.excepted = exceptions_for(settings, pod)
        return rules

    @classmethod
    def of_owned_pod(cls, settings: Settings, pod: Pod, remembered: Memory) -> Self:
        """The rules for a pod whose template says what was filled in.

        Only what is always current is filled in again, and what the template's pods are given.
        """
        rules = cls.of_pod(settings, pod, given=settings_of_pods(remembered.pods, settings))
        rules.fills = rules.plan.current
        return rules

    @classmethod
    def of_deployment(cls, settings: Settings, pod: Pod, deployment: DeploymentFields) -> Self:
        """The rules for a Deployment and its template."""
        rules = cls.of_pod(settings, pod)
        rules.subjects["workload"] = (deployment,)
        return rules

    @classmethod
    def of_workload(cls, settings: Settings, head: PodHead, deployment: DeploymentFields) -> Self:
        """The rules for a Deployment alone, whose template is not looked at."""
        rules = cls(
            settings, plan_rules(settings), {"pod": (), "container": (), "workload": (deployment,)}
        )
        rules.excepted = exceptions_for(settings, head)
        return rules

    @classmethod
    def of_rule(cls, rule: RuleId, settings: Settings, pod: Pod) -> Self:
        """One rule for a pod as it will be stored, and no other."""
        rules = cls.of_pod(settings, pod)
        final = tuple(step for step in rules.plan.final if step.rule.id == rule)
        rules.plan = rules.plan._replace(final=final)
        return rules

    def fill(self, patch: Patch) -> list[Finding]:
        """Fill in every absent field that a rule has a value for.

        Values that the fleet replaces are removed first, so that the next rules see what is kept.
        Returns the warnings about them.
        """
        warnings: list[Finding] = []
        settings, given, subjects = self.settings, self.given, self.subjects
        for step in self.fills:
            if step.replaces and step.rule.id not in self.excepted:
                for _, violations in self._objections((step,)):
                    warnings += self._overridden(step, violations, patch)
            fill, by = step.fill, settings if step.rule.given is None else given
            for subject in subjects[step.subject]:
                fill(subject, by)
        return warnings

    def give(self) -> None:
        """Fill in what the pods of a template are given, and nothing else."""
        for step in self.fills:
            if step.rule.given is not None:
                for subject in self.subjects[step.rule.subject]:
                    step.fill(subject, self.given)

    def promise(self) -> dict[str, Any]:
        """What the pods of a template that is filled in lack, in the words of mcpServerDefaults."""
        promised: dict[str, Any] = {}
        for step in self.fills:
            if step.rule.given is not None:
                for subject in self.subjects[step.rule.subject]:
                    promised |= step.rule.given(subject, self.settings)
        return promised

    def settle(self, patch: Patch) -> list[Finding]:
        """What the rules object to, once conflicts that may be overridden are."""
        objections = self._objections(self.plan.checks)
        warnings: list[Finding] = []
        for step, violations in objections:
            if step.rule.id not in self.excepted:
                warnings += self._overridden(step, _settled(step, violations, patch), patch)
        if warnings:
            # What one rule lost may be what another one waited for.
            warnings += self.fill(patch)
            objections = self._objections(self.plan.checks)
        return warnings + self._findings(objections)

    def check(self) -> list[Finding]:
        """What the rules object to in the object as it will be stored."""
        return self._findings(self._objections(self.plan.final))

    def _objections(self, steps: Sequence[Step]) -> list[tuple[Step, list[Violation]]]:
        """What the rules object to, as much of it as may be counted."""
        settings, subjects, budget = self.settings, self.subjects, self.budget
        concerns, fields = self.concerns, self.fields
        found: list[tuple[Step, list[Violation]]] = []
        for step in steps:
            if step.only_with and step.only_with.isdisjoint(fields):
                continue
            check = step.check
            of_rule: list[Violation] = []
            for subject in subjects[step.subject]:
                for violation in check(subject, settings):
                    if concerns is not None and not concerns(violation.pointer):
                        continue
                    of_rule.append(violation)
                    if not budget.take():
                        return [*found, (step, of_rule)]
            if of_rule:
                found.append((step, of_rule))
        return found

    def _overridden(self, step: Step, violations: list[Violation], patch: Patch) -> list[Finding]:
        """Take the values away that are there, the last of a list first; a warning for each."""
        gone = [
            violation
            for violation in reversed(violations)
            if patch.override(violation.at, violation.key, violation.item)
        ]
        told = []
        more = 0
        for violation in reversed(gone):
            if self.budget.says(Severity.WARNING):
                said = violation.overridden or f"{violation.place} overridden: {violation.sentence}"
                brief = f"{violation.place} overridden"
                told.append(Finding(step.rule.id, Severity.WARNING, violation.pointer, said, brief))
            else:
                more += 1
        return told + _more(step.rule.id, Severity.WARNING, more)

    def _findings(self, objections: list[tuple[Step, list[Violation]]]) -> list[Finding]:
        """The objections in words, the first of them; and that there were too many."""
        found = self.budget.spent()
        for step, violations in objections:
            more = dict.fromkeys(Severity, 0)
            exception = self.excepted.get(step.rule.id)
            for violation in violations:
                severity = _severity(step, violation, exception)
                if self.budget.says(severity):
                    found.append(_finding(step, violation, exception))
                else:
                    more[severity] += 1
            for severity, count in more.items():
                found += _more(step.rule.id, severity, count)
        return found


def missing_class(head: PodHead, known: frozenset[str] | None) -> list[Finding]:
    """Whether the pods of a template name a runtime class that is not there.

    Pods themselves are not looked at: Kubernetes refuses them, and says why. Where nobody knows
    which classes there are, there is nothing to say.
    """
    name = head.spec.get("runtimeClassName")
    if known is None or type(name) is not str or not name or name in known:
        return []
    brief = f'RuntimeClass "{name}" not found: Kubernetes refuses the pods until it exists'
    said = f"runtimeClassName: {brief}"
    path = f"{head.spec.pointer}/runtimeClassName"
    return [Finding("runtime-class", Severity.WARNING, path, said, brief)]


def notices(settings: Settings, head: PodHead) -> list[Finding]:
    """What the author of a pod should know about what the rules are about to fill in.

    Asked before what we injected earlier is taken out: an author gets them once.
    """
    return [
        _finding(step, violation)
        for step in plan_rules(settings).notices
        for violation in step.rule.notice(head, settings)
    ]


def _settled(step: Step, violations: list[Violation], patch: Patch) -> list[Violation]:
    """Those that are settled by overriding: what was overridden once is never refused later."""
    if not step.rule.overridable or step.action == "warn":
        return []
    if step.action == "override":
        return violations
    return [violation for violation in violations if patch.gave_back(violation.at, violation.key)]


def _severity(
    step: Step, violation: Violation, exception: ServerException | None = None
) -> Severity:
    advice = exception is not None or step.action == "warn" or violation.advice
    return Severity.WARNING if advice else Severity.ERROR


def _finding(step: Step, violation: Violation, exception: ServerException | None = None) -> Finding:
    said, brief = violation.message, violation.brief
    severity = _severity(step, violation)
    found = Finding(step.rule.id, severity, violation.pointer, said, brief)
    return found if exception is None else let_off(found, exception)


def _more(rule: str, severity: Severity, count: int) -> list[Finding]:
    """The finding that stands for those without words."""
    return [Finding(rule, severity, "", f"and {count:,} more", more=count)] if count else []
