"""The label that makes a namespace managed: with a slip in it the namespace is not, in silence.

The API server chooses by it which hook it calls, so that no hook can say so.
"""

from collections.abc import Iterator

from webhook import names
from webhook.admission.answer import MALFORMED, Finding, Severity
from webhook.documents.pointer import escape
from webhook.offline.manifests import Manifest
from webhook.pods import keys


def labels_of_namespace(manifest: Manifest) -> Iterator[Finding]:
    """What is wrong with the labels of ours on a Namespace."""
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
