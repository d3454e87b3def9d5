"""The form that grants an exception: what was typed, what is wrong with it, what it asks for.

Faults are those that the controller would find in the resource. A form may be filled in from what
refuses a workload, by the draft that `mcp-admission exception draft` prints; who may not grant it
sends that text to somebody who may.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from webhook import kube
from webhook.admission import Finding, Scope, line
from webhook.console.bounded_text import Bounded, bounded, bounded_text
from webhook.documents import lines, read_documents
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.offline import exception_draft, manifests, reviewer, settings_documents
from webhook.offline.unreviewed_kinds import VERSIONS
from webhook.settings import API_VERSION, EXCEPTION_KIND, exception_document

Json = dict[str, Any]
USUAL_DAYS, MOST_SENTENCES = 7, 20
FIELDS = ("namespace", "workload", "rules", "images", "reason", "expires")
LONGEST_NAME_PART = 220
NOTHING_TO_EXCEPT = (
    "no rule that has exceptions refuses {}: there is nothing to except, unless it is to change"
)
_OF_PATH = {"workload.namespace": "namespace", "workload.name": "workload"}
_NAME = re.compile(r"[^-a-z0-9.]+")


class AskedException(NamedTuple):
    """What a form was filled in with, as it was typed, and what is wrong with it by field."""

    namespace: str = ""
    workload: str = ""
    rules: tuple[str, ...] = ()
    images: str = ""
    reason: str = ""
    expires: str = ""
    faults: Mapping[str, str] = {}

    @classmethod
    def of(cls, given: Iterable[tuple[str, Any]]) -> "AskedException":
        """What stands in a form that was sent."""
        pairs = [(key, str(value).replace("\r\n", "\n").strip()) for key, value in given]
        rules = tuple(value for key, value in pairs if key == "rules")
        one = dict(pairs)
        names = one.get("namespace", ""), one.get("workload", "")
        texts = one.get("images", ""), one.get("reason", "")
        return cls(*names, rules, *texts, one.get("expires", ""))

    def document(self, now: datetime) -> Json:
        """The resource that the form asks for; it may be one that nobody accepts.

        The same form has the same name on the same day, so that it is granted once.
        """
        spec: Json = {
            "workload": {"namespace": self.namespace, "name": self.workload},
            "rules": list(self.rules),
        }
        images = self.images.split()
        if images:
            spec["images"] = images
        spec |= {"reason": self.reason.strip(), "expires": _end(self.expires)}
        wanted = f"{self.namespace}.{self.workload}"[:LONGEST_NAME_PART].lower()
        asked = sha256(json.dumps(spec).encode()).hexdigest()[:8]
        name = f"{_NAME.sub('-', wanted).strip('-.') or 'exception'}-{now:%Y%m%d}-{asked}"
        return {
            "apiVersion": API_VERSION,
            "kind": EXCEPTION_KIND,
            "metadata": {"name": name},
            "spec": spec,
        }

    def checked(self, now: datetime, longest_days: int) -> "AskedException":
        """The same with its faults, found as the controller finds them."""
        found = exception_document.read_exception(
            self.document(now), now=now.timestamp(), longest_days=longest_days
        )
        faults: dict[str, str] = {}
        for each in found.faults:
            key = [str(part) for part in each.key[1:]]
            field = _OF_PATH.get(".".join(key)) or (key[0] if key and key[0] in FIELDS else "")
            faults.setdefault(field, bounded_text(each.sentence))
        return self._replace(faults=faults)


class ShownForm(NamedTuple):
    """A form, what refuses the workload that it was filled in for, and what became of it.

    `text` is the resource to be sent to somebody else, `refusal` why it was not created.
    """

    form: AskedException
    title: str = ""
    excepted: Bounded = Bounded()
    others: Bounded = Bounded()
    notes: tuple[str, ...] = ()
    text: str = ""
    refusal: str = ""


def draft_of_server(
    found: Json, kind: str, by: JudgingSettings, scope: Scope
) -> exception_draft.ExceptionDraft:
    """The draft of an exception for a workload of the cluster, by the answer of enforce."""
    value = {key: each for key, each in found.items() if key != "status"}
    value["metadata"] = {k: v for k, v in found["metadata"].items() if k != "managedFields"}
    value |= {"apiVersion": VERSIONS[kind], "kind": kind}
    document = read_documents(json.dumps(value), kind)[0]
    manifest = manifests.Manifest(document, document.value, VERSIONS[kind], kind)
    enforced = settings_documents.ReviewSettings(by.settings.in_mode("enforce"), {})
    namespace = str(value["metadata"].get("namespace") or "")
    outcome = reviewer.review_manifest(manifest, enforced, scope, namespace)
    return exception_draft.draft_exception(outcome, enforced.of(namespace), scope)


def drafted_form(draft: exception_draft.ExceptionDraft, empty: AskedException) -> ShownForm:
    """The form that is filled in from what refuses a workload; its author writes the reason.

    `empty` has the end, and the name of a workload whose draft has none.
    """
    form = empty._replace(
        namespace=draft.namespace,
        workload=draft.workload.name or empty.workload,
        rules=tuple(draft.rules),
        images="\n".join(draft.images),
    )
    notes = () if draft.rules else (NOTHING_TO_EXCEPT.format(draft.title),)
    return ShownForm(form, draft.title, _sentences(draft.excepted), _sentences(draft.others), notes)


def usual_end(now: datetime, longest_days: int) -> str:
    """The day that a form offers: a week from now, where exceptions may last so long."""
    return min(last_day(now, longest_days), (now + timedelta(days=USUAL_DAYS)).date().isoformat())


def document_text(document: Json) -> str:
    """The resource in YAML, to be sent to whoever may grant it."""
    return "\n".join(each.text for each in lines(document))


def offered_rules(asked: Iterable[str]) -> list[str]:
    """The rules that a form offers, those that it asks for first."""
    first = set(asked)
    return sorted(exception_document.EXCEPTABLE_RULES, key=lambda each: (each not in first, each))


def last_day(now: datetime, longest_days: int) -> str:
    """The last day on which an exception that is granted now can end, as YYYY-MM-DD."""
    return (now + timedelta(days=max(longest_days - 1, 0))).date().isoformat()


def _end(text: str) -> str:
    """The end of a day where only a day is named; else what was typed."""
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return text.strip()
    return kube.time_text(datetime.combine(day, time(23, 59, 59), UTC))


def _sentences(findings: tuple[Finding, ...]) -> Bounded:
    said = (f"{line(each.message)} ({each.rule})" for each in findings if not each.more)
    return bounded(said, MOST_SENTENCES)
