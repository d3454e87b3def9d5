"""Faults of the certificates in a cluster, for every issuer: observed and judged, never written.

Each replica and each configuration is judged as an API server would: with the bundle that is
published, and the certificate that is shown.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from certs.authority import Certificate
from certs.bundle import BundleError, parse_certificates
from certs.verification import Text, verify
from webhook.controller import serving_replicas
from webhook.controller.certificates import ca_bundles
from webhook.controller.certificates.ca_bundles import INJECTED, WebhookConfiguration
from webhook.controller.certificates.stored import SecretFiles
from webhook.controller.installation import SAID_CERTIFICATES, SERVING_SECRET, Installation
from webhook.controller.serving_replicas import FindReplicas
from webhook.kube import Api, Forbidden, time_text
from webhook.observe.metrics import ControllerMetrics

LOOKING, LOOKING_AT_FAULTS = timedelta(seconds=30), timedelta(seconds=5)
# As cert-manager does without another order.
RENEWED_AFTER = 2 / 3
MOST_FAULTS, LONGEST_FAULT = 5, 300

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Observation:
    """The pair that is stored, what is published, and what the replicas that answer show.

    `unread` is why what is published may not be read, empty where it may.
    """

    serving: SecretFiles
    published: Mapping[str, bytes | None]
    shown: Mapping[str, Certificate | None]
    unread: str = ""


def stored_certificate(serving: SecretFiles) -> Certificate | None:
    """The certificate that is to be served, where one can be read."""
    try:
        return parse_certificates(serving.files.get("tls.crt", b""), serving.name)[0]
    except BundleError:
        return None


def said_certificates(
    certificates: Mapping[str, Certificate | None],
    faults: Sequence[str],
    part: float,
    unread: str = "",
) -> str:
    """What the Lease says: when each ends and is to be renewed, after this part of its life.

    Nobody but the process of the certificates may read the Secrets; dates are no secret.
    """
    said: dict[str, object] = {"faults": [each[:LONGEST_FAULT] for each in faults[:MOST_FAULTS]]}
    if unread:
        said["unread"] = unread[:LONGEST_FAULT]
    for name, one in certificates.items():
        if one is not None:
            begins, ends = one.not_valid_before_utc, one.not_valid_after_utc
            renewal = begins + (ends - begins) * part
            said[name] = {"ends": time_text(ends), "renewal": time_text(renewal)}
    return json.dumps(said, sort_keys=True)


def certificate_faults(seen: Observation, installation: Installation, now: datetime) -> list[str]:
    """Each fault once, in the order of who is to mend it: stored, published, served."""
    found = [*_of_pair(seen, installation, now), *_of_replicas(seen)]
    return list(dict.fromkeys(found))


def _of_pair(seen: Observation, installation: Installation, now: datetime) -> Iterator[str]:
    """What an API server with each of the bundles would not take."""
    if seen.serving.found is None:
        yield f"{seen.serving.name} is not there: nothing can be served"
        return
    files, name = seen.serving.files, seen.serving.name
    chain = Text(f"tls.crt of {name}", files.get("tls.crt", b""))
    key = Text(f"tls.key of {name}", files.get("tls.key", b""))
    for entry, bundle in seen.published.items():
        if not bundle:
            yield f"{entry}: caBundle is empty, every call fails"
            continue
        authorities = Text(f"caBundle of {entry}", bundle)
        try:
            service = f"{installation.service}.{installation.namespace}"
            yield from verify(chain, key, authorities, service, now).faults
        except BundleError as error:
            yield str(error)


def _of_replicas(seen: Observation) -> Iterator[str]:
    stored = stored_certificate(seen.serving)
    for name, shown in seen.shown.items():
        if shown is None:
            yield f"{name} does not answer"
        elif shown != stored:
            yield f"{name} does not serve the certificate of {seen.serving.name} yet"


@dataclass
class Monitor:
    """Reports in log and metrics what keeps API servers from calling the webhook.

    With `injected`, cert-manager is to write caBundle, and its annotation has to be there.
    """

    api: Api
    installation: Installation
    find_replicas: FindReplicas
    metrics: ControllerMetrics
    clock: Callable[[], datetime]
    injected: bool
    looking: timedelta = LOOKING
    says: dict[str, str] = field(default_factory=dict)
    _logged: list[str] | None = field(default=None, init=False)
    _unread: str = field(default="", init=False)

    async def reconcile(self, _key: str = "") -> float:
        """Look once; returns after how many seconds the next look is due. Raises ApiError."""
        seen, configurations = await observe(self.api, self.installation, self.find_replicas)
        found = certificate_faults(seen, self.installation, self.clock())
        if seen.unread and seen.unread != self._unread:
            fields = {"reason": seen.unread}
            LOG.warning("webhook configurations not read", extra={"fields": fields})
        self._unread = seen.unread
        if self.injected:
            found += [_lacks_annotation(one) for one in configurations if one.injector is None]
        self.metrics.certificate_faults.set(len(found))
        certificate = stored_certificate(seen.serving)
        says = said_certificates({"leaf": certificate}, found, RENEWED_AFTER, seen.unread)
        self.says[SAID_CERTIFICATES] = says
        if certificate:
            ends = certificate.not_valid_after_utc.timestamp()
            self.metrics.certificate_expiry.labels("leaf").set(ends)
        if found != self._logged:
            self._logged = found
            for fault in found:
                LOG.warning("certificate fault", extra={"fields": {"reason": fault}})
            if not found:
                LOG.info("certificates valid")
        return min(self.looking, LOOKING_AT_FAULTS if found else self.looking).total_seconds()


async def observe(
    api: Api, installation: Installation, find_replicas: FindReplicas
) -> tuple[Observation, list[WebhookConfiguration]]:
    """What is stored for the replicas, published and shown; the authority's Secret is not read.

    What is published may be out of reach: a Role cannot allow to read webhook configurations.
    """
    serving = await SecretFiles.read(api, installation.secret(SERVING_SECRET))
    configurations, unread = [], ""
    try:
        configurations = await ca_bundles.read_configurations(api, installation)
    except Forbidden as error:
        unread = error.message
    shown = await serving_replicas.ask_certificates(await find_replicas(), installation.host)
    published = ca_bundles.ca_bundles(configurations)
    return Observation(serving, published, shown, unread), configurations


def _lacks_annotation(configuration: WebhookConfiguration) -> str:
    return (
        f"{configuration.name} has no annotation of cert-manager: add "
        f"{INJECTED}ca-from: NAMESPACE/CERTIFICATE"
    )
