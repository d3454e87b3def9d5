"""What a cluster is judged by before the product is installed: what it offers, and what is there.

A webhook of others is no fault, as it may live beside ours; it is named where it can keep our pods
from starting, or writes the same objects.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from webhook import names
from webhook.controller.installation import is_own
from webhook.fleet.checkup.checks import (
    FAULT,
    NOTE,
    OK,
    UNKNOWN,
    Snapshot,
    Told,
    listing,
)
from webhook.fleet.checkup.readings import MUTATING, VALIDATING
from webhook.fleet.policies.policy_parts import selects

Json = dict[str, Any]
OLDEST_MINOR, NEWEST_TESTED_MINOR = 30, 37
"""Of Kubernetes 1: the chart refuses an older one, and a newer one was not tested."""

ENFORCING_PLUGINS = {
    "anetd": "Dataplane V2",
    "antrea-agent": "Antrea",
    "calico-node": "Calico",
    "canal": "Canal",
    "cilium": "Cilium",
    "kube-router": "kube-router",
    "ovnkube-node": "OVN-Kubernetes",
    "kube-ovn-cni": "Kube-OVN",
    "weave-net": "Weave Net",
    "azure-npm": "Azure Network Policy Manager",
}
"""DaemonSets of network plugins that are known to enforce NetworkPolicies."""
ENFORCING_GROUPS = {"cilium.io": "Cilium", "crd.antrea.io": "Antrea"}
NOT_ENFORCING_PLUGINS = {"kube-flannel-ds": "Flannel", "kube-flannel": "Flannel"}
"""Those that are known not to, unless another one does it for them."""

_OUR_RESOURCES = {"": {"pods"}, "apps": {"deployments"}}
_OURS = f".{names.PREFIX.rstrip('/')}"


def judge_version(seen: Snapshot) -> Iterator[Told]:
    """Whether the chart can be installed on this Kubernetes."""
    version = seen.one("version") or {}
    called = str(version.get("gitVersion") or "of an unknown version")
    digits = "".join(filter(str.isdigit, str(version.get("minor") or "")))
    if version.get("major") != "1" or not digits:
        yield Told(UNKNOWN, f"the API server is {called}: its version cannot be read")
    elif int(digits) < OLDEST_MINOR:
        mend = f"upgrade the cluster to Kubernetes 1.{OLDEST_MINOR} or newer"
        yield Told(FAULT, f"Kubernetes {called} is older than 1.{OLDEST_MINOR}", mend)
    elif int(digits) > NEWEST_TESTED_MINOR:
        newest = f"the newest that was tested is 1.{NEWEST_TESTED_MINOR}"
        yield Told(NOTE, f"Kubernetes {called} is newer: {newest}")
    else:
        yield Told(OK, f"Kubernetes {called} is supported")


def judge_rights(seen: Snapshot) -> Iterator[Told]:
    """Whether the caller may create what an installation consists of."""
    lacking = [
        ".".join(filter(None, (each["resource"], each["group"])))
        for each in seen.every("rights")
        if not each["allowed"]
    ]
    if lacking:
        mend = seen.kubectl(f"auth can-i create {lacking[0]}")
        told = f"you may not create {listing(lacking)}: install as a user who may"
        yield Told(FAULT, told, mend)
    else:
        yield Told(OK, "you may create what an installation consists of")


def judge_other_webhooks(seen: Snapshot) -> Iterator[Told]:
    """The webhooks of others that change the same objects, or can keep our pods from starting."""
    namespace = seen.one("release-namespace") or {"metadata": {"name": seen.places.namespace}}
    labels = _namespace_labels(namespace)
    changing = []
    for kind, reading in ((MUTATING, "other-mutating"), (VALIDATING, "other-validating")):
        for found in seen.every(reading):
            name = found["metadata"]["name"]
            entries = [each for each in found.get("webhooks") or [] if _is_about_ours(each)]
            if name == seen.places.configuration or not entries:
                continue
            if any(each["name"].endswith(_OURS) for each in entries):
                yield _another_installation(kind, name, entries[0])
                continue
            if kind == MUTATING:
                changing.append(name)
            if any(_holds_up(each, labels) for each in entries):
                why = "with failurePolicy Fail: while it is away, the pods of"
                told = f"{kind} {name} selects namespace {seen.places.namespace} {why} it cannot"
                yield Told(NOTE, f"{told} start: let its namespaceSelector leave it out")
    if changing:
        told = (
            f"{listing(changing)} may change the pods of servers, too: what they leave is checked"
        )
        yield Told(NOTE, told)
    yield Told(OK, "no other webhook fights over the pods of servers")


def _another_installation(kind: str, name: str, entry: Json) -> Told:
    service = (entry.get("clientConfig") or {}).get("service") or {}
    where = f"{service.get('name')}.{service.get('namespace')}"
    told = f"{kind} {name} is of another installation, and one serves a cluster: remove it first"
    return Told(FAULT, told, f"mcp-admission uninstall --service {where} --configuration {name}")


def _is_about_ours(entry: Json) -> bool:
    """Whether it is called for new pods or Deployments."""
    return any(
        _has(rule.get("apiGroups"), group)
        and _has(rule.get("operations"), "CREATE")
        and any(_has(rule.get("resources"), each) for each in resources)
        for rule in entry.get("rules") or []
        for group, resources in _OUR_RESOURCES.items()
    )


def _has(listed: Iterable[str] | None, wanted: str) -> bool:
    return not {wanted, "*", "*/*"}.isdisjoint(listed or ())


def _holds_up(entry: Json, labels: Mapping[str, str]) -> bool:
    fails = entry.get("failurePolicy", "Fail") == "Fail"
    return fails and selects(entry.get("namespaceSelector"), labels)


def _namespace_labels(namespace: Json) -> dict[str, str]:
    metadata = namespace["metadata"]
    return {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}


def judge_leftovers(seen: Snapshot) -> Iterator[Told]:
    """What an earlier installation has left, while none of its processes is there."""
    left = [
        f"{kind} {seen.places.configuration}" for kind in (MUTATING, VALIDATING) if seen.one(kind)
    ]
    left += [f"ValidatingAdmissionPolicy {_name(each)}" for each in seen.every("policies")]
    settings = seen.one("settings-file")
    if settings and is_own(settings["metadata"]):
        left.append(f"ConfigMap {seen.places.namespace}/{_name(settings)}")
    if left:
        where = f"{seen.places.service}.{seen.places.namespace}"
        told = f"an earlier installation has left {listing(left)}: if its namespace was lost,"
        told = f"{told} mcp-admission check says how to bring it back; else remove what is left"
        yield Told(FAULT, told, f"mcp-admission uninstall --service {where}")
    else:
        yield Told(OK, "an earlier installation has left nothing")


def judge_pod_security(seen: Snapshot) -> Iterator[Told]:
    """What Pod Security enforces where the product and its servers are to run."""
    namespace, name = seen.one("release-namespace"), seen.places.namespace
    level = _enforced(namespace) if namespace else ""
    if namespace is None:
        yield Told(OK, f"namespace {name} does not exist yet: --create-namespace makes it")
    elif level == "restricted":
        yield Told(OK, f"namespace {name} enforces restricted, which the product's pods satisfy")
    else:
        yield Told(OK, f"namespace {name} enforces {level or 'no level'} of Pod Security")
    wanted = seen.settings.cluster.mcp_namespace.pod_security
    lower = [_name(each) for each in seen.every("managed-namespaces") if not _enforced(each)]
    if wanted.enabled and lower:
        told = f"managed namespaces without a level get {wanted.enforce} of Pod Security"
        yield Told(NOTE, f"{told}: {listing(lower)}")


def _enforced(namespace: Json) -> str:
    labels = namespace["metadata"].get("labels") or {}
    return str(labels.get("pod-security.kubernetes.io/enforce") or "")


def judge_network_plugin(seen: Snapshot) -> Iterator[Told]:
    """Whether anything is known to enforce the NetworkPolicies by which servers are isolated."""
    if not seen.settings.cluster.mcp_namespace.network_policy.enabled:
        yield Told(NOTE, "the settings isolate no server: no NetworkPolicy is made")
        return
    running = {_name(each) for each in seen.every("daemonsets")}
    enforcing = {ENFORCING_PLUGINS[each] for each in running & ENFORCING_PLUGINS.keys()}
    enforcing |= {ENFORCING_GROUPS[each] for each in _groups(seen) & ENFORCING_GROUPS.keys()}
    others = {NOT_ENFORCING_PLUGINS[each] for each in running & NOT_ENFORCING_PLUGINS.keys()}
    if enforcing:
        yield Told(OK, f"{listing(sorted(enforcing))} is known to enforce network policies")
    elif others:
        told = f"{listing(sorted(others))} is known not to enforce network policies"
        mend = "install a network plugin that does, such as Calico or Cilium"
        yield Told(FAULT, f"{told}: servers would not be isolated", mend)
    else:
        told = "no network plugin is known here: ask your provider whether NetworkPolicies are"
        yield Told(NOTE, f"{told} enforced")


def judge_runtime_classes(seen: Snapshot) -> Iterator[Told]:
    """Whether the runtime classes of the settings exist."""
    if seen.guess:
        yield Told(UNKNOWN, f"runtime classes: {seen.guess}")
        return
    by_namespace = [seen.settings.of(each) for each in seen.settings.overlays]
    given = (seen.settings.cluster, *by_namespace)
    wanted = {each.mcp_server_defaults.runtime_class_name for each in given} - {None}
    there = {_name(each) for each in seen.every("runtime-classes")}
    missing = sorted(f"{each}" for each in wanted if each not in there)
    if missing:
        told = f"the settings ask for RuntimeClass {listing(missing)}, which does not exist"
        mend = "kubectl get runtimeclasses"
        yield Told(FAULT, f"{told}: create it, or change mcpServerDefaults.runtimeClassName", mend)
    elif wanted:
        yield Told(OK, f"RuntimeClass {listing(sorted(map(str, wanted)))} of the settings exists")
    else:
        yield Told(OK, "the settings ask for no RuntimeClass")


def judge_cert_manager(seen: Snapshot) -> Iterator[Told]:
    """Whether cert-manager is there, where it is to issue the certificates."""
    if seen.certificates != "cert-manager":
        return
    if "cert-manager.io" in _groups(seen):
        yield Told(OK, "cert-manager.io is served: cert-manager issues the certificates")
    else:
        told = "cert-manager.io is not served, and certificates.mode is cert-manager"
        yield Told(FAULT, f"{told}: install cert-manager, or keep the mode own")


def judge_service_monitor(seen: Snapshot) -> Iterator[Told]:
    """Whether the Prometheus operator is there, where a ServiceMonitor is asked for."""
    if "monitoring.coreos.com" in _groups(seen):
        yield Told(OK, "monitoring.coreos.com is served: serviceMonitor.enabled can be true")
    elif seen.service_monitor:
        told = "monitoring.coreos.com is not served: install the Prometheus operator, or leave"
        yield Told(FAULT, f"{told} serviceMonitor.enabled false")
    else:
        told = "monitoring.coreos.com is not served: leave serviceMonitor.enabled false"
        yield Told(OK, told)


def _groups(seen: Snapshot) -> set[str]:
    return {each["name"] for each in (seen.one("api-groups") or {}).get("groups") or []}


def _name(found: Json) -> str:
    return str(found["metadata"]["name"])
