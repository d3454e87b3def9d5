"""For programs and for people who read it: what the JSON says, as YAML."""

from collections.abc import Iterator

from webhook.cli.audit_formats.json_report import found
from webhook.cli.formats import yaml_writer
from webhook.controller.fleet.report import Report


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """One document."""
    yield from (f"{line.text}\n" for line in yaml_writer.lines(found(report)))
