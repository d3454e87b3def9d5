"""Notes on standard error: how far it is, by what was judged; errors are none, and always show."""

import argparse
import logging
import sys


def add_note_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for fewer of them, and for more."""
    how_many = parser.add_mutually_exclusive_group()
    how_many.add_argument(
        "-q", "--quiet", action="store_true", help="only results and errors, no notes or progress"
    )
    how_many.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="note each request to the API server on standard error, too",
    )


def prepare(args: argparse.Namespace) -> None:
    """With --verbose, show what the connection logs: method and path of each request."""
    requests = logging.getLogger("webhook.kube.api")
    requests.setLevel(logging.DEBUG if args.verbose else logging.INFO)
    requests.handlers = [logging.StreamHandler(sys.stderr)] if args.verbose else []


def note(args: argparse.Namespace, text: str) -> None:
    """Tell it, unless nobody wants to be told."""
    if not args.quiet:
        sys.stderr.write(f"{text}\n")
