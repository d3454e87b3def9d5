"""Two workloads, and what one hook or both make of them as they stand.

There are no defaults of Kubernetes in them: tests/in_memory/api_server.py has those.
"""

from typing import Any

from tests.in_memory.requests import NAMESPACE, applied, request
from webhook.admission.answer import Answer, Severity
from webhook.admission.handler import review
from webhook.admission.workload import Hook, Scope
from webhook.settings.model import Settings

Json = dict[str, Any]

SERVER, NAME = "mcp-admission.dev/server", "mcp-admission.dev/name"
INJECTED, GATE = "mcp-admission.dev/injected", "mcp-admission.dev/isolation"
OPTED_IN, MANAGED = Scope.OPTED_IN, Scope.MANAGED
MUTATE, VALIDATE = Hook.MUTATE, Hook.VALIDATE
DEFAULTS = Settings()


def pod(*, labels: Json | None = None, annotations: Json | None = None, **spec: Any) -> Json:
    """A labelled pod with one container; keyword arguments replace fields of its spec."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata("tools", labels, annotations),
        "spec": {"containers": [{"name": "main", "image": "example.test/mcp:1"}], **spec},
    }


def deployment(
    *, labels: Json | None = None, annotations: Json | None = None, template: Json | None = None,
    replicas: Any = 1, **spec: Any,
) -> Json:  # fmt: skip
    """A labelled Deployment with one container; keyword arguments are fields of the pod's spec."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata("tools", labels, annotations),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "tools"}},
            "template": {
                "metadata": {"labels": {"app": "tools"}, **(template or {})},
                "spec": {"containers": [{"name": "main", "image": "example.test/mcp:1"}], **spec},
            },
        },
    }


def _metadata(name: str, labels: Json | None, annotations: Json | None) -> Json:
    metadata: Json = {"name": name, "namespace": NAMESPACE, "labels": labels}
    if labels is None:
        metadata["labels"] = {SERVER: "true"}
    if annotations is not None:
        metadata["annotations"] = annotations
    return metadata


def answer_to(
    document: Any,
    old: Any = None,
    settings: Settings = DEFAULTS,
    scope: Scope = OPTED_IN,
    **keys: Any,
) -> Answer:
    """What the hook (the mutating one unless said otherwise) answers to such a request."""
    return review(request(document, old, **keys), settings, scope)


def mutated(document: Any, old: Any = None, **keys: Any) -> Json:
    """The object as the mutating hook leaves it; it must be allowed."""
    answer = answer_to(document, old, **keys)

    assert answer.allowed, answer.message

    edited: Json = applied(document, answer)
    return edited


def admitted(document: Any, old: Any = None, **keys: Any) -> Json:
    """The object as it is stored: both hooks must allow it, and a second pass changes nothing."""
    stored = mutated(document, old, **keys)

    assert answer_to(stored, old, **keys).operations == ()
    final = answer_to(stored, old, hook=VALIDATE, **keys)
    assert final.allowed, final.message

    return stored


def errors(answer: Answer) -> list[str]:
    """The rules by which the object is refused."""
    return [finding.rule for finding in answer.findings if finding.severity is Severity.ERROR]
