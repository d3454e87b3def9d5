"""What a module of this package has to offer to be a format, and which there are."""

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from webhook.offline.reviewer import Report

FORMATS = {
    "diff": "webhook.reports.diff",
    "table": "webhook.reports.table",
    "yaml": "webhook.reports.yaml_documents",
    "json": "webhook.reports.json_report",
    "junit": "webhook.reports.junit",
    "sarif": "webhook.reports.sarif",
}


class Format(Protocol):
    """A module of this package that is named in FORMATS."""

    def render(self, report: Report, *, colour: bool) -> Iterator[str]:
        """The report in parts; only what is made for a terminal knows colours."""


def load(name: str) -> Format:
    """The format of that name; only the one that was asked for is imported."""
    return cast("Format", import_module(FORMATS[name]))
