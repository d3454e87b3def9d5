"""Who issues the certificates and writes caBundle: the ways to choose from."""

from collections.abc import Callable, Mapping

from certs.rotation import Plan
from webhook.controller.certificates.monitor import Monitor
from webhook.controller.certificates.rotator import Rotator
from webhook.controller.installation import Installation
from webhook.controller.replicas import FindReplicas
from webhook.kube.api import Api
from webhook.kube.loop import Turn
from webhook.observe.control_metrics import CertificateMetrics

Begin = Callable[[Api, Installation, Plan, FindReplicas, CertificateMetrics], Turn]


def _own(
    api: Api,
    places: Installation,
    plan: Plan,
    find_replicas: FindReplicas,
    metrics: CertificateMetrics,
) -> Turn:
    return Rotator(api, places, plan, find_replicas, metrics, api.server_time).turn


def _of_others(*, injected: bool) -> Begin:
    def begin(
        api: Api,
        places: Installation,
        _: Plan,
        find_replicas: FindReplicas,
        metrics: CertificateMetrics,
    ) -> Turn:
        return Monitor(api, places, find_replicas, metrics, api.server_time, injected).turn

    return begin


MODES: Mapping[str, Begin] = {
    "own": _own,
    "cert-manager": _of_others(injected=True),
    "bring-your-own": _of_others(injected=False),
}
