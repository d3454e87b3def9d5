"""Certificates that somebody else issues and publishes: looked at, judged, never written."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webhook.controller import replicas
from webhook.controller.certificates import ca_bundles
from webhook.controller.certificates.ca_bundles import INJECTED, Configuration
from webhook.controller.certificates.problems import Seen, faults, stored_certificate
from webhook.controller.certificates.secret import Secret
from webhook.controller.installation import SERVING_SECRET, Places
from webhook.controller.replicas import FindReplicas
from webhook.kube.api import Api
from webhook.observe.control_metrics import ControlMetrics

LOOKING = timedelta(seconds=30)

LOG = logging.getLogger(__name__)


@dataclass
class Onlooker:
    """Tells in log and metrics what keeps API servers from calling the webhook.

    With `injected`, cert-manager is to write caBundle, and its annotation has to be there.
    """

    api: Api
    places: Places
    find_replicas: FindReplicas
    metrics: ControlMetrics
    clock: Callable[[], datetime]
    injected: bool
    looking: timedelta = LOOKING
    _told: list[str] | None = field(default=None, init=False)

    async def turn(self) -> timedelta:
        """Look once; returns when to come again. Raises ApiError, and may be tried again."""
        seen, configurations = await look(self.api, self.places, self.find_replicas)
        found = faults(seen, self.places, self.clock())
        if self.injected:
            found += [_lacks_annotation(one) for one in configurations if one.injector is None]
        self.metrics.found(len(found))
        if certificate := stored_certificate(seen.serving):
            self.metrics.stored({"leaf": certificate.not_valid_after_utc})
        if found != self._told:
            self._told = found
            for fault in found:
                LOG.warning("certificate fault", extra={"fields": {"reason": fault}})
            if not found:
                LOG.info("certificates are fine")
        return self.looking


async def look(
    api: Api, places: Places, find_replicas: FindReplicas
) -> tuple[Seen, list[Configuration]]:
    """What is stored for the replicas, published and shown; the authority's Secret is not read."""
    serving = await Secret.read(api, places.secret(SERVING_SECRET))
    configurations = await ca_bundles.read(api, places)
    shown = await replicas.ask(await find_replicas(), places.host)
    return Seen(serving, ca_bundles.bundles(configurations), shown), configurations


def _lacks_annotation(configuration: Configuration) -> str:
    return (
        f"{configuration.name} has no annotation of cert-manager: add "
        f"{INJECTED}ca-from: NAMESPACE/CERTIFICATE"
    )
