"""The process of the certificates: it reads no tenant's object, and holds no right on one.

It issues and publishes the certificates, or looks on where somebody else does. Who takes over the
controller of servers has no key of the authority, and cannot write a webhook configuration.
Where the product's console runs, its certificate is kept here, too.
"""

import asyncio
from dataclasses import dataclass
from functools import partial

from certs.rotation import RotationPlan
from webhook import kube
from webhook.controller.certificates.console_issuer import ConsoleIssuer, check_console_names
from webhook.controller.certificates.monitor import Monitor
from webhook.controller.certificates.rotator import STEPS, Rotator
from webhook.controller.installation import SAID_CONSOLE
from webhook.controller.leading import Leading, ProcessOptions, Work, run_process
from webhook.controller.serving_replicas import endpoint_replicas

# Each has one thing to look at.
CERTIFICATES, CONSOLE = "certificates", "console-certificate"


@dataclass(frozen=True, kw_only=True)
class CertificatesOptions(ProcessOptions):
    """The command line of `mcp-admission certs control`; `console` is absent without a console."""

    mode: str
    plan: RotationPlan
    console: RotationPlan | None = None


def run_certificates(options: CertificatesOptions) -> int:
    """Work until a signal; 2 when the way to a cluster or the port cannot be used."""
    return run_process(
        options,
        partial(_prepare, options),
        fields={"certificates": options.mode},
    )


def _prepare(options: CertificatesOptions) -> Work:
    """The work; raises ConfigurationError for a console that nobody may issue a certificate for."""
    if options.console:
        if options.mode != "own":
            raise kube.ConfigurationError(
                f"the mode {options.mode} issues no certificate for a console: take out its names"
            )
        try:
            check_console_names(options.console.names, options.installation)
        except ValueError as error:
            raise kube.ConfigurationError(str(error)) from None
    return partial(keep_certificates, options)


async def keep_certificates(options: CertificatesOptions, leading: Leading) -> None:
    """Take step after step until `stop` is set, and finish the one that has begun."""
    for step in STEPS:
        leading.metrics.rotation_steps.labels(step)
    reconcilers: dict[str, kube.Reconciler[str]] = {CERTIFICATES: _reconciler(options, leading)}
    # What a process said that had a console.
    leading.says.pop(SAID_CONSOLE, None)
    if options.console:
        reconcilers[CONSOLE] = _console_issuer(options, options.console, leading)
    controllers = [
        kube.Controller(name, reconciler, kube.Queue[str](), leading.metrics)
        for name, reconciler in reconcilers.items()
    ]
    async with asyncio.TaskGroup() as working:
        for each in controllers:
            each.queue.add(each.name)
            working.create_task(each.run())
        await leading.stop.wait()
        for each in controllers:
            each.queue.shut_down()


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


def _console_issuer(
    options: CertificatesOptions, plan: RotationPlan, leading: Leading
) -> ConsoleIssuer:
    api, says = leading.api, leading.says
    return ConsoleIssuer(
        api, options.installation, plan, leading.metrics, api.server_time, says=says
    )
