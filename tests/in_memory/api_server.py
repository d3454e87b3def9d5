"""An API server's part in a review: defaults, the mutating hook, its patch, the validating hook."""

from dataclasses import dataclass, field
from typing import Any

import jsonpatch

from tests.in_memory.defaults import copied, with_defaults, with_plugins
from webhook.admission.answer import Answer, Severity
from webhook.admission.request import Hook, Request, Scope
from webhook.admission.review import review
from webhook.admission.workload import KINDS
from webhook.settings.model import Settings

Json = dict[str, Any]

RESOURCES = {kind: resource for resource, (kind, _) in KINDS.items()}
TARGETS = {kind: (resource, "") for kind, resource in RESOURCES.items()} | {
    "Scale": (RESOURCES["Deployment"], "scale")
}
NAMESPACE = "tools"
MUTATED = {"Pod", "Deployment"}


@dataclass(frozen=True)
class Outcome:
    """What a client gets back: the stored object, or why there is none."""

    stored: Json
    answers: tuple[Answer, ...]

    @property
    def allowed(self) -> bool:
        return all(answer.allowed for answer in self.answers)

    @property
    def covered(self) -> bool:
        return any(answer.covered for answer in self.answers)

    @property
    def message(self) -> str:
        return "".join(answer.message for answer in self.answers)

    @property
    def patch(self) -> list[Json]:
        return list(self.answers[0].operations)

    @property
    def warnings(self) -> list[str]:
        """Each warning once, as API servers send them."""
        return list(dict.fromkeys(text for answer in self.answers for text in answer.warnings))

    @property
    def refused_by(self) -> list[str]:
        return self._rules(Severity.ERROR)

    @property
    def warned_by(self) -> list[str]:
        return self._rules(Severity.WARNING)

    def _rules(self, severity: Severity) -> list[str]:
        found = {
            (finding.rule, finding.path, finding.message): finding.rule
            for answer in self.answers
            for finding in answer.findings
            if finding.severity is severity
        }
        return list(found.values())


@dataclass(frozen=True)
class ApiServer:
    """Reviews what it is given, in the scope of one namespace.

    With `bare`, it fills in nothing of its own: that is what a review of a file on disk sees.
    """

    settings: Settings = field(default_factory=Settings)
    scope: Scope = Scope.OPTED_IN
    bare: bool = False

    def create(self, document: Json) -> Outcome:
        """POST."""
        sent = copied(document) if self.bare else with_defaults(document)
        if sent["kind"] == "Pod" and not self.bare:
            sent = with_plugins(sent)
        if sent["kind"] not in RESOURCES:
            return Outcome(sent, ())
        return self._ask("CREATE", sent, None)

    def update(self, old: Json, new: Json) -> Outcome:
        """PUT, or PATCH after it was applied to the old object."""
        return self._ask("UPDATE", with_defaults(new), old)

    def scale(self, deployment: Json, replicas: int) -> Outcome:
        """PUT of the scale subresource of a Deployment."""
        before = {"kind": "Scale", "spec": {"replicas": deployment["spec"]["replicas"]}}
        return self._ask("UPDATE", {"kind": "Scale", "spec": {"replicas": replicas}}, before)

    def _ask(self, operation: str, new: Json, old: Json | None) -> Outcome:
        answers = []
        stored = new
        if new["kind"] in MUTATED and _mutates(new, old):
            answers.append(self._review(Hook.MUTATE, operation, stored, old))
            if not answers[0].allowed:
                return Outcome(new, tuple(answers))
            stored = jsonpatch.apply_patch(stored, list(answers[0].operations))
        answers.append(self._review(Hook.VALIDATE, operation, stored, old))
        return Outcome(stored, tuple(answers))

    def _review(self, hook: Hook, operation: str, new: Json, old: Json | None) -> Answer:
        resource, subresource = TARGETS[new["kind"]]
        request = Request(
            hook=hook,
            resource=resource,
            operation=operation,
            object=copied(new),
            old_object=None if old is None else copied(old),
            kind=new["kind"],
            subresource=subresource,
            namespace=NAMESPACE,
            name=new.get("metadata", {}).get("name", ""),
        )
        return review(request, self.settings, self.scope)


def _mutates(new: Json, old: Json | None) -> bool:
    """Whether the registrations have the mutating hook called: for pods, when the spec differs."""
    return new["kind"] != "Pod" or old is None or new["spec"] != old["spec"]
