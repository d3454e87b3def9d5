"""What a command prints for programs: one object, as JSON or YAML; the same options in each."""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from webhook.documents import yaml_writer

FOR_PROGRAMS = ("json", "yaml")
TABLE = "table"


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
    """Whether one object is to be printed, and nothing else."""
    return args.output in FOR_PROGRAMS


def print_object(args: argparse.Namespace, found: Mapping[str, Any] | list[Any]) -> None:
    """Print it in the format that was asked for."""
    if args.output == "json":
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for line in yaml_writer.lines(found):
            print(line.text)
    sys.stdout.flush()
