"""What a command writes: results to standard output or files, notes to standard error.

Most commands print one table, JSON or YAML. `review` writes one report to standard output and any
number of them to files. Errors are not notes: they are written with --quiet, too.
"""

import argparse
import json
import logging
import os
import shutil
import sys
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from webhook.cli.command import did_you_mean
from webhook.documents import yaml_writer

FOR_PROGRAMS = ("json", "yaml")
TABLE = "table"
_CLEARED = "\r\x1b[K"
_BAR = 20


def add_output_option(parser: argparse.ArgumentParser, *more: str) -> None:
    """Add `-o`: a table for people, json and yaml, and `more`."""
    parser.add_argument(
        "-o",
        "--output",
        choices=(TABLE, *FOR_PROGRAMS, *more),
        default=TABLE,
        help="table is for people, the others for programs (default: %(default)s)",
    )


def is_for_programs(args: argparse.Namespace) -> bool:
    """Whether to print one object and nothing else."""
    return args.output in FOR_PROGRAMS


def print_object(args: argparse.Namespace, found: Mapping[str, Any] | list[Any]) -> None:
    """Print an object in the format that was asked for."""
    if args.output == "json":
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for line in yaml_writer.lines(found):
            print(line.text)
    sys.stdout.flush()


class ReportOutput(NamedTuple):
    """One format, and the file for it; None is standard output."""

    format: str
    file: Path | None = None


class OutputError(Exception):
    """Outputs that contradict each other, or a file that cannot be written."""


class OutputOf:
    """The type of an argument that is `FORMAT` or `FORMAT=FILE`; `-` is standard output."""

    def __init__(self, words: Collection[str]) -> None:
        self.words = words

    def __call__(self, text: str) -> ReportOutput:
        """Read it; raises ArgumentTypeError."""
        name, equals, file = text.partition("=")
        if name not in self.words:
            hint = did_you_mean(name, self.words) or f" (choose from {', '.join(self.words)})"
            raise argparse.ArgumentTypeError(f"invalid choice: {name!r}{hint}")
        if equals and not file:
            raise argparse.ArgumentTypeError(f"{text!r} names no file: write {name}=FILE")
        return ReportOutput(name, Path(file) if file not in ("", "-") else None)


def check_outputs(outputs: Sequence[ReportOutput]) -> None:
    """Refuse two formats for the same file, or for standard output."""
    places = [output.file and output.file.absolute() for output in outputs]
    for place in places:
        if places.count(place) > 1:
            where = f"the file {place}" if place else "standard output"
            raise OutputError(f"-o: {where} takes one format: name a file, as in -o sarif=FILE")


def write_file(file: Path, parts: Iterable[str]) -> None:
    """Write a file as a whole or not at all; raises OutputError."""
    try:
        _write(file, parts)
    except OSError as error:
        raise OutputError(
            f"{file}: cannot be written ({error.strerror}): name another file"
        ) from None


def _write(file: Path, parts: Iterable[str]) -> None:
    if file.exists() and not file.is_file():
        # A pipe or a device keeps what it is.
        _fill(file, parts)
        return
    file = Path(os.path.realpath(file))
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        _fill(new, parts)
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _fill(file: Path, parts: Iterable[str]) -> None:
    with file.open("w", encoding="utf-8", errors="backslashreplace") as text:
        text.writelines(parts)


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


def write_error(args: argparse.Namespace, text: object) -> None:
    """Write why the command fails to standard error, behind its name."""
    sys.stderr.write(f"{args.parser.prog}: {text}\n")


def write_skipped(what: str, why: str) -> None:
    """Write which part of the cluster could not be looked at to standard error, and why."""
    sys.stderr.write(f"not looked at: {what}: {why}\n")


class ProgressLine:
    """The progress of several things: a bar in one line on a terminal, else a line for each change.

    With `quiet` nothing is written.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self._total, self._ended, self._quiet = total, 0, quiet
        self._begun: dict[str, int] = {}
        self._said: dict[str, str] = {}

    def begin(self, thing: str) -> None:
        """Begin with a thing; several may be under way."""
        self._begun[thing] = len(self._begun) + 1

    def report(self, thing: str, how_far: str) -> None:
        """Write the progress of a thing that was begun, except if it is unchanged."""
        if self._quiet or self._said.get(thing) == how_far:
            return
        self._said[thing] = how_far
        if sys.stderr.isatty():
            sys.stderr.write(f"{_CLEARED}{self._bar(thing, how_far)}")
        else:
            sys.stderr.write(f"[{self._begun[thing]}/{self._total}] {thing}: {how_far}\n")
        sys.stderr.flush()

    def end(self, thing: str) -> None:
        """End with a thing, and clear the line on a terminal for its result."""
        self._ended += 1
        self._said.pop(thing, None)
        if sys.stderr.isatty() and not self._quiet:
            sys.stderr.write(_CLEARED)
            sys.stderr.flush()

    def _bar(self, thing: str, how_far: str) -> str:
        """How many have ended, and the thing that said something last, as wide as the terminal."""
        width = shutil.get_terminal_size().columns - 1
        full = _BAR * self._ended // max(self._total, 1)
        bar = f"[{'#' * full}{'.' * (_BAR - full)}] {self._ended}/{self._total}"
        others = len(self._said) - 1
        beside = f" (and {others} more)" if others else ""
        return _fitting(f"{bar}{beside} {thing}: {how_far}", width)


def _fitting(text: str, width: int) -> str:
    """The beginning of a text that takes so many columns; wide characters take two."""
    for at, char in enumerate(text):
        width -= 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if width < 0:
            return text[:at]
    return text
