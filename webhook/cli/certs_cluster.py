"""`mcp-admission certs rotate` and `certs status`: the two actions that call the cluster."""

import argparse
import asyncio
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from certs.authority import Certificate, fingerprint, issued_by
from certs.bundle import BundleError, parse_certificates
from certs.rotation import RotationPlan, next_step
from webhook.cli import output
from webhook.cli.certificate_table import (
    SHORT,
    Row,
    certificate_row,
    parsed_bundle,
    tell_certificates,
)
from webhook.cli.cluster_options import certificate_plan, connect_to_cluster, installation
from webhook.cli.command import ExitCode
from webhook.cli.output import is_for_programs, print_object
from webhook.controller.certificates.monitor import certificate_faults, stored_certificate
from webhook.controller.certificates.rotator import Rotator, RotatorObservation, step_fields
from webhook.controller.certificates.stored import REPLACE, SecretFiles, read_stored
from webhook.controller.installation import (
    AUTHORITY_SECRET,
    CERTIFICATES_DEPLOYMENT,
    CONSOLE_SECRETS,
    SERVING_SECRET,
)
from webhook.controller.serving_replicas import endpoint_replicas
from webhook.kube import ApiError, ConfigurationError
from webhook.observe.metrics import ControllerMetrics

_SOMETHING_ELSE = "something else answers at its address from here"
_NO_ANSWER = "it does not answer from here"
_WHERE_CONSOLES_HAVE_ONE = (
    "set console.enabled in the chart, or look at the Secret that console.tls.secretName names"
)
_WHERE_PODS_ANSWER = (
    "pods answer inside the cluster: kubectl -n {namespace} exec deploy/{deployment} -- "
    "mcp-admission certs status"
)


class NotOursError(Exception):
    """The product did not issue the certificate; the message says who can renew it."""


def run(args: argparse.Namespace) -> ExitCode:
    """Run `rotate` or `status`; what cannot be reached or read is an ERROR with a message."""
    output.log_requests(args)
    status = _status_of_console if args.console else _status
    action = _rotate if args.action == "rotate" else status
    try:
        return asyncio.run(action(args))
    except NotOursError as error:
        problem, code = str(error), ExitCode.FINDINGS
    except (ApiError, ConfigurationError) as error:
        problem, code = str(error), ExitCode.ERROR
    output.write_error(args, problem)
    return code


async def _rotate(args: argparse.Namespace) -> ExitCode:
    secrets = CONSOLE_SECRETS if args.console else (AUTHORITY_SECRET, SERVING_SECRET)
    name, file, what = (
        (secrets[0], "ca.crt", "authority") if args.ca else (secrets[1], "tls.crt", "certificate")
    )
    async with await connect_to_cluster(args) as api:
        secret = await SecretFiles.read(api, installation(args).secret(name))
        if not secret.is_ours:
            raise NotOursError(
                f"{secret.name} is not written by mcp-admission: renew it where it is issued; "
                "with an authority of its own, start `mcp-admission certs control`"
            )
        try:
            current = parse_certificates(secret.files.get(file, b""), f"{secret.name}, {file}")[0]
        except BundleError as error:
            raise NotOursError(f"{error}; the controller replaces it by itself") from None
        annotations = {"metadata": {"annotations": {REPLACE: fingerprint(current)}}}
        await api.patch(secret.path, annotations, kind="merge")
    asked = {"what": what, "certificate": fingerprint(current), "secret": secret.name}
    if is_for_programs(args):
        print_object(args, asked)
        return ExitCode.OK
    print(
        f"asked the controller to replace the {what} {fingerprint(current)[:SHORT]}; "
        f"`mcp-admission certs status{' --console' if args.console else ''}` shows the progress"
    )
    return ExitCode.OK


async def _status(args: argparse.Namespace) -> ExitCode:
    wanted = certificate_plan(args)
    async with await connect_to_cluster(args) as api:
        where = installation(args)
        find_replicas = partial(endpoint_replicas, api, where)
        driver = Rotator(api, where, wanted, find_replicas, ControllerMetrics(), api.server_time)
        look = await driver.look()
        now = api.server_time()
    in_pod = args.kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ
    unseen = _not_looked_at(look, in_pod=in_pod)
    shown = {name: one for name, one in look.seen.shown.items() if name not in unseen}
    found = [
        *look.stored.problems,
        *certificate_faults(replace(look.seen, shown=shown), where, now),
    ]
    step: Mapping[str, object] = {}
    if look.state.authority:
        settled = replace(look.state, serving=shown, steady_for=wanted.settle)
        step = step_fields(next_step(settled, now, wanted))
    code = tell_certificates(args, list(_rows(look, shown, wanted)), found, unseen, step)
    if unseen:
        names_of_pod = {"namespace": where.namespace, "deployment": CERTIFICATES_DEPLOYMENT}
        output.write_note(args, _WHERE_PODS_ANSWER.format(**names_of_pod))
    return code


async def _status_of_console(args: argparse.Namespace) -> ExitCode:
    """No webhook configuration trusts them, and browsers alone see what is served."""
    wanted = certificate_plan(args)
    async with await connect_to_cluster(args) as api:
        held = await read_stored(api, installation(args), CONSOLE_SECRETS)
        now = api.server_time()
    rows, found = list[Row](), list(held.problems)
    authority = held.authority.certificate if held.authority else None
    leaf = stored_certificate(held.serving)
    stored = (
        ("authority", held.authorities, authority, wanted),
        ("certificate", held.serving, leaf, wanted if held.leaf else None),
    )
    for name, secret, certificate, plan in stored:
        if certificate:
            rows.append(certificate_row("stored", name, certificate, plan))
            if certificate.not_valid_after_utc <= now:
                found.append(f"the {name} of {secret.name} has ended")
    if not held.serving.found:
        found.append(f"{held.serving.name} is not there: {_WHERE_CONSOLES_HAVE_ONE}")
    return tell_certificates(args, rows, found)


def _not_looked_at(look: RotatorObservation, *, in_pod: bool) -> dict[str, str]:
    """The replicas whose certificate cannot be determined from here, and why.

    Outside of a cluster, the address of a pod may lead to another machine. An answer with a
    certificate that no known certificate has issued is not taken for the replica's.
    """
    shown = look.seen.shown
    known = list(_known(look))
    unseen = {
        name: _SOMETHING_ELSE
        for name, one in shown.items()
        if one and not in_pod and not any(one == each or issued_by(one, each) for each in known)
    }
    if any(one and name not in unseen for name, one in shown.items()):
        return unseen
    return unseen | {name: _NO_ANSWER for name, one in shown.items() if one is None}


def _known(look: RotatorObservation) -> Iterator[Certificate]:
    """Every certificate that is stored or published: a replica serves one, or one issued by one."""
    for pair in (look.stored.authority, look.stored.successor):
        if pair:
            yield pair.certificate
    yield from look.stored.retired
    yield from parsed_bundle(look.stored.serving.files.get("tls.crt"), "tls.crt")
    for name, bundle in look.state.published.items():
        yield from parsed_bundle(bundle, name)


def _rows(
    look: RotatorObservation, shown: Mapping[str, Certificate | None], wanted: RotationPlan
) -> Iterator[Row]:
    """Every certificate that is stored, published or served."""
    pairs = {"authority": look.stored.authority, "next authority": look.stored.successor}
    for name, pair in pairs.items():
        if pair:
            yield certificate_row("stored", name, pair.certificate, wanted)
    for retired in look.stored.retired:
        yield certificate_row("stored", "retired authority", retired)
    leaf = stored_certificate(look.stored.serving)
    yield certificate_row("stored", "certificate", leaf, wanted if look.state.leaf else None)
    for name, bundle in look.state.published.items():
        trusted = parsed_bundle(bundle, name)
        for certificate in trusted:
            yield certificate_row("published", name, certificate)
        if not trusted:
            yield certificate_row("published", name, None)
    for name, one in shown.items():
        yield certificate_row("served", name, one)
