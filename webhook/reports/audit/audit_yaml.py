"""For programs and for people who read it: what the JSON says, as YAML."""

from collections.abc import Iterator

from webhook.documents import yaml_writer
from webhook.fleet.report import FleetReport
from webhook.reports.audit.audit_json import found


def render(report: FleetReport, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """One document."""
    yield from (f"{line.text}\n" for line in yaml_writer.lines(found(report)))
