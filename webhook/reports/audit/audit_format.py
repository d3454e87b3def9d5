"""What a module of this package has to offer to be a format, and which there are."""

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from webhook.fleet.report import FleetReport

FORMATS = {
    "table": "webhook.reports.audit.audit_table",
    "json": "webhook.reports.audit.audit_json",
    "yaml": "webhook.reports.audit.audit_yaml",
    "junit": "webhook.reports.audit.audit_junit",
    "sarif": "webhook.reports.audit.audit_sarif",
}


class Format(Protocol):
    """A module of this package that is named in FORMATS."""

    def render(self, report: FleetReport, *, colour: bool) -> Iterator[str]:
        """The report in parts; only what is made for a terminal knows colours."""


def load(name: str) -> Format:
    """The format of that name; only the one that was asked for is imported."""
    return cast("Format", import_module(FORMATS[name]))
