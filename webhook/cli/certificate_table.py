"""Certificates of a cluster as a table for people, and as an object for programs."""

import argparse
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from certs.authority import Certificate, fingerprint
from certs.bundle import BundleError, parse_certificates
from certs.rotation import RotationPlan, renewal
from webhook.cli.command import ExitCode
from webhook.cli.output import is_for_programs, print_object, write_skipped
from webhook.kube import time_text
from webhook.reports.text import columns

# Enough of a fingerprint to distinguish certificates.
SHORT = 16

NOTHING: Mapping[str, str] = MappingProxyType({})

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


def tell_certificates(
    args: argparse.Namespace,
    rows: Sequence[Row],
    found: Sequence[str],
    unseen: Mapping[str, str] = NOTHING,
    step: Mapping[str, object] = NOTHING,
) -> ExitCode:
    """Tell people or programs of the certificates; the exit code is that of the faults `found`.

    `unseen` are places that were not looked at, with the reasons; `step` is the controller's next
    one, empty where it is not known.
    """
    if is_for_programs(args):
        print_object(args, _report(rows, found, unseen, step))
    else:
        _print_table(rows, found, step)
    for name, why in unseen.items():
        write_skipped(name, why)
    return ExitCode.FINDINGS if found else ExitCode.OK


def _report(
    rows: Sequence[Row], found: Sequence[str], unseen: Mapping[str, str], step: Mapping[str, object]
) -> dict[str, Any]:
    return {
        "certificates": rows,
        "faults": found,
        "not_looked_at": [{"what": name, "why": why} for name, why in unseen.items()],
        "next": step or None,
    }


def _print_table(rows: Sequence[Row], found: Sequence[str], step: Mapping[str, object]) -> None:
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
