"""Who may call a server once the network policies isolate it, in one sentence."""

from typing import Any

from webhook import names
from webhook.admission.answer import Finding, Severity
from webhook.admission.coverage import pods_covered
from webhook.admission.request import Request, Scope
from webhook.admission.workload import Workload, read
from webhook.documents.pointer import escape
from webhook.pods import peers
from webhook.pods.patch import Patch
from webhook.settings.model import Gateway, Settings
from webhook.settings.text_forms import listed

_FROM_NOW_ON = "callers from now on: "
_LABELS, _PROFILES = 2, 3


def callers(settings: Settings, workload: Workload) -> Finding | None:
    """What to tell the author of a workload; None while network policies are off.

    The gateway's namespace is the one of the installation unless the settings name another.
    """
    policy = settings.mcp_namespace.network_policy
    if not policy.enabled:
        return None
    profiles: tuple[str, ...] = ()
    asked = workload.pod.origin.asks(names.INGRESS_FROM)
    if asked is not None and workload.kind == "Deployment":
        granted = peers.ingress(asked, policy)
        profiles = () if granted.objections else granted.profiles
    where = _namespace(policy.gateway)
    further = f", and ingress {listed(profiles, 'and', _PROFILES)}" if profiles else ""
    return Finding(
        "identity",
        Severity.WARNING,
        f"/metadata/labels/{escape(names.SERVER)}",
        f"{_FROM_NOW_ON}{_pods(policy.gateway)} in {where}{further}",
        f"{_FROM_NOW_ON}the gateway's pods in {where}{', and others' if profiles else ''}",
    )


def callers_of_pods(admitted: Any, request: Request, settings: Settings, scope: Scope) -> str:
    """The same sentence about an object that was admitted; empty where its pods are no servers."""
    workload = read(admitted, request, scope, Patch())
    found = callers(settings, workload) if pods_covered(workload, settings, scope) else None
    return "" if found is None else found.message


def _namespace(gateway: Gateway) -> str:
    return f"namespace {gateway.namespace}" if gateway.namespace else "mcp-admission's namespace"


def _pods(gateway: Gateway) -> str:
    labels = [f"{key}={value}" for key, value in sorted(gateway.pod_selector.items())]
    return f"pods labelled {listed(labels, 'and', _LABELS)}" if labels else "all pods"
