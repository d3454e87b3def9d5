"""Certificates of a cluster as a table for people, and as an object for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from certs.authority import Certificate, fingerprint
from certs.bundle import BundleError, parse_certificates
from certs.rotation import RotationPlan, renewal
from webhook.kube import time_text
from webhook.reports.text import columns

# Enough of a fingerprint to distinguish certificates.
SHORT = 16

Row = Mapping[str, str | None]


def certificate_row(
    where: str, name: str, certificate: Certificate | None, wanted: RotationPlan | None = None
) -> Row:
    """A certificate in a place, or that there is none; with a plan, when it is renewed."""
    ends = renews = None
    if certificate is not None:
        ends = time_text(certificate.not_valid_after_utc)
        renews = time_text(renewal(certificate, wanted)) if wanted else None
    return {
        "where": where,
        "name": name,
        "certificate": fingerprint(certificate) if certificate else None,
        "ends": ends,
        "renewal": renews,
    }


def parsed_bundle(bundle: bytes | None, name: str) -> list[Certificate]:
    """The certificates of a bundle; none where it cannot be read."""
    try:
        return parse_certificates(bundle or b"", name)
    except BundleError:
        return []


def certificates_report(
    rows: Sequence[Row], found: Sequence[str], unseen: Mapping[str, str], step: Mapping[str, object]
) -> dict[str, Any]:
    """What programs get: certificates, faults, what was not looked at, and the next step."""
    return {
        "certificates": rows,
        "faults": found,
        "not_looked_at": [{"what": name, "why": why} for name, why in unseen.items()],
        "next": step or None,
    }


def print_certificates(
    rows: Sequence[Row], found: Sequence[str], step: Mapping[str, object]
) -> None:
    """Print what people get; `step` is empty where nothing is known of one."""
    cells = [
        [(value or "-")[: SHORT if key == "certificate" else None] for key, value in row.items()]
        for row in rows
    ]
    for line in columns([["WHERE", "NAME", "CERTIFICATE", "ENDS", "RENEWAL"], *cells]):
        print(line)
    print()
    for fault in found:
        print(fault)
    if step:
        print(" ".join(["next:", *(str(value) for value in step.values())]))
    elif not found:
        print("fine")
