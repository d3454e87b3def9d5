"""Whether API servers ask the webhook at all: by its configurations, which anybody may delete."""

from webhook.admission.drift import UNPROTECTED
from webhook.controller.installation import Installation
from webhook.fleet.report import Told
from webhook.kube.api import Api
from webhook.kube.errors import Forbidden, NotFound

DONE = {
    "MutatingWebhookConfiguration": "nothing is filled in",
    "ValidatingWebhookConfiguration": "nothing is refused",
}


async def missing(api: Api, places: Installation) -> list[Told] | None:
    """What every server lacks by it; None for who may not read the configurations."""
    told = []
    for kind, path in places.configurations().items():
        try:
            await api.get(path)
        except NotFound:
            sentence = (
                f"{kind} {places.configuration} is not there, so that {DONE[kind]}: "
                "`helm upgrade`, or `kubectl apply` of the manifests, makes it again"
            )
            told.append(Told(UNPROTECTED, "not-registered", sentence))
        except Forbidden:
            return None
    return told
