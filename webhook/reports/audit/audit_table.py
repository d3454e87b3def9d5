"""For people: a line for each server that has something, under it what that is, and the counts."""

from collections.abc import Iterator

from webhook.admission.answer import line
from webhook.admission.drift import OUT_OF_DATE, REFUSED
from webhook.fleet.report import FleetReport, ServerFinding, ServerStatus
from webhook.reports.columns import columns
from webhook.reports.wording import BOLD, RED, YELLOW, paint

HEADINGS = ("STATE", "KIND", "NAMESPACE", "NAME")
MOST_FIELDS = 5
CHANGED = "out-of-date"


def render(report: FleetReport, *, colour: bool) -> Iterator[str]:
    """Servers about which there is nothing to tell are only counted."""
    servers = report.with_findings
    if servers:
        heading, *rows = columns([HEADINGS, *map(_cells, servers)])
        yield f"{paint(heading, BOLD * colour)}\n"
        for server, row in zip(servers, rows, strict=True):
            shade = YELLOW if server.state == OUT_OF_DATE else RED
            yield f"{paint(row, shade * colour)}\n"
            yield from (f"  {line(sentence)}\n" for sentence in _sentences(server))
        yield "\n"
    yield _count(report)


def _cells(server: ServerStatus) -> tuple[str, ...]:
    return server.state, line(server.kind), line(server.namespace), line(server.name)


def _sentences(server: ServerStatus) -> Iterator[str]:
    fields = [each for each in server.findings if each.reason == CHANGED]
    yield from (each.line for each in server.findings if each.reason != CHANGED)
    yield from (each.line for each in fields[:MOST_FIELDS])
    if len(fields) > MOST_FIELDS:
        yield f"and {len(fields) - MOST_FIELDS} more fields: -o json has them all"
    yield from _way_out(server, fields)


def _way_out(server: ServerStatus, fields: list[ServerFinding]) -> Iterator[str]:
    """How a server gets current; what would be refused has to be mended first."""
    if server.state == REFUSED:
        yield f"to mend it, correct the {server.kind} where it is deployed from, before it restarts"
    elif not fields:
        return
    elif server.kind == "Deployment":
        yield f"to roll it: mcp-admission apply -n {server.namespace} {server.name}"
    elif server.kind in ("Pod", "Job"):
        yield "to make it current, delete it and create it again"
    else:
        yield f"to make its pods current, restart the {server.kind}"


def _count(report: FleetReport) -> str:
    counts = report.counts()
    total = counts.pop("all")
    if not total:
        return f"no MCP server found{' in what could be looked at' * bool(report.skipped)}\n"
    parts = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"{total} MCP server{'' if total == 1 else 's'}: {parts}\n"
