"""Objects that no rule reviews, and what the review reports about them.

These are the product's own settings resources, misspelled kinds, custom resources of servers, and
the label that makes a namespace managed. The cluster calls no hook for them, or the hook cannot
report the mistake.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from webhook import names
from webhook.admission import KINDS, MALFORMED, Finding, Scope, Severity
from webhook.documents import escape, pointer_to
from webhook.offline import settings_documents
from webhook.offline.manifests import Manifest
from webhook.pods import keys
from webhook.settings import GROUP, KIND, Settings, dotted, faults_of_resource

VERSIONS = {
    kind: "/".join(filter(None, (resource.partition(".")[2], "v1")))
    for resource, (kind, _) in KINDS.items()
}
# The other kinds of the groups that have workloads; what else is written there is a mistake.
OTHERS = {
    "v1": frozenset(
        {
            "Binding", "ComponentStatus", "ConfigMap", "DeleteOptions", "Endpoints", "Event",
            "LimitRange", "List", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim",
            "ResourceQuota", "Secret", "Service", "ServiceAccount", "Status",
        }
    ),
    "apps/v1": frozenset({"ControllerRevision"}),
    "batch/v1": frozenset(),
}  # fmt: skip
# Groups of Kubernetes itself without workloads.
OTHER_GROUPS = frozenset(
    {
        "autoscaling", "policy",
        *(
            f"{group}.k8s.io"
            for group in (
                "admission", "admissionregistration", "apiextensions", "apiregistration",
                "authentication", "authorization", "certificates", "coordination", "discovery",
                "events", "flowcontrol.apiserver", "imagepolicy", "internal.apiserver",
                "lifecycle", "networking", "node", "rbac.authorization", "resource", "scheduling",
                "storage", "storagemigration",
            )
        ),
    }
)  # fmt: skip
TEMPLATES = ((), ("spec", "template"), ("template",), ("spec", "jobTemplate", "spec", "template"))


def settings_resource_findings(
    manifest: Manifest, settings: settings_documents.ReviewSettings
) -> list[Finding]:
    """What is wrong with an object of our own API group, which no hook refuses."""
    if manifest.kind in settings_documents.KINDS:
        return settings.findings_of(manifest)
    if manifest.group != GROUP and manifest.kind != KIND:
        return []
    return settings.findings_of(manifest) + [
        Finding(
            MALFORMED,
            Severity.ERROR,
            manifest.pointer + pointer_to(fault.key),
            f"{dotted(fault.key)}: {fault.sentence}",
        )
        for fault in faults_of_resource({"kind": manifest.kind, **manifest.value})
    ]


def unreviewed_finding(manifest: Manifest, settings: Settings, scope: Scope) -> Finding | None:
    """The finding about an object of a kind that is not reviewed, if any.

    Only objects that are meant to be MCP servers have one, by their label or a selector. In a
    managed namespace, every object of a kind that does not exist has one.
    """
    version, kind = manifest.api_version, manifest.kind
    group = manifest.group
    if kind in OTHERS.get(version, ()) or kind.endswith("List") or group in OTHER_GROUPS:
        return None
    chosen = any(_chosen(labels, settings) for labels in _labels(manifest.value))
    if "." in group:
        return _custom(manifest) if chosen else None
    return _missing(manifest) if chosen or scope is Scope.MANAGED else None


def _custom(manifest: Manifest) -> Finding:
    message = (
        f"{manifest.kind} of {manifest.group} is not reviewed: its pods are, "
        "where they carry the label themselves or their namespace is managed"
    )
    return Finding("identity", Severity.WARNING, f"{manifest.pointer}/kind", message)


def _missing(manifest: Manifest) -> Finding:
    message = f"Kubernetes has no kind {manifest.kind} in {manifest.api_version}: "
    like = {kind.lower(): kind for kind in VERSIONS}
    near = get_close_matches(manifest.kind.lower(), like, n=1)
    if near:
        kind = like[near[0]]
        message += f"did you mean {kind} in {VERSIONS[kind]}?"
    else:
        message += "correct kind and apiVersion"
    return Finding(MALFORMED, Severity.ERROR, f"{manifest.pointer}/kind", message)


def _chosen(labels: dict[str, Any], settings: Settings) -> bool:
    return labels.get(names.SERVER) not in (None, "false") or any(
        selector and selector.items() <= labels.items() for selector in settings.selectors
    )


def _labels(value: Any) -> Iterator[dict[str, Any]]:
    """The labels of the object and of what may be its pod template."""
    for path in TEMPLATES:
        at = value
        for key in (*path, "metadata", "labels"):
            at = at.get(key) if isinstance(at, dict) else None
        if isinstance(at, dict):
            yield at


def namespace_label_findings(manifest: Manifest) -> Iterator[Finding]:
    """What is wrong with labels of ours on a Namespace."""
    metadata = manifest.value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    if (manifest.api_version, manifest.kind) != ("v1", "Namespace") or not isinstance(labels, dict):
        return
    for key, value in labels.items():
        severity, said = _said(key, value)
        if said:
            at = f"{manifest.pointer}/metadata/labels/{escape(key)}"
            yield Finding(MALFORMED, severity, at, f"metadata.labels[{key}] {said}")


def _said(key: str, value: object) -> tuple[Severity, str]:
    if key in names.LABELS:
        return Severity.WARNING, f"is for workloads: {names.MANAGED} is the label of namespaces"
    if key != names.MANAGED:
        return Severity.WARNING, keys.unread_label(key, names.MANAGED) or ""
    if value is not None and not isinstance(value, str):
        return Severity.ERROR, "must be text: put it in quotes"
    if value in ("true", "false"):
        return Severity.WARNING, ""
    return Severity.WARNING, 'must be "true" or "false": the namespace is not managed'
