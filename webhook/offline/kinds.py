"""Objects that no rule looks at: our own kind, and misspelled kinds or custom resources of servers.

A cluster would refuse wrong settings and kinds that it does not have, and would not call the
webhook for a custom resource; passing any in silence, a review would promise what nobody keeps.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from webhook import names
from webhook.admission.answer import MALFORMED, Finding, Severity
from webhook.admission.workload import KINDS
from webhook.offline.manifests import Manifest
from webhook.rules.registry import plan_rules
from webhook.settings import exported, layers
from webhook.settings.faults import dotted
from webhook.settings.load import pointer
from webhook.settings.model import Settings
from webhook.settings.resource import GROUP, KIND
from webhook.settings.settings_error import SettingsError

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


def own_faults(manifest: Manifest) -> list[Finding]:
    """What is wrong with an object of our own group, which no hook is asked about."""
    if manifest.group != GROUP and manifest.kind != KIND:
        return []
    found = [
        Finding(
            MALFORMED,
            Severity.ERROR,
            manifest.pointer + pointer(fault.key),
            f"{dotted(fault.key)}: {fault.sentence}",
        )
        for fault in exported.faults({"kind": manifest.kind, **manifest.value})
    ]
    return found or list(_of_rules(manifest))


def _of_rules(manifest: Manifest) -> Iterator[Finding]:
    """What only the rules know to be nonsense."""
    try:
        plan_rules(layers.settle([layers.Layer(exported.spec(manifest.value), dotted)]))
    except SettingsError as error:
        at = f"{manifest.pointer}/spec/rules"
        yield Finding(MALFORMED, Severity.ERROR, at, f"spec.{error}")


def objection(manifest: Manifest, settings: Settings, *, managed: bool) -> Finding | None:
    """What to say about an object of a kind that is not reviewed, if anything.

    Only of objects that are meant to be MCP servers, by their label or a selector; in a managed
    namespace, that is every one of a kind that does not exist.
    """
    version, kind = manifest.api_version, manifest.kind
    group = manifest.group
    if kind in OTHERS.get(version, ()) or kind.endswith("List") or group in OTHER_GROUPS:
        return None
    chosen = any(_chosen(labels, settings) for labels in _labels(manifest.value))
    if "." in group:
        return _custom(manifest) if chosen else None
    return _missing(manifest) if chosen or managed else None


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
