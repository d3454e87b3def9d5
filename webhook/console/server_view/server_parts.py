"""What belongs to a server, in rows: objects that are made for it, pods, Events, revisions.

Secrets are shown by name and key, which their metadata tells: no value is ever read. An object that
has the name of ours and another owner is shown as somebody else's.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from webhook import health, names, objects
from webhook.console.bounded_text import (
    LONGEST_NOTE_SHOWN,
    Bounded,
    bounded,
    bounded_text,
)
from webhook.console.server_view.bounded_reads import Part, event_time
from webhook.console.server_view.server_findings import as_sentence
from webhook.console.server_view.server_reading import ServerReading
from webhook.settings import Settings

Json = dict[str, Any]
Wanted = Mapping[tuple[str, str], Json]
REVISION_NUMBER = "deployment.kubernetes.io/revision"
THERE, MISSING, UNKNOWN, NOT_OURS = "there", "missing", "unknown", "somebody else's"
FIELDS_OF_DATA = "f:data"
MOST_EVENTS, MOST_REVISIONS, MOST_KEYS = 30, 10, 50


class MadeRow(NamedTuple):
    """An object that is made for a server: whether it is there, and what it holds."""

    kind: str
    name: str
    state: str
    detail: str
    keys: Bounded = Bounded()


class WaitingCause(NamedTuple):
    """Why a pod waits, what that means, and how to mend it."""

    reason: str
    message: str
    means: str
    seen: str


class PodRow(NamedTuple):
    """A pod and why it waits."""

    name: str
    phase: str
    ready: bool
    node: str
    restarts: int
    created: str
    images: tuple[str, ...]
    causes: tuple[WaitingCause, ...]


class EventRow(NamedTuple):
    """An Event: when it was seen last, and how often."""

    time: str
    type: str
    reason: str
    note: str
    about: str
    times: int


class RevisionRow(NamedTuple):
    """A roll of a Deployment: its ReplicaSet."""

    number: str
    name: str
    created: str
    cause: str
    images: tuple[str, ...]
    pods: int
    current: bool


def made_rows(read: ServerReading, settings: Settings) -> tuple[list[MadeRow], list[str]]:
    """The objects that a Deployment has or should have, and why others are not made."""
    if read.found is None or read.key.kind != "Deployment":
        return [], []
    server = objects.server_of(read.found)
    made = objects.server_objects(server, settings, None)
    wanted = {(each["kind"], each["metadata"]["name"]): each for each in made.objects}
    uid = read.found["metadata"].get("uid") or ""
    rows = [*_services(read.services, wanted, server, uid), *_secrets(read.secrets, uid)]
    rows += _policies(read.policies, wanted, uid)
    missing = objects.configuration.MISSING
    refusals = [bounded_text(each.note) for each in made.refusals if each.reason != missing]
    return rows, refusals


def wanted_policies(
    read: ServerReading, settings: Settings, around: tuple[Json, ...]
) -> list[Json]:
    """The policies that isolate a server, as they are made now; `around` are its namespace's."""
    found = [each for each in around if each["kind"] == "NetworkPolicy"]
    if read.found is not None and read.key.kind == "Deployment":
        made = objects.server_objects(objects.server_of(read.found), settings, None)
        found += [each for each in made.objects if each["kind"] == "NetworkPolicy"]
    return found


def pod_rows(pods: Part) -> list[PodRow]:
    """Pods as they are, those that wait first."""
    rows = []
    for pod in pods.items:
        status, spec = pod.get("status") or {}, pod["spec"]
        statuses = status.get("containerStatuses") or []
        rows.append(
            PodRow(
                pod["metadata"]["name"],
                "Terminating"
                if "deletionTimestamp" in pod["metadata"]
                else str(status.get("phase") or ""),
                health.is_ready(pod),
                bounded_text(str(spec.get("nodeName") or "")),
                sum(int(each.get("restartCount") or 0) for each in statuses),
                str(pod["metadata"].get("creationTimestamp") or ""),
                images_of(spec),
                tuple(map(_waiting, health.pod_causes(pod))),
            )
        )
    return rows


def event_rows(events: Part) -> Bounded:
    """Events, the last first."""
    rows = [
        EventRow(
            event_time(each),
            bounded_text(str(each.get("type") or "")),
            bounded_text(str(each.get("reason") or ""), 80),
            bounded_text(str(each.get("note") or ""), LONGEST_NOTE_SHOWN),
            _regarding(each),
            int((each.get("series") or {}).get("count") or each.get("deprecatedCount") or 1),
        )
        for each in events.items
    ]
    kept = bounded(rows, MOST_EVENTS)
    return Bounded(kept.shown, kept.more + events.more)


def revision_rows(read: ServerReading) -> Bounded:
    """The rolls of a Deployment that Kubernetes remembers, the last first."""
    rows = [_revision(each) for each in read.revisions.items]
    rows.sort(key=lambda row: (_number(row.number), row.created), reverse=True)
    if rows:
        rows[0] = rows[0]._replace(current=True)
    return bounded(rows, MOST_REVISIONS)


def images_of(spec: Json) -> tuple[str, ...]:
    """The images of a pod's containers, each once."""
    lists = [spec.get(key) or [] for key in ("containers", "initContainers")]
    found = dict.fromkeys(str(each.get("image") or "") for items in lists for each in items)
    kept = bounded((bounded_text(each, 200) for each in found if each), 10)
    return (*kept.shown, kept.said) if kept.more else kept.shown


def _services(part: Part, wanted: Wanted, server: objects.Server, uid: str) -> Iterator[MadeRow]:
    name = names.service_of(server.name)
    if part.unread:
        yield MadeRow("Service", name, UNKNOWN, part.unread)
        return
    found = next((each for each in part.items if each["metadata"]["name"] == name), None)
    address = f"http://{name}.{server.namespace}.svc"
    if found is None and ("Service", name) in wanted:
        yield MadeRow("Service", name, MISSING, f"its address would be {address}")
    elif found is not None:
        ports = ", ".join(
            f"{each.get('port')} to {each.get('targetPort')}"
            for each in (found["spec"].get("ports") or [])[:5]
        )
        leads = "" if found["spec"].get("selector") else "; it leads to no pod until it has rolled"
        detail = bounded_text(f"{address}, port {ports}{leads}")
        yield MadeRow("Service", name, THERE if _owned(found, uid) else NOT_OURS, detail)


def _secrets(part: Part, uid: str) -> Iterator[MadeRow]:
    if part.unread:
        yield MadeRow("Secret", "", UNKNOWN, part.unread)
    for each in part.items:
        metadata = each["metadata"]
        keys = sorted(
            key.removeprefix("f:")
            for manager in metadata.get("managedFields") or []
            for key in (manager.get("fieldsV1") or {}).get(FIELDS_OF_DATA) or {}
            if key.startswith("f:")
        )
        shown = bounded((bounded_text(key, 100) for key in dict.fromkeys(keys)), MOST_KEYS)
        state = THERE if _owned(each, uid) else NOT_OURS
        yield MadeRow(
            "Secret", bounded_text(metadata["name"]), state, "its keys; no value is read", shown
        )


def _policies(part: Part, wanted: Wanted, uid: str) -> Iterator[MadeRow]:
    there = {each["metadata"]["name"]: each for each in part.items}
    for kind, name in wanted:
        if kind == "NetworkPolicy":
            found = there.get(name)
            state = MISSING if found is None else THERE if _owned(found, uid) else NOT_OURS
            yield MadeRow(kind, name, UNKNOWN if part.unread else state, part.unread)


def _owned(found: Json, uid: str) -> bool:
    owners = found["metadata"].get("ownerReferences") or []
    return any(each.get("uid") == uid for each in owners)


def _waiting(cause: health.Cause) -> WaitingCause:
    said = health.CAUSES.get(cause.reason, ""), health.REMEDIES.get(cause.reason, "")
    return WaitingCause(
        cause.reason,
        bounded_text(cause.message, LONGEST_NOTE_SHOWN),
        as_sentence(": ".join(filter(None, said))),
        bounded_text(cause.seen),
    )


def _regarding(event: Json) -> str:
    about = event.get("regarding") or {}
    return bounded_text(f"{about.get('kind') or ''} {about.get('name') or ''}".strip(), 120)


def _revision(found: Json) -> RevisionRow:
    metadata = found["metadata"]
    annotations = metadata.get("annotations") or {}
    return RevisionRow(
        bounded_text(str(annotations.get(REVISION_NUMBER) or ""), 20),
        metadata["name"],
        str(metadata.get("creationTimestamp") or ""),
        bounded_text(str(annotations.get(names.CHANGE_CAUSE) or "")),
        images_of(found["spec"]["template"]["spec"]),
        int((found.get("status") or {}).get("replicas") or 0),
        current=False,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
