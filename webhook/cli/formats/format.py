"""What a module of this package has to offer to be a format, and which there are."""

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from webhook.cli.offline import Report

FORMATS = {
    "diff": "webhook.cli.formats.diff",
    "table": "webhook.cli.formats.table",
    "yaml": "webhook.cli.formats.yaml_documents",
    "json": "webhook.cli.formats.json_report",
    "junit": "webhook.cli.formats.junit",
    "sarif": "webhook.cli.formats.sarif",
}


class Format(Protocol):
    """A module of this package that is named in FORMATS."""

    def render(self, report: Report, *, colour: bool) -> Iterator[str]:
        """The report in parts; only what is made for a terminal knows colours."""


def load(name: str) -> Format:
    """The format of that name; only the one that was asked for is imported."""
    return cast("Format", import_module(FORMATS[name]))
