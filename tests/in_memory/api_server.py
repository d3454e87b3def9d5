"""An API server's part in a review: defaults, the mutating hook, its patch, the validating hook."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.in_memory.defaults import copied, with_defaults, with_plugins
from tests.in_memory.requests import RESOURCES, applied, request
from webhook.admission.answer import Answer, Severity
from webhook.admission.handler import review
from webhook.admission.workload import BINDINGS, DEPLOYMENTS, JOBS, PODS, Hook, Request, Scope
from webhook.settings.model import Settings

Json = dict[str, Any]

MUTATED = {(PODS, ""), (PODS, "ephemeralcontainers"), (DEPLOYMENTS, "")}


@dataclass(frozen=True)
class Client:
    """Who sends a request."""

    user: str = "alice"
    groups: tuple[str, ...] = ("system:authenticated",)


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

    client: Client = Client()

    def create(self, document: Json, later_webhook: Callable[[Json], Json] = copied) -> Outcome:
        """POST; a webhook that comes after ours may change the object before it is validated."""
        sent = copied(document) if self.bare else with_defaults(document)
        if sent["kind"] == "Pod" and not self.bare:
            sent = with_plugins(sent)
        if sent["kind"] not in RESOURCES:
            return Outcome(sent, ())
        return self._ask(self._request("CREATE", sent), later_webhook)

    def update(self, old: Json, new: Json, subresource: str = "") -> Outcome:
        """PUT, or PATCH after it was applied to the old object."""
        return self._ask(self._request("UPDATE", with_defaults(new), old, subresource=subresource))

    def scale(self, deployment: Json, replicas: int) -> Outcome:
        """PUT of the scale subresource of a Deployment."""
        before, after = (
            {"kind": "Scale", "spec": {"replicas": count}}
            for count in (deployment["spec"]["replicas"], replicas)
        )
        scale = {"resource": DEPLOYMENTS, "subresource": "scale"}
        return self._ask(self._request("UPDATE", after, before, **scale))

    def bind(self, metadata: Json, resource: str = "pods/github-tools/binding") -> Outcome:
        """POST of the binding of a pod to a node, which schedulers send, in one of two ways."""
        binding = {"kind": "Binding", "metadata": metadata, "target": {"kind": "Node", "name": "a"}}
        target, subresource = (BINDINGS, "") if resource == BINDINGS else (PODS, "binding")
        return self._ask(self._request("CREATE", binding, resource=target, subresource=subresource))

    def _request(self, operation: str, sent: Json, old: Json | None = None, **keys: str) -> Request:
        client = self.client
        return request(
            sent, old, operation=operation, user=client.user, groups=client.groups, **keys
        )

    def _ask(self, request: Request, later_webhook: Callable[[Json], Json] = copied) -> Outcome:
        answers = []
        stored = request.object
        if _mutates(request):
            answers.append(self._review(request))
            if not answers[0].allowed:
                return Outcome(stored, tuple(answers))
            stored = applied(stored, answers[0])
        stored = later_webhook(stored)
        answers.append(self._review(request._replace(hook=Hook.VALIDATE, object=stored)))
        return Outcome(stored, tuple(answers))

    def _review(self, request: Request) -> Answer:
        """A review may edit the objects of its request, so it gets its own."""
        old = request.old_object
        own = request._replace(
            object=copied(request.object),
            old_object=None if old is None else copied(old),
        )
        return review(own, self.settings, self.scope)


def _mutates(request: Request) -> bool:
    """Whether the registrations have the mutating hook called.

    For pods, when the spec differs; for Jobs, when one of a CronJob is created.
    """
    if request.resource == JOBS:
        owners = request.object["metadata"].get("ownerReferences", [])
        scheduled = any(each["kind"] == "CronJob" and each.get("controller") for each in owners)
        return scheduled and request.operation == "CREATE"
    same = request.old_object is not None and request.object["spec"] == request.old_object["spec"]
    main = (request.resource, request.subresource)
    return main in MUTATED and not (main == (PODS, "") and same)
