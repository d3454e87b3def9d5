"""The judgment of what the process of the certificates says: when they end, and their faults.

Nobody else may read the Secrets that hold them. What it has said is believed while it renews its
Lease.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from webhook.controller.installation import (
    CERTIFICATES_DEPLOYMENT,
    CERTIFICATES_LEASE,
    CONTROL_DEPLOYMENT,
    SAID_CERTIFICATES,
    SAID_CONSOLE,
    SERVING_SECRET,
    kept_to,
)
from webhook.fleet.checkup.checks import (
    FAULT,
    NOTE,
    OK,
    UNKNOWN,
    Snapshot,
    Told,
    moment,
    time_in_words,
)
from webhook.fleet.checkup.processes import issuer, leads
from webhook.fleet.checkup.readings import DEPLOYMENTS
from webhook.fleet.checkup.told_states import NOT_LED, said_in_lease

LATEST_RENEWAL = timedelta(days=14)
"""A certificate that was not renewed so long before its end is a fault; sooner for short lives."""


def judge_certificates(seen: Snapshot) -> Iterator[Told]:
    """When the certificates end, and what is wrong with them."""
    found = said_in_lease(seen, CERTIFICATES_LEASE, SAID_CERTIFICATES)
    status = seen.kubectl(f"exec deploy/{CERTIFICATES_DEPLOYMENT} -- mcp-admission certs status")
    if not found:
        told = NOT_LED.format(CERTIFICATES_DEPLOYMENT)
        if leads(seen, CERTIFICATES_LEASE):
            told = "the process of the certificates has not looked yet"
        yield Told(UNKNOWN, f"certificates: {told}")
        return
    if found.get("unread"):
        # A Role cannot allow to read them: that is so wherever there are Roles alone.
        control = seen.named(DEPLOYMENTS, CONTROL_DEPLOYMENT)
        verdict = NOTE if control and kept_to(control) else UNKNOWN
        yield Told(verdict, f"whether caBundle fits them is not known: {found['unread']}")
    for fault in found.get("faults") or []:
        yield Told(FAULT, fault, status)
    called = {"leaf": "the certificate", "authority": "the authority"}
    yield from _ends(seen, found, called, {name: _renewal(seen, name) for name in called})


def judge_console_certificate(seen: Snapshot) -> Iterator[Told]:
    """When the certificate of the console ends; nothing where the product issues none."""
    found = said_in_lease(seen, CERTIFICATES_LEASE, SAID_CONSOLE)
    for fault in found.get("faults") or []:
        yield Told(FAULT, fault, seen.kubectl(f"logs deployment/{CERTIFICATES_DEPLOYMENT}"))
    called = {"authority": "the console's authority", "leaf": "the console's certificate"}
    renew = "mcp-admission certs rotate --console"
    mends = {"authority": f"{renew} --ca", "leaf": renew}
    yield from _ends(seen, found, called, mends)


def _ends(
    seen: Snapshot, found: Mapping[str, Any], called: Mapping[str, str], mends: Mapping[str, str]
) -> Iterator[Told]:
    """When each of the certificates ends, and a fault for one that was not renewed in time."""
    ends = []
    for name, words in called.items():
        if name in found:
            end, renewal = (moment(found[name][each]) for each in ("ends", "renewal"))
            left = end - seen.now
            when = f"{end:%Y-%m-%d %H:%M} UTC"
            ends.append(f"{words} ends on {when} (in {time_in_words(left.total_seconds())})")
            if left <= timedelta(0):
                ends[-1] = f"{words} has ended on {when}"
            if left < min(LATEST_RENEWAL, (end - renewal) / 2):
                yield Told(FAULT, f"{ends[-1]}, and was not renewed", mends[name])
    if ends:
        yield Told(OK, ", ".join(ends))


def _renewal(seen: Snapshot, name: str) -> str:
    """The command that renews a certificate, by whoever issues it."""
    mode, namespace = issuer(seen), seen.places.namespace
    if mode == "cert-manager":
        return f"cmctl renew --namespace {namespace} --all"
    if mode == "bring-your-own":
        secret = f"create secret tls {SERVING_SECRET} --cert=tls.crt --key=tls.key"
        return f"{seen.kubectl(secret)} --dry-run=client --output=yaml | kubectl apply --filename -"
    return "mcp-admission certs rotate" + (" --ca" if name == "authority" else "")
