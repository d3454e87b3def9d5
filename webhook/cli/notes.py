"""What a command writes to standard error beside its result: notes, requests, progress.

Errors are not notes. They are written with --quiet, too.
"""

import argparse
import logging
import shutil
import sys

_CLEARED = "\r\x1b[K"


def add_note_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for fewer notes, and for more."""
    how_many = parser.add_mutually_exclusive_group()
    how_many.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="write results and errors only, no notes or progress",
    )
    how_many.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="write each request to the API server to standard error, too",
    )


def log_requests(args: argparse.Namespace) -> None:
    """With --verbose, write method and path of each request to standard error."""
    requests = logging.getLogger("webhook.kube.api")
    requests.setLevel(logging.DEBUG if args.verbose else logging.INFO)
    requests.handlers = [logging.StreamHandler(sys.stderr)] if args.verbose else []


def write_note(args: argparse.Namespace, text: str) -> None:
    """Write a line to standard error, except with --quiet."""
    if not args.quiet:
        sys.stderr.write(f"{text}\n")


class ProgressLine:
    """Which of the things to do is being done, and its progress."""

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._total, self._at, self._thing = total, 0, ""
        self._said, self._quiet = "", quiet

    def turn_to(self, thing: str) -> None:
        """Begin with the next thing."""
        self._at, self._thing = self._at + 1, thing

    def report(self, how_far: str) -> None:
        """Write the progress of the present thing, except if it is unchanged, or with --quiet."""
        said = f"[{self._at}/{self._total}] {self._thing}: {how_far}"
        if said == self._said or self._quiet:
            return
        self._said = said
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"{_CLEARED}{said[:width]}")
        else:
            sys.stderr.write(f"{said}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """Clear the line on a terminal for the next output."""
        if self._said and sys.stderr.isatty():
            sys.stderr.write(_CLEARED)
            sys.stderr.flush()
