"""Certificates that somebody else issues and publishes: looked at, judged, never written."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webhook.controller import replicas
from webhook.controller.certificates import ca_bundles
from webhook.controller.certificates.ca_bundles import INJECTED, WebhookConfiguration
from webhook.controller.certificates.problems import (
    Observation,
    certificate_faults,
    stored_certificate,
)
from webhook.controller.certificates.secret import SecretFiles
from webhook.controller.installation import SERVING_SECRET, Installation
from webhook.controller.replicas import FindReplicas
from webhook.kube.api import Api
from webhook.observe.control_metrics import CertificateMetrics

LOOKING = timedelta(seconds=30)

LOG = logging.getLogger(__name__)


@dataclass
class Monitor:
    """Tells in log and metrics what keeps API servers from calling the webhook.

    With `injected`, cert-manager is to write caBundle, and its annotation has to be there.
    """

    api: Api
    places: Installation
    find_replicas: FindReplicas
    metrics: CertificateMetrics
    clock: Callable[[], datetime]
    injected: bool
    looking: timedelta = LOOKING
    _told: list[str] | None = field(default=None, init=False)

    async def turn(self) -> timedelta:
        """Look once; returns when to come again. Raises ApiError, and may be tried again."""
        seen, configurations = await observe(self.api, self.places, self.find_replicas)
        found = certificate_faults(seen, self.places, self.clock())
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


async def observe(
    api: Api, places: Installation, find_replicas: FindReplicas
) -> tuple[Observation, list[WebhookConfiguration]]:
    """What is stored for the replicas, published and shown; the authority's Secret is not read."""
    serving = await SecretFiles.read(api, places.secret(SERVING_SECRET))
    configurations = await ca_bundles.read_configurations(api, places)
    shown = await replicas.ask_certificates(await find_replicas(), places.host)
    return Observation(serving, ca_bundles.ca_bundles(configurations), shown), configurations


def _lacks_annotation(configuration: WebhookConfiguration) -> str:
    return (
        f"{configuration.name} has no annotation of cert-manager: add "
        f"{INJECTED}ca-from: NAMESPACE/CERTIFICATE"
    )
