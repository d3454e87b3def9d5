"""Where the report goes: one format to standard output, any number of them to files."""

import argparse
import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from webhook.cli.command import meant


class Output(NamedTuple):
    """One format, and the file for it; None is standard output."""

    format: str
    file: Path | None = None


class OutputError(Exception):
    """Outputs that contradict each other, or a file that cannot be written."""


class OutputOf:
    """The type of an argument that is `FORMAT` or `FORMAT=FILE`; `-` is standard output."""

    def __init__(self, words: Collection[str]) -> None:
        self.words = words

    def __call__(self, text: str) -> Output:
        """Read it; raises ArgumentTypeError."""
        name, equals, file = text.partition("=")
        if name not in self.words:
            hint = meant(name, self.words) or f" (choose from {', '.join(self.words)})"
            raise argparse.ArgumentTypeError(f"invalid choice: {name!r}{hint}")
        if equals and not file:
            raise argparse.ArgumentTypeError(f"{text!r} names no file: write {name}=FILE")
        return Output(name, Path(file) if file not in ("", "-") else None)


def check(outputs: Sequence[Output]) -> None:
    """Refuse two formats for one place."""
    places = [output.file and output.file.absolute() for output in outputs]
    for place in places:
        if places.count(place) > 1:
            where = f"the file {place}" if place else "standard output"
            raise OutputError(f"-o: {where} takes one format: name a file, as in -o sarif=FILE")


def write(file: Path, parts: Iterable[str]) -> None:
    """Write a file as a whole or not at all; raises OutputError with one sentence."""
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
