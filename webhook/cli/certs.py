"""`mcp-admission certs`: make and judge certificate files; show and renew those of a cluster."""

import argparse
import os
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import cast

from certs.authority import issue_leaf, make_authority, service_names
from certs.bundle import BundleError
from certs.verification import Text, verify
from webhook.cli.certificate_plan import add_certificate_options
from webhook.cli.cluster import add_cluster_options
from webhook.cli.command import Subparsers, add_command
from webhook.cli.notes import add_note_options
from webhook.cli.output import add_output_option, is_for_programs, print_object
from webhook.cli.service_name import service_name

DESCRIPTION = """\
Makes the certificate files of the webhook for development, and verifies those of your own
authority as an API server would; shows the certificates of a cluster, and has them renewed.
"""
EPILOG = """\
examples:
  mcp-admission certs init --service mcp-admission.mcp-admission-system --out certificates
  mcp-admission certs verify --tls-cert tls.crt --tls-key tls.key --ca-bundle ca.crt \\
      --service mcp-admission.mcp-admission-system
  mcp-admission certs status
  mcp-admission certs rotate --ca
"""
INIT = """\
Writes ca.crt, ca.key, tls.crt and tls.key: an authority of its own and a certificate for the
Service. Keys can be read by their owner alone. Put ca.crt into caBundle, give tls.crt and tls.key
to `serve`, and keep ca.key away from the cluster.
"""
VERIFY = """\
Verifies that key, certificate, issuers, names and dates belong together and that an API server
that trusts the bundle would call the Service. Each fault is one line.

exit codes: 0 fine, 1 faults were found, 2 a file cannot be read
"""
STATUS = """\
Shows what is stored, published in the webhook configurations and served by the replicas, what is
wrong with it, and what the controller does next. Replicas are asked by a TLS handshake. Where pods
cannot be reached they are not looked at, which is told; everything else is. To look at them, too:

  kubectl -n mcp-admission-system exec deploy/mcp-admission-control -- \\
      mcp-admission certs status

exit codes: 0 fine, 1 faults were found, 2 the cluster cannot be read
"""
ROTATE = """\
Asks the controller for a new certificate, or with --ca for a new authority and then a new
certificate. It takes the steps of every renewal, so that no admission fails; doing it now does
not make it do it again later. The way to ask is an annotation on the Secret.

exit codes: 0 asked, 1 there is nothing of ours to renew, 2 the cluster cannot be read
"""
LARGEST_FILE = 1024 * 1024
OWNER_ONLY, EVERYBODY_READS = 0o600, 0o644


class UnusableFileError(Exception):
    """A file that cannot be read or written; one sentence that names the way out."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the four actions."""
    parser = add_command(
        subparsers,
        "certs",
        short="make certificate files, verify yours, or see to those of a cluster",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_init(actions)
    _add_verify(actions)
    _add_status(actions)
    _add_rotate(actions)


def _add_init(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "init",
        short="write an authority and a certificate",
        description=INIT,
    )
    _add_service(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where to write; made if it is not there (default: here)",
    )
    add_certificate_options(parser)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files that are there already"
    )
    add_output_option(parser)


def _add_verify(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "verify",
        short="say what is wrong with a certificate, its key and a bundle",
        description=VERIFY,
    )
    for option, what in (
        ("--tls-cert", "the server's certificate and its issuers, in PEM"),
        ("--tls-key", "its private key, in PEM"),
        ("--ca-bundle", "the authorities in caBundle, in PEM"),
    ):
        parser.add_argument(option, type=Path, required=True, metavar="FILE", help=what)
    _add_service(parser)
    add_output_option(parser)


def _add_status(actions: Subparsers) -> None:
    parser = add_command(
        actions, "status", short="show the certificates of a cluster", description=STATUS
    )
    add_cluster_options(parser)
    add_certificate_options(parser)
    add_output_option(parser)
    add_note_options(parser)


def _add_rotate(actions: Subparsers) -> None:
    parser = add_command(
        actions, "rotate", short="have a cluster's certificate renewed now", description=ROTATE
    )
    add_cluster_options(parser)
    parser.add_argument("--ca", action="store_true", help="renew the authority, too")
    add_output_option(parser)
    add_note_options(parser)


def _add_service(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--service",
        type=service_name,
        required=True,
        metavar="NAME.NAMESPACE",
        help="the Service that the API server calls",
    )


def run(args: argparse.Namespace) -> int:
    """Run the action; what cannot be read or written is exit code 2 and a sentence."""
    if args.action in {"status", "rotate"}:
        # The Kubernetes client takes half a second to load.
        return cast("int", import_module("webhook.cli.certs_cluster").run(args))
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        return _init(args, now) if args.action == "init" else _verify(args, now)
    except (UnusableFileError, BundleError) as error:
        sys.stderr.write(f"mcp-admission certs {args.action}: {error}\n")
        return 2


def _init(args: argparse.Namespace, now: datetime) -> int:
    short, _, namespace = args.service.partition(".")
    authority = make_authority(now, args.ca_days)
    leaf = issue_leaf(authority, service_names(short, namespace, args.name), now, args.days)
    files = {
        "ca.crt": (authority.certificate_pem, EVERYBODY_READS),
        "ca.key": (authority.key_pem, OWNER_ONLY),
        "tls.crt": (leaf.certificate_pem, EVERYBODY_READS),
        "tls.key": (leaf.key_pem, OWNER_ONLY),
    }
    there = [args.out / file for file in files if os.path.lexists(args.out / file)]
    if there and not args.overwrite:
        raise UnusableFileError(f"{there[0]} is there already: name another --out or --overwrite")
    for file, (content, mode) in files.items():
        _write(args.out / file, content, mode)
        if not is_for_programs(args):
            print(f"wrote {args.out / file}")
    if is_for_programs(args):
        written = [str(args.out / file) for file in files]
        print_object(args, {"files": written, "ends": _time(leaf.certificate.not_valid_after_utc)})
        return 0
    print(f"valid for {args.service}.svc until {leaf.certificate.not_valid_after_utc:%Y-%m-%d}")
    return 0


def _verify(args: argparse.Namespace, now: datetime) -> int:
    chain, key, bundle = (
        Text(str(path), _read(path)) for path in (args.tls_cert, args.tls_key, args.ca_bundle)
    )
    verdict = verify(chain, key, bundle, args.service, now)
    if is_for_programs(args):
        print_object(args, {"faults": list(verdict.faults), "ends": _time(verdict.ends)})
        return 1 if verdict.faults else 0
    for fault in verdict.faults:
        print(fault)
    if verdict.faults:
        return 1
    print(f"fine for {args.service}.svc until {verdict.ends:%Y-%m-%d %H:%M} UTC")
    return 0


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _read(path: Path) -> bytes:
    try:
        if not path.is_file() and path.exists():
            raise UnusableFileError(f"{path} is not a file: name one in PEM")
        with path.open("rb") as file:
            return file.read(LARGEST_FILE)
    except OSError as error:
        raise UnusableFileError(f"{path} cannot be read: {error.strerror}") from None


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a new file, then put it in place: nobody ever reads half of it, or a key too early."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise UnusableFileError(f"{path} cannot be written: {error.strerror}") from None
