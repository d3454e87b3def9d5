"""The process of the certificates: it reads no tenant's object, and holds no right on one.

It issues and publishes the certificates, or looks on where somebody else does. Who takes over the
controller of servers has no key of the authority, and cannot write a webhook configuration.
"""

import asyncio
from dataclasses import dataclass
from functools import partial

from certs.rotation import RotationPlan
from webhook import kube
from webhook.controller.certificates.monitor import Monitor
from webhook.controller.certificates.rotator import STEPS, Rotator
from webhook.controller.leading import Leading, ProcessOptions, run_process
from webhook.controller.serving_replicas import endpoint_replicas

# There is one thing to look at.
CERTIFICATES = "certificates"


@dataclass(frozen=True, kw_only=True)
class CertificatesOptions(ProcessOptions):
    """The command line of `mcp-admission certs control`."""

    mode: str
    plan: RotationPlan


def run_certificates(options: CertificatesOptions) -> int:
    """Work until a signal; 2 when the way to a cluster or the port cannot be used."""
    return run_process(
        options,
        lambda: partial(keep_certificates, options),
        fields={"certificates": options.mode},
    )


async def keep_certificates(options: CertificatesOptions, leading: Leading) -> None:
    """Take step after step until `stop` is set, and finish the one that has begun."""
    for step in STEPS:
        leading.metrics.rotation_steps.labels(step)
    queue: kube.Queue[str] = kube.Queue()
    queue.add(CERTIFICATES)
    controller = kube.Controller(
        CERTIFICATES, _reconciler(options, leading), queue, leading.metrics
    )
    working = asyncio.create_task(controller.run())
    await leading.stop.wait()
    queue.shut_down()
    await working


def _reconciler(options: CertificatesOptions, leading: Leading) -> kube.Reconciler[str]:
    """Who issues the certificates and writes caBundle; those of others are only looked at."""
    api, installation, metrics = leading.api, options.installation, leading.metrics
    find_replicas, clock = partial(endpoint_replicas, api, installation), api.server_time
    if options.mode == "own":
        return Rotator(
            api, installation, options.plan, find_replicas, metrics, clock, says=leading.says
        )
    injected = options.mode == "cert-manager"
    return Monitor(api, installation, find_replicas, metrics, clock, injected, says=leading.says)
