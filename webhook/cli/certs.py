"""`mcp-admission certs`: certificate files, and the certificates of a cluster."""

import argparse
import os
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from certs.authority import issue_leaf, make_authority, service_names
from certs.bundle import BundleError
from certs.verification import Text, verify
from webhook.cli import certs_control, output
from webhook.cli.cluster_options import add_certificate_options, add_cluster_options
from webhook.cli.command import ExitCode, Subparsers, add_command
from webhook.cli.options import service_name
from webhook.cli.output import is_for_programs, print_object

DESCRIPTION = """\
Makes certificate files for development. Verifies the files of your own authority as an API server
does. Keeps the certificates of a cluster valid, shows them, and requests their renewal.
"""
EPILOG = """\
examples:
  mcp-admission certs init --service mcp-admission.mcp-admission-system --out certificates
  mcp-admission certs verify --tls-cert tls.crt --tls-key tls.key --ca-bundle ca.crt \\
      --service mcp-admission.mcp-admission-system
  mcp-admission certs control
  mcp-admission certs status
  mcp-admission certs rotate --ca
"""
INIT = """\
Writes ca.crt, ca.key, tls.crt and tls.key: a new authority and a certificate for the Service. Only
their owner can read the keys. Put ca.crt into caBundle, give tls.crt and tls.key to `serve`, and
keep ca.key out of the cluster.
"""
VERIFY = """\
Verifies key, certificate, issuers, names and dates, and that an API server that trusts the bundle
would call the Service. Each fault is one line.

exit codes: 0 no fault, 1 faults, 2 a file cannot be read
"""
STATUS = """\
Shows the certificates that are stored, published in the webhook configurations and served by the
replicas, their faults, and the controller's next step. A TLS handshake with each replica shows what
it serves. Replicas that cannot be reached are reported as not looked at. To reach them, run it in
the cluster:

  kubectl -n mcp-admission-system exec deploy/mcp-admission-certificates -- \\
      mcp-admission certs status

With --console, it shows the certificate of the console and its authority, as they are stored.

exit codes: 0 no fault, 1 faults, 2 the cluster cannot be read
"""
ROTATE = """\
Requests a new certificate from the controller, or with --ca a new authority and then a new
certificate. The controller takes the steps of every renewal, so that no admission fails. The
request is an annotation on the Secret, and is carried out once.

With --console, it is the certificate of the console, or its authority. Browsers have to be given a
new authority.

exit codes: 0 requested, 1 no certificate of mcp-admission, 2 the cluster cannot be read
"""
LARGEST_FILE = 1024 * 1024
OWNER_ONLY, EVERYBODY_READS = 0o600, 0o644


class UnusableFileError(Exception):
    """A file that cannot be read or written; the message says what to do."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the five actions."""
    parser = add_command(
        subparsers,
        "certs",
        short="make or verify certificate files; show or renew those of a cluster",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_init(actions)
    _add_verify(actions)
    certs_control.add_parser(actions)
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
        help="the folder to write to, created if missing (default: here)",
    )
    add_certificate_options(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")
    output.add_output_option(parser)


def _add_verify(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "verify",
        short="report faults of a certificate, its key and a bundle",
        description=VERIFY,
    )
    for option, what in (
        ("--tls-cert", "the server's certificate and its issuers, in PEM"),
        ("--tls-key", "its private key, in PEM"),
        ("--ca-bundle", "the authorities in caBundle, in PEM"),
    ):
        parser.add_argument(option, type=Path, required=True, metavar="FILE", help=what)
    _add_service(parser)
    output.add_output_option(parser)


def _add_status(actions: Subparsers) -> None:
    parser = add_command(
        actions, "status", short="show the certificates of a cluster", description=STATUS
    )
    add_cluster_options(parser)
    add_certificate_options(parser)
    _add_console(parser)
    output.add_output_option(parser)
    output.add_note_options(parser)


def _add_rotate(actions: Subparsers) -> None:
    parser = add_command(
        actions, "rotate", short="renew a cluster's certificate now", description=ROTATE
    )
    add_cluster_options(parser)
    parser.add_argument("--ca", action="store_true", help="renew the authority, too")
    _add_console(parser)
    output.add_output_option(parser)
    output.add_note_options(parser)


def _add_console(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--console", action="store_true", help="those of the console instead")


def _add_service(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--service",
        type=service_name,
        required=True,
        metavar="NAME.NAMESPACE",
        help="the Service that the API server calls",
    )


def run(args: argparse.Namespace) -> ExitCode:
    """Run the action; a file that cannot be read or written is an ERROR with a message."""
    if args.action == "control":
        return certs_control.run(args)
    if args.action in {"status", "rotate"}:
        # The Kubernetes client takes half a second to load.
        code: ExitCode = import_module("webhook.cli.certs_cluster").run(args)
        return code
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        return _init(args, now) if args.action == "init" else _verify(args, now)
    except (UnusableFileError, BundleError) as error:
        output.write_error(args, error)
        return ExitCode.ERROR


def _init(args: argparse.Namespace, now: datetime) -> ExitCode:
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
        return ExitCode.OK
    print(f"valid for {args.service}.svc until {leaf.certificate.not_valid_after_utc:%Y-%m-%d}")
    return ExitCode.OK


def _verify(args: argparse.Namespace, now: datetime) -> ExitCode:
    chain, key, bundle = (
        Text(str(path), _read(path)) for path in (args.tls_cert, args.tls_key, args.ca_bundle)
    )
    verdict = verify(chain, key, bundle, args.service, now)
    if is_for_programs(args):
        print_object(args, {"faults": list(verdict.faults), "ends": _time(verdict.ends)})
        return ExitCode.FINDINGS if verdict.faults else ExitCode.OK
    for fault in verdict.faults:
        print(fault)
    if verdict.faults:
        return ExitCode.FINDINGS
    print(f"fine for {args.service}.svc until {verdict.ends:%Y-%m-%d %H:%M} UTC")
    return ExitCode.OK


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
    """Write a new file and rename it, so that no reader sees a part of it or a readable key."""
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
