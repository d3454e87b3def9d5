"""Who issues the certificates and writes caBundle: the ways to choose from."""

from collections.abc import Callable, Mapping

from certs.rotation import Plan
from webhook.controller.certificates.monitor import Onlooker
from webhook.controller.certificates.rotator import Driver
from webhook.controller.installation import Places
from webhook.controller.replicas import FindReplicas
from webhook.kube.api import Api
from webhook.kube.loop import Turn
from webhook.observe.control_metrics import ControlMetrics

Begin = Callable[[Api, Places, Plan, FindReplicas, ControlMetrics], Turn]


def _own(
    api: Api, places: Places, plan: Plan, find_replicas: FindReplicas, metrics: ControlMetrics
) -> Turn:
    return Driver(api, places, plan, find_replicas, metrics, api.server_time).turn


def _of_others(*, injected: bool) -> Begin:
    def begin(
        api: Api, places: Places, _: Plan, find_replicas: FindReplicas, metrics: ControlMetrics
    ) -> Turn:
        return Onlooker(api, places, find_replicas, metrics, api.server_time, injected).turn

    return begin


MODES: Mapping[str, Begin] = {
    "own": _own,
    "cert-manager": _of_others(injected=True),
    "bring-your-own": _of_others(injected=False),
}
