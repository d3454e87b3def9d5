"""For code scanning: findings with file and line, and a help text for each rule (SARIF 2.1.0)."""

import json
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from webhook.admission.answer import Finding
from webhook.cli.formats.markdown import escaped
from webhook.cli.formats.wording import called
from webhook.cli.manifests import STDIN
from webhook.cli.offline import Outcome, Report
from webhook.rules.registry import RULES
from webhook.rules.specification import Specification, specification

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_OBJECT = Specification(
    id="object",
    summary="An object has the shape that Kubernetes gives its kind.",
    field="every field that is read",
    absent="nothing",
    refused="values of another type than the field has",
    source="Kubernetes API",
)


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """A log of one run."""
    rules = [_OBJECT, *map(specification, RULES)]
    places = {rule.id: at for at, rule in enumerate(rules)}
    driver = {
        "name": "mcp-admission",
        "semanticVersion": version("mcp-admission"),
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
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


def _invocation(report: Report) -> dict[str, Any]:
    if not report.faults:
        return {"executionSuccessful": True}
    notices = [
        {
            "level": "error",
            "message": {"text": fault.sentence},
            "locations": [{"physicalLocation": _location(fault.source, fault.line)}],
        }
        for fault in report.faults
    ]
    return {"executionSuccessful": False, "toolExecutionNotifications": notices}


def _rule(rule: Specification) -> dict[str, Any]:
    text = "\n".join(f"{heading}: {words}" for heading, words in rule.details())
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "help": {
            "text": text,
            "markdown": "\n".join(
                f"* **{heading}**: {escaped(words)}" for heading, words in rule.details()
            ),
        },
        "defaultConfiguration": {"level": "error"},
    }


def _result(outcome: Outcome, finding: Finding, rule: int) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": finding.severity.value,
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": _location(
                    outcome.manifest.document.source, *outcome.mark(finding)
                ),
                "logicalLocations": [{"name": called(outcome), "fullyQualifiedName": finding.path}],
            }
        ],
    }


def _location(source: str, line: int | None, column: int | None = None) -> dict[str, Any]:
    region = {"startLine": line, "startColumn": column}
    known = {key: number for key, number in region.items() if number is not None}
    return {"artifactLocation": {"uri": _uri(source)}, **({"region": known} if known else {})}


def _uri(path: str) -> str:
    if path == STDIN:
        return "stdin"
    if Path(path).is_absolute():
        return Path(path).as_uri()
    return quote(os.fsencode(Path(path).as_posix()))
