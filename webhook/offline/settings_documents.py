"""The settings that each namespace has in a review, by what stands among the manifests.

Settings of a namespace and exceptions count as they will in the cluster once they are applied
beside the manifests. What of them would not be in force is found here, and has no effect on the
rest. Nothing else of the review reads a clock: the caller says what time it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from webhook import names, settings
from webhook.admission import MALFORMED, Finding, Severity, pod_security_refusals
from webhook.documents import pointer_to
from webhook.offline.manifests import Manifest

KINDS = (settings.NAMESPACE_KIND, settings.EXCEPTION_KIND)
_NO_ROOM = "is not in force: its namespace has no room for more exceptions, delete those not needed"


class ReviewSettings(NamedTuple):
    """The settings of each namespace, and what is wrong with the documents that change them."""

    by_namespace: settings.SettingsByNamespace
    found: Mapping[int, tuple[Finding, ...]]

    def of(self, namespace: str) -> settings.Settings:
        """The settings of a namespace, the same object each time."""
        return self.by_namespace.of(namespace)

    def findings_of(self, manifest: Manifest) -> list[Finding]:
        """What is wrong with a document of these kinds; it has to be one that was read."""
        return list(self.found.get(id(manifest), ()))


def settings_beside(  # noqa: PLR0913 - what the settings of a review are made of
    cluster: settings.Settings,
    manifests: Iterable[Manifest],
    namespace: str,
    now: float,
    mode: str = "",
    *,
    managed: bool = False,
) -> ReviewSettings:
    """The settings of the cluster, changed by the documents among the manifests.

    The namespace is that of documents which name none. The mode is that of every namespace, if one
    is asked for. `managed`: every namespace is managed, not only those whose manifest says so.
    """
    reading, labelled = _Reading(cluster, namespace, now), set[str]()
    for manifest in manifests:
        if manifest.kind == "Namespace" and _label(manifest, names.MANAGED) == "true":
            labelled.add(manifest.name)
        if manifest.kind in KINDS or _is_of_cluster(manifest):
            findings = tuple(_findings(manifest, reading.faults(manifest)))
            reading.found[id(manifest)] = findings
    by_namespace = settings.SettingsByNamespace(cluster, dict(reading.overlays()), mode)
    reading.compare_with_labels(by_namespace, lambda name: managed or name in labelled)
    return ReviewSettings(by_namespace, reading.found)


def cluster_settings(
    manifests: Iterable[Manifest], environment: Mapping[str, str]
) -> settings.Settings | None:
    """The cluster's settings among the manifests, under those of the environment.

    None where there are none, or wrong ones, which are found when they are reviewed. The first
    document counts.
    """
    for manifest in filter(_is_of_cluster, manifests):
        found = {"apiVersion": manifest.api_version, "kind": manifest.kind, **manifest.value}
        if any(settings.faults_of_resource(found)):
            return None
        key = tuple(int(each) if each.isdecimal() else each for each in _parts(manifest.pointer))
        return settings.settings_at(manifest.document, key, environment)
    return None


def _is_of_cluster(manifest: Manifest) -> bool:
    return manifest.group == settings.GROUP and manifest.kind == settings.KIND


def _label(manifest: Manifest, key: str) -> Any:
    metadata = manifest.value.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels.get(key) if isinstance(labels, dict) else None


def _parts(pointer: str) -> list[str]:
    return pointer.split("/")[1:]


def _findings(
    manifest: Manifest, faults: Iterable[tuple[Severity, settings.KeyFault]]
) -> Iterator[Finding]:
    for severity, fault in faults:
        message = f"{settings.dotted(fault.key)}: {fault.sentence}" if fault.key else fault.sentence
        yield Finding(MALFORMED, severity, manifest.pointer + pointer_to(fault.key), message)


@dataclass
class _Reading:
    """What was read so far: the first document of each name counts."""

    cluster: settings.Settings
    namespace: str
    now: float
    found: dict[int, tuple[Finding, ...]] = field(default_factory=dict)
    _first: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    _values: dict[str, Manifest] = field(default_factory=dict)
    _granted: dict[str, dict[str, tuple[settings.ServerException, Manifest]]] = field(
        default_factory=dict
    )
    _for_workload: dict[tuple[str, str], settings.ServerException] = field(default_factory=dict)

    def faults(self, manifest: Manifest) -> Iterator[tuple[Severity, settings.KeyFault]]:
        """Take a document, and say what is wrong with it."""
        namespaced = manifest.kind == settings.NAMESPACE_KIND
        name = (manifest.namespace or self.namespace) if namespaced else manifest.name
        before = self._first.setdefault((manifest.kind, name), manifest)
        if before is not manifest:
            if before.value != manifest.value:
                place = f"{before.document.source}:{before.document.line(before.pointer)}"
                yield Severity.ERROR, settings.KeyFault((), f"stands at {place} already: keep one")
        elif _is_of_cluster(manifest):
            # What its keys say is found where it is reviewed.
            return
        elif namespaced:
            yield from self._of_namespace(manifest, name)
        else:
            yield from self._of_exception(manifest)

    def _of_namespace(
        self, manifest: Manifest, name: str
    ) -> Iterator[tuple[Severity, settings.KeyFault]]:
        found = {"apiVersion": manifest.api_version, "kind": manifest.kind, **manifest.value}
        faults = list(settings.faults_of_namespace_settings(found))
        if not faults:
            self._values[name] = manifest
            layer = settings.namespace_layer(self.cluster, found.get("spec") or {})
            faults = [fault._replace(key=("spec", *fault.key)) for fault in layer.faults]
        for fault in faults:
            yield Severity.ERROR, fault

    def _of_exception(self, manifest: Manifest) -> Iterator[tuple[Severity, settings.KeyFault]]:
        found = {"apiVersion": manifest.api_version, "kind": manifest.kind, **manifest.value}
        days = self.cluster.exceptions.longest_days
        document = settings.read_exception(found, now=self.now, longest_days=days)
        # One that has ended is a resource as good as before; it only grants nothing.
        severity = Severity.WARNING if document.granted else Severity.ERROR
        for fault in document.faults:
            yield severity, fault
        granted = document.in_force
        if granted is None:
            return
        self._granted.setdefault(granted.namespace, {})[granted.name] = (granted, manifest)
        workload = (granted.namespace, granted.workload)
        other = self._for_workload.setdefault(workload, granted)
        if other.name != granted.name:
            key = ("spec", "workload")
            yield Severity.WARNING, settings.KeyFault(key, other.beside_another)

    def overlays(self) -> Iterator[tuple[str, settings.Overlay]]:
        """What is changed for each namespace; a finding for each exception without room."""
        for name in dict.fromkeys((*self._values, *self._granted)):
            manifest = self._values.get(name)
            values = (manifest.value.get("spec") or {}) if manifest else {}
            layer = settings.namespace_layer(self.cluster, values)
            granted = self._granted.get(name, {})
            overlay = settings.fitting_overlay(layer.values, (each for each, _ in granted.values()))
            fitting = {each.name for each in overlay.exceptions}
            for each, manifest in granted.values():
                if each.name not in fitting:
                    self._add(manifest, Severity.ERROR, settings.KeyFault((), _NO_ROOM))
            yield name, overlay

    def compare_with_labels(
        self, by_namespace: settings.SettingsByNamespace, managed: Callable[[str], bool]
    ) -> None:
        """Find the exceptions from what Pod Security refuses whatever is excepted here."""
        for name, exceptions in self._granted.items():
            by = by_namespace.of(name)
            security = by.mcp_namespace.pod_security
            for each, manifest in exceptions.values() if security.enabled and managed(name) else ():
                refusals = pod_security_refusals(name, each.rules, security.level, by)
                if refusals is not None:
                    fault = settings.KeyFault(("spec", "rules"), refusals.told)
                    self._add(manifest, Severity.WARNING, fault)

    def _add(self, manifest: Manifest, severity: Severity, fault: settings.KeyFault) -> None:
        held = self.found[id(manifest)]
        self.found[id(manifest)] = (*held, *_findings(manifest, [(severity, fault)]))
