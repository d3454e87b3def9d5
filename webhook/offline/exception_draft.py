"""A document that asks for an exception, filled in from what a review objects to.

It names the rules that refuse the workload and can be excepted, and its images, so that nothing
more is granted than is asked for. It has no reason, unless its author gives one: the API server
refuses it until somebody writes why.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from webhook.admission import (
    KINDS,
    Finding,
    Scope,
    Severity,
    line,
    pod_security_refusals,
    stored,
)
from webhook.admission.workload_name import UNKNOWN, KnownWorkload, known_workload
from webhook.documents import lines
from webhook.offline.review_outcome import ReviewOutcome
from webhook.offline.reviewer import RESOURCES
from webhook.pods import Malformed
from webhook.rules.registry import EXCEPTABLE
from webhook.settings import API_VERSION, EXCEPTION_KIND, LONGEST_IMAGE, MOST_IMAGES, Settings

Json = dict[str, Any]
MOST_COMMENTS = 20
LONGEST_OBJECT_NAME = 253
REASON_POINTER = "/spec/reason"
REASON_MISSING = "required: write why; without a reason, the API server refuses this document"
OF_IMAGES = "Every container of a pod has to have one of these images, injected ones too."
SEND_IT = (
    "Send it to somebody who may grant it: whoever has the ClusterRole mcp-admission-exceptions."
)


class ExceptionDraft(NamedTuple):
    """What an exception for a workload would have to say.

    `workload` is the one that the object belongs to, UNKNOWN where it has no name yet. `excepted`
    are the findings that it is for, `others` those that no exception can be granted for. `images`
    are prefixes and digests, none where they are more than an exception can hold.
    """

    title: str
    namespace: str
    workload: KnownWorkload
    excepted: tuple[Finding, ...]
    others: tuple[Finding, ...]
    images: tuple[str, ...]

    @property
    def rules(self) -> list[str]:
        """The rules that refuse the workload and can be excepted."""
        return sorted({each.rule for each in self.excepted})

    def document(self, end: datetime, reason: str) -> Json:
        """The resource, which ends at this time; without a reason, nobody accepts it."""
        expires = end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        spec: Json = {
            "workload": {"namespace": self.namespace, "name": self.workload.name},
            "rules": self.rules,
        }
        if self.images:
            spec["images"] = list(self.images)
        spec |= {"reason": reason, "expires": expires}
        return {
            "apiVersion": API_VERSION,
            "kind": EXCEPTION_KIND,
            "metadata": {"name": self._name(expires)},
            "spec": spec,
        }

    def text(self, document: Json) -> Iterator[str]:
        """The lines of its document in YAML, under comments that say what it is for."""
        yield f"# {self.title} is refused:"
        shown = [each for each in self.excepted if not each.more][:MOST_COMMENTS]
        for finding in shown:
            yield f"#   {line(finding.message)} ({finding.rule})"
        more = sum(each.more or 1 for each in self.excepted) - len(shown)
        if more:
            yield f"#   and {more:,} more"
        if self.images:
            yield f"# {OF_IMAGES}"
        yield f"# {SEND_IT}"
        for each in lines(document):
            missing = each.pointer == REASON_POINTER and not document["spec"]["reason"]
            yield f"{each.text}  # {REASON_MISSING}" if missing else each.text

    def _name(self, expires: str) -> str:
        """A name that no other draft has: two of them do not replace each other."""
        said = repr((self.namespace, self.workload.name, self.rules, self.images, expires))
        ending = f"-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
        name = f"{self.namespace}.{self.workload.name}"[: LONGEST_OBJECT_NAME - len(ending)]
        return f"{name.rstrip('-.')}{ending}"


def draft_exception(outcome: ReviewOutcome, settings: Settings, scope: Scope) -> ExceptionDraft:
    """The draft for an object that was reviewed; it has no rules where none of them refuses it."""
    refusing = [
        each for each in outcome.findings if each.severity is Severity.ERROR or each.refuses_pods
    ]
    return ExceptionDraft(
        outcome.title,
        outcome.namespace,
        _workload(outcome, scope),
        tuple(each for each in refusing if each.rule in EXCEPTABLE),
        tuple(each for each in refusing if each.rule not in EXCEPTABLE),
        _prefixes(_images(outcome, settings)),
    )


def defeated(draft: ExceptionDraft, settings: Settings, scope: Scope) -> str:
    """What Pod Security refuses whatever is excepted, and the way out; empty where it is nothing.

    Without a managed namespace, nobody knows here whether it has a label.
    """
    security = settings.mcp_namespace.pod_security
    if not security.enabled:
        return ""
    found = pod_security_refusals(draft.namespace, draft.rules, security.level, settings)
    if found is None:
        return ""
    return found.told if scope is Scope.MANAGED else found.told_of_managed


def _workload(outcome: ReviewOutcome, scope: Scope) -> KnownWorkload:
    """The workload by which reviews know the object; UNKNOWN where it has no name or no shape."""
    manifest = outcome.manifest
    resource = RESOURCES.get((manifest.api_version, manifest.kind))
    named = isinstance((manifest.value.get("metadata") or {}).get("name"), str)
    if resource is None or not named:
        return UNKNOWN
    try:
        return known_workload(stored(manifest.value, resource, scope).head)
    except Malformed:
        return UNKNOWN


def _images(outcome: ReviewOutcome, settings: Settings) -> Iterator[str]:
    """The image of each container; where a field is absent, the one that is filled in."""
    manifest = outcome.manifest
    pod: Any = manifest.value
    for key in KINDS.get(RESOURCES.get((manifest.api_version, manifest.kind), ""), ("", ()))[1]:
        pod = _inside(pod, key)
    for key in ("initContainers", "containers", "ephemeralContainers"):
        containers = _inside(_inside(pod, "spec"), key)
        for container in containers if isinstance(containers, list) else ():
            yield str(_inside(container, "image") or settings.mcp_server_defaults.image or "")


def _inside(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _prefixes(images: Iterator[str]) -> tuple[str, ...]:
    """The digest of an image that is pinned, the name without its tag of another one."""
    found = sorted({_prefix(each) for each in images if each})
    fits = len(found) <= MOST_IMAGES and all(len(each) <= LONGEST_IMAGE for each in found)
    return tuple(found) if fits else ()


def _prefix(image: str) -> str:
    name, _, digest = image.partition("@")
    if digest:
        return digest
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"
