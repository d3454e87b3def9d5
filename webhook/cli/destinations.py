"""Where the report goes: one format to standard output, any number of them to files."""

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple


class Output(NamedTuple):
    """One format, and the file for it; None is standard output."""

    format: str
    file: Path | None = None


class OutputError(Exception):
    """Outputs that contradict each other, or a file that cannot be written."""


def parser_of(formats: Iterable[str]) -> Callable[[str], Output]:
    """What reads `FORMAT` or `FORMAT=FILE` from a command line."""
    known = list(formats)

    def parse(text: str) -> Output:
        name, equals, file = text.partition("=")
        if name not in known:
            raise argparse.ArgumentTypeError(
                f"invalid choice: {name!r} (choose from {', '.join(known)})"
            )
        if equals and not file:
            raise argparse.ArgumentTypeError(f"{text!r} names no file: write {name}=FILE")
        return Output(name, Path(file) if file else None)

    return parse


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
        _write(Path(os.path.realpath(file)), parts)
    except OSError as error:
        raise OutputError(
            f"{file}: cannot be written ({error.strerror}): name another file"
        ) from None


def _write(file: Path, parts: Iterable[str]) -> None:
    if file.exists() and not file.is_file():
        # A pipe or a device keeps what it is.
        _fill(file, parts)
        return
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
