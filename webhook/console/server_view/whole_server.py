"""All that a page shows of one server, made of what was read: data in, rows out, no request.

Each part says for itself what it may not read. What is decided here is decided by the engine: the
settings in force, the scope of the namespace, the columns, the policies as they are made now.
"""

import shlex
from datetime import datetime
from typing import Any, NamedTuple

from webhook import admission, health, objects
from webhook.console import bounded_text
from webhook.console.server_view import (
    reach,
    reach_drawing,
    server_findings,
    server_parts,
    server_reading,
    three_columns,
)
from webhook.console.server_view.bounded_reads import Part
from webhook.fleet.exception_use import ExceptionStatus, ExceptionUse
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.fleet.surroundings import Surroundings
from webhook.settings import Settings

Json = dict[str, Any]
NO_SERVER = (
    "it is no MCP server: it has not the label, and its namespace is not managed, so that nothing "
    "is filled in, refused or made for it"
)
EXCLUDED = "nothing in this namespace is reviewed: move the workload, or remove its label"
BELOW = "the namespace has the mode {}, in which a roll changes nothing and nothing is refused"
UNMANAGED = "the namespace may not be read, so that it counts as not managed"
NOT_REGISTERED = "whether the webhook is registered may not be read"
MOST_EXCEPTIONS = 20


class Commands(NamedTuple):
    """What does the same on a command line; empty where nothing does."""

    roll: str = ""
    restart: str = ""
    draft: str = ""
    audit: str = ""


class Around(NamedTuple):
    """The settings and the scope by which a server is judged, and the objects of its namespace."""

    settings: Settings
    scope: admission.Scope
    excluded: bool
    made: tuple[Json, ...]


class ServerView(NamedTuple):
    """A server as a page shows it. `state` is empty where it is no MCP server."""

    namespace: str
    kind: str
    name: str
    state: str
    mode: str
    settings_source: str
    created: str
    images: tuple[str, ...]
    runtime_class: str
    pods_ready: str
    may_roll: bool
    is_refused: bool
    notes: tuple[str, ...]
    findings: bounded_text.Bounded
    columns: three_columns.Columns
    made: tuple[server_parts.MadeRow, ...]
    not_made: tuple[str, ...]
    reach: reach.Reach
    drawing: reach_drawing.Drawing | None
    address: reach.AddressAnswer | None
    pods: tuple[server_parts.PodRow, ...]
    pods_part: Part
    events: bounded_text.Bounded
    events_part: Part
    revisions: bounded_text.Bounded
    revisions_part: Part
    exceptions: bounded_text.Bounded
    exceptions_part: Part
    commands: Commands


def view_server(
    read: server_reading.ServerReading,
    by: JudgingSettings,
    release: str,
    now: datetime,
    address: str = "",
) -> ServerView:
    """The server that was read, judged by these settings; `address` is one that it may reach."""
    around = surroundings_of(read, by, release)
    settings = around.settings
    key, status = read.key, read.status
    state = "" if status is None else status.state
    spec, labels = _shown_pod(read)
    wanted = server_parts.wanted_policies(read, settings, around.made)
    policies = read.policies.items
    reachable = reach.find_reach(policies, labels, wanted, read.policies.unread)
    answer = reach.let_reach(policies, labels, wanted, address) if address else None
    rows, not_made = server_parts.made_rows(read, settings)
    exceptions = exceptions_of(read, by, now)
    findings = () if status is None else status.findings
    refused = any(each.state == admission.REFUSED for each in findings)
    rollable = key.kind == "Deployment" and bool(state) and settings.enforced
    return ServerView(
        key.namespace,
        key.kind,
        key.name,
        state,
        settings.mode,
        by.source,
        str(((read.found or {}).get("metadata") or {}).get("creationTimestamp") or ""),
        server_parts.images_of(spec),
        bounded_text.bounded_text(str(spec.get("runtimeClassName") or "")),
        _ready(read),
        rollable and not around.excluded and not refused,
        refused,
        _notes(read, by, around),
        server_findings.grouped(findings),
        _columns(read, around),
        tuple(rows),
        tuple(not_made),
        reachable,
        reach_drawing.draw_reach(key.name, reachable) if reachable.known else None,
        answer,
        tuple(server_parts.pod_rows(read.pods)),
        read.pods,
        server_parts.event_rows(read.events),
        read.events,
        server_parts.revision_rows(read),
        read.revisions,
        bounded_text.bounded(exceptions, MOST_EXCEPTIONS),
        read.exceptions,
        _commands(read, rollable=rollable),
    )


def surroundings_of(
    read: server_reading.ServerReading, by: JudgingSettings, release: str
) -> Around:
    """What a server is judged by: as enforce judges it, whatever its namespace has."""
    surroundings = Surroundings(by.settings, release)
    if read.namespace:
        surroundings.add_namespace(read.namespace)
    namespace = read.key.namespace
    settings, scope = by.settings.of(namespace), surroundings.scope(namespace)
    made = objects.namespace_objects(namespace, settings, release, scope)
    return Around(settings, scope, surroundings.excluded(namespace), made)


def exceptions_of(
    read: server_reading.ServerReading, by: JudgingSettings, now: datetime
) -> list[ExceptionStatus]:
    """The exceptions that name this workload, whatever became of them."""
    use = ExceptionUse(by.settings)
    for each in read.exceptions.items:
        use.add_document(each)
    found = use.statuses(now.timestamp(), read.key.namespace, all_seen=False)
    return [
        each._replace(message=bounded_text.bounded_text(each.message))
        for each in found
        if each.workload == read.key.name
    ]


def _columns(read: server_reading.ServerReading, around: Around) -> three_columns.Columns:
    state = "" if read.status is None else read.status.state
    if read.status is None or around.excluded:
        why = EXCLUDED if around.excluded else NO_SERVER
        return three_columns.unfilled_columns(state, why)
    settings, scope = around.settings, around.scope
    if read.key.kind == "Deployment" and read.found and settings.fills_templates:
        return three_columns.template_columns(read.found, settings, scope)
    pod = _newest(read.pods)
    if pod is None:
        return three_columns.unfilled_columns(state, three_columns.NO_PODS)
    return three_columns.pod_columns(pod, settings, scope)


def _newest(pods: Part) -> Json | None:
    alive = [each for each in pods.items if not health.has_ended(each)]
    return max(alive, key=lambda each: str(each["metadata"].get("creationTimestamp")), default=None)


def _shown_pod(read: server_reading.ServerReading) -> tuple[Json, Json]:
    """The spec and the labels of its newest pod, or of the template without one."""
    pod = _newest(read.pods)
    if pod is None and read.found is not None:
        resource = server_reading.RESOURCES[read.key.kind]
        pod = read.found
        for key in admission.KINDS[resource][1]:
            pod = pod.get(key) or {}
    if pod is None:
        return {}, {}
    return pod.get("spec") or {}, (pod.get("metadata") or {}).get("labels") or {}


def _ready(read: server_reading.ServerReading) -> str:
    """How many pods are ready of how many are wanted."""
    if read.found is None:
        ready = sum(health.is_ready(each) for each in read.pods.items)
        return f"{ready} of {len(read.pods.items) + read.pods.more}"
    counts = health.pod_counts(read.found, read.key.kind)
    return f"{counts.ready} of {counts.wanted}"


def _notes(
    read: server_reading.ServerReading, by: JudgingSettings, around: Around
) -> tuple[str, ...]:
    """What a reader has to know of what is shown."""
    notes = [by.unknown] if by.unknown else []
    if around.excluded:
        notes.append(EXCLUDED)
    elif read.status is None:
        notes.append(NO_SERVER)
    elif not around.settings.enforced:
        notes.append(BELOW.format(around.settings.mode))
    if not read.namespace:
        notes.append(UNMANAGED)
    if read.registered is None:
        notes.append(NOT_REGISTERED)
    notes += [f"you may not read {each.what}: {each.why}" for each in read.unread]
    return tuple(bounded_text.bounded_text(each, bounded_text.LONGEST_NOTE_SHOWN) for each in notes)


def _commands(read: server_reading.ServerReading, *, rollable: bool) -> Commands:
    namespace, kind, name = read.key
    where = f"-n {shlex.quote(namespace)}"
    return Commands(
        f"mcp-admission apply {where} {shlex.quote(name)}" if rollable else "",
        f"kubectl rollout restart {where} {shlex.quote(f'deployment/{name}')}" if rollable else "",
        admission.draft_command(kind, name, namespace) if kind in server_reading.RESOURCES else "",
        f"mcp-admission audit {where}",
    )
