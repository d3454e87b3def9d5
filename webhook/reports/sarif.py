"""For code scanning: findings with file and line, and a help text for each rule (SARIF 2.1.0)."""

import json
import os
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from webhook.admission.answer import Finding
from webhook.offline.input import STDIN
from webhook.offline.reviewer import Outcome, Report, called
from webhook.reports.markdown import escaped
from webhook.rules.registry import RULES
from webhook.rules.specification import Specification, specification

Json = dict[str, Any]
SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
OBJECT = Specification(
    id="object",
    summary="An object has the shape that Kubernetes gives its kind.",
    field="every field that is read",
    absent="nothing",
    refused="values of another type than the field has",
    source="Kubernetes API",
)


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """A log of one run."""
    rules = [OBJECT, *map(specification, RULES)]
    places = {rule.id: at for at, rule in enumerate(rules)}
    run = {
        "tool": {"driver": driver(map(described, rules))},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [
            _result(outcome, finding, places.get(finding.rule, -1))
            for outcome in report.outcomes
            for finding in outcome.findings
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    yield f"{json.dumps(log, indent=2, ensure_ascii=False)}\n"


def driver(rules: Iterable[Json]) -> Json:
    """The tool as `review` and `audit` introduce it, with the rules that they speak of."""
    return {
        "name": "mcp-admission",
        "semanticVersion": version("mcp-admission"),
        "informationUri": f"{documentation()}README.md",
        "rules": list(rules),
    }


@cache
def documentation() -> str:
    """Where the documentation is: what the package's metadata calls so, else the repository's root.

    Whoever publishes the package says it in `[project.urls]`; no host is known here.
    """
    for named in metadata("mcp-admission").get_all("Project-URL") or ():
        label, _, uri = named.partition(",")
        if label.strip().lower() == "documentation":
            return f"{uri.strip().rstrip('/')}/"
    return ""


def _invocation(report: Report) -> Json:
    notices = [
        {
            "level": "error",
            "message": {"text": fault.sentence},
            "locations": [{"physicalLocation": _location(fault.source, fault.line)}],
        }
        for fault in report.faults
    ]
    passed = [
        {
            "level": "note",
            "message": {"text": f"passed over: {one.reason.value}"},
            "locations": [{"physicalLocation": _location(one.source, None)}],
        }
        for one in report.passed
    ]
    said = [*notices, *passed]
    return {
        "executionSuccessful": not notices,
        **({"toolExecutionNotifications": said} if said else {}),
    }


def described(rule: Specification) -> Json:
    """A rule, with its help text and the place where the documentation has it."""
    page = "review" if rule is OBJECT else "rules"
    text = "\n".join(f"{heading}: {words}" for heading, words in rule.details())
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "helpUri": f"{documentation()}docs/{page}.md#{rule.id}",
        "help": {
            "text": text,
            "markdown": "\n".join(
                f"* **{heading}**: {escaped(words)}" for heading, words in rule.details()
            ),
        },
        "defaultConfiguration": {"level": "error"},
    }


def _result(outcome: Outcome, finding: Finding, rule: int) -> Json:
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": finding.severity.value,
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": _physical(outcome, finding),
                "logicalLocations": [{"name": called(outcome), "fullyQualifiedName": finding.path}],
            }
        ],
    }


def _physical(outcome: Outcome, finding: Finding) -> Json:
    """The place in the file; of what Helm wrote to a pipe, that in the template it names."""
    manifest = outcome.manifest
    if manifest.template is None:
        return _location(manifest.document.source, *outcome.mark(finding))
    mark = manifest.template.mark(manifest.document.value, finding.path)
    return _location(manifest.template.path, *(mark or (None, None)))


def _location(source: str, line: int | None, column: int | None = None) -> Json:
    region = {"startLine": line, "startColumn": column}
    known = {key: number for key, number in region.items() if number is not None}
    return {"artifactLocation": {"uri": _uri(source)}, **({"region": known} if known else {})}


def _uri(path: str) -> str:
    if path == STDIN:
        return "stdin"
    if Path(path).is_absolute():
        return Path(path).as_uri()
    return quote(os.fsencode(Path(path).as_posix()))
