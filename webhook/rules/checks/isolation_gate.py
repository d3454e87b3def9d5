"""A new pod waits until the network policy that covers it exists.

Field    spec.schedulingGates of a pod (never of a template)
Absent   mcp-admission.dev/isolation on CREATE, while network policies are enabled
Refused  spec.nodeName of a new pod and of every template, because such a pod cannot wait; a new
         pod without the gate
Source   KEP-3521 pod scheduling readiness
"""

from collections.abc import Sequence

from webhook import names
from webhook.rules.rule import Pod, PodRule, Settings, Violation


def fill(pod: Pod, settings: Settings) -> None:
    """Gate a new pod that can wait."""
    if pod.origin.template or not _gated(pod, settings) or pod.spec.has("nodeName"):
        return
    if names.GATE not in pod.spec.names(names.GATES):
        pod.spec.append(names.GATES, {"name": names.GATE})


def check(pod: Pod, settings: Settings) -> Sequence[Violation]:
    """Refuse a pod that would start before its policy exists; live pods are on their node."""
    if not _gated(pod, settings):
        return ()
    if pod.spec.has("nodeName"):
        detail = ": a pod that names its node cannot wait for its network policy"
        return [pod.violation("nodeName", "must be empty", detail=detail)]
    if pod.origin.template or names.GATE in pod.spec.names(names.GATES):
        return ()
    sentence = f"must hold {names.GATE} until the network policy exists"
    return [pod.violation(names.GATES, sentence)]


def _gated(pod: Pod, settings: Settings) -> bool:
    return settings.gated and (pod.origin.creating or pod.origin.template)


RULE: PodRule = PodRule(id="isolation-gate", fill=fill, check=check, exceptable=False)
