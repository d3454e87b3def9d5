"""TLS handshakes that fail are counted, and told now and then.

An event loop drops such a connection without a word: with --client-ca or a wrong caBundle, nobody
would learn why no review arrives. A scanner may fail thousands of times, so that the log has one
line a minute for each cause.
"""

import logging
import ssl
import time
from collections.abc import Callable

from webhook.observe.metrics import Metrics

QUIET_SECONDS = 60.0
NO_CERTIFICATE, NOT_TRUSTED = "no_client_certificate", "client_certificate_not_trusted"
REFUSED, OTHER = "refused_by_client", "other"
CAUSES = {
    NO_CERTIFICATE: "a client showed no certificate: give the API server one of --client-ca",
    NOT_TRUSTED: "a client's certificate is not one that --client-ca vouches for, or has ended",
    REFUSED: "a client did not accept our certificate: compare it with the caBundle",
    OTHER: "a client spoke no TLS, or none that we speak",
}

LOG = logging.getLogger(__name__)


class Handshakes:
    """Tells of the failed handshakes of one process."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._quiet_until = dict.fromkeys(CAUSES, float("-inf"))
        self._untold = dict.fromkeys(CAUSES, 0)
        metrics.expect_failed_handshakes(CAUSES)

    def watch(self, context: ssl.SSLContext) -> None:
        """Hear of every handshake that this context starts as a server, and that fails."""
        failed = self.failed

        class Handshake(ssl.SSLObject):
            def do_handshake(self) -> None:
                try:
                    super().do_handshake()
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    raise
                except ssl.SSLError as error:
                    failed(error)
                    raise

        context.sslobject_class = Handshake

    def failed(self, error: ssl.SSLError) -> None:
        """Count a failure, and log it unless one of its kind was logged a moment ago."""
        cause = cause_of(error)
        self._metrics.handshake_failed(cause)
        self._untold[cause] += 1
        now = self._clock()
        if now < self._quiet_until[cause]:
            return
        self._quiet_until[cause] = now + QUIET_SECONDS
        reason = getattr(error, "verify_message", None) or error.reason
        fields = {"cause": CAUSES[cause], "reason": reason, "failures": self._untold[cause]}
        self._untold[cause] = 0
        LOG.warning("handshake failed", extra={"fields": fields})


def cause_of(error: ssl.SSLError) -> str:
    """Which of the causes it is, by what OpenSSL calls it."""
    reason = error.reason or ""
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return NO_CERTIFICATE
    if isinstance(error, ssl.SSLCertVerificationError):
        return NOT_TRUSTED
    return REFUSED if "_ALERT_" in reason else OTHER
