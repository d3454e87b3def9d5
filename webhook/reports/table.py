"""For people with many manifests: one line an object."""

from collections.abc import Iterator

from webhook.admission.answer import line
from webhook.offline.reviewer import Outcome, Report
from webhook.reports.columns import columns
from webhook.reports.wording import BOLD, RED, count, paint

_HEADINGS = ("RESULT", "KIND", "NAMESPACE", "NAME", "CHANGES", "FINDINGS", "SOURCE")


def render(report: Report, *, colour: bool) -> Iterator[str]:
    """A line for everything there is to tell, and a last line that counts."""
    told = report.told
    if told:
        heading, *rows = columns([_HEADINGS, *map(_cells, told)])
        yield f"{paint(heading, BOLD * colour)}\n"
        for outcome, row in zip(told, rows, strict=True):
            yield f"{paint(row, RED * (colour and not outcome.runs))}\n"
        yield "\n"
    yield count(report)


def _result(outcome: Outcome) -> str:
    if not outcome.covered:
        return "not reviewed"
    if not outcome.allowed:
        return "refused"
    return "pods refused" if outcome.pods_refused else "admitted"


def _cells(outcome: Outcome) -> tuple[str, ...]:
    rules = dict.fromkeys(finding.rule for finding in outcome.findings)
    manifest = outcome.manifest
    return (
        _result(outcome),
        line(manifest.kind),
        line(outcome.namespace),
        line(manifest.name) or "-",
        str(len(outcome.patch)) if outcome.allowed else "-",
        ",".join(rules) or "-",
        line(manifest.source),
    )
