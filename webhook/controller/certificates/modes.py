"""Who issues the certificates and writes caBundle: the ways to choose from."""

from collections.abc import Callable, Mapping

from certs.rotation import RotationPlan
from webhook.controller.certificates.driver import Driver
from webhook.controller.certificates.onlooker import Onlooker
from webhook.controller.certificates.served import FindReplicas
from webhook.controller.installation import Places
from webhook.kube.api import Api
from webhook.kube.loop import Turn
from webhook.observe.control_metrics import ControlMetrics

Begin = Callable[[Api, Places, RotationPlan, FindReplicas, ControlMetrics], Turn]


def _own(
    api: Api,
    places: Places,
    plan: RotationPlan,
    find_replicas: FindReplicas,
    metrics: ControlMetrics,
) -> Turn:
    return Driver(api, places, plan, find_replicas, metrics, api.server_time).turn


def _of_others(*, injected: bool) -> Begin:
    def begin(
        api: Api,
        places: Places,
        _: RotationPlan,
        find_replicas: FindReplicas,
        metrics: ControlMetrics,
    ) -> Turn:
        return Onlooker(api, places, find_replicas, metrics, api.server_time, injected).turn

    return begin


MODES: Mapping[str, Begin] = {
    "own": _own,
    "cert-manager": _of_others(injected=True),
    "bring-your-own": _of_others(injected=False),
}
