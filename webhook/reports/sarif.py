"""For code scanning: findings with their places, and a help text for each rule (SARIF 2.1.0)."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import metadata, version
from typing import Any

from webhook.reports.formats import Item, ItemFinding, Location, Notice, ReportSource
from webhook.reports.text import escape_markdown
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


def render(source: ReportSource, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all
    """A log of one run; an error about no item makes it one that has failed.

    A finding of a rule has that rule's identifier in every command.
    """
    reasons = [
        {"id": key, "shortDescription": {"text": text}} for key, text in source.reasons.items()
    ]
    rules = [*reasons, *map(_described, (OBJECT, *map(specification, RULES)))]
    indexes = {rule["id"]: at for at, rule in enumerate(rules)}
    run = {
        "tool": {"driver": _driver(rules)},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(list(source.notices()))],
        "results": [
            _result(item, finding, indexes.get(finding.rule, -1))
            for item in source.items
            for finding in item.findings()
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    yield f"{json.dumps(log, indent=2, ensure_ascii=False)}\n"


def _driver(rules: list[Json]) -> Json:
    return {
        "name": "mcp-admission",
        "semanticVersion": version("mcp-admission"),
        "informationUri": f"{documentation()}README.md",
        "rules": rules,
    }


@cache
def documentation() -> str:
    """Where the documentation is: what the package's metadata calls so, else the repository's root.

    The publisher of the package sets it in `[project.urls]`; no host is known here.
    """
    for named in metadata("mcp-admission").get_all("Project-URL") or ():
        label, _, uri = named.partition(",")
        if label.strip().lower() == "documentation":
            return f"{uri.strip().rstrip('/')}/"
    return ""


def _described(rule: Specification) -> Json:
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
                f"* **{heading}**: {escape_markdown(words)}" for heading, words in rule.details()
            ),
        },
        "defaultConfiguration": {"level": "error"},
    }


def _invocation(notices: list[Notice]) -> Json:
    failed = any(notice.level == "error" for notice in notices)
    shown = {"toolExecutionNotifications": list(map(_notification, notices))} if notices else {}
    return {"executionSuccessful": not failed, **shown}


def _notification(notice: Notice) -> Json:
    notification: Json = {"level": notice.level, "message": {"text": notice.message}}
    if notice.location is not None:
        notification["locations"] = [{"physicalLocation": _physical(notice.location)}]
    return notification


def _result(item: Item, finding: ItemFinding, index: int) -> Json:
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level,
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": _physical(finding.location),
                "logicalLocations": [{"name": item.title, "fullyQualifiedName": finding.path}],
            }
        ],
    }


def _physical(location: Location) -> Json:
    region = {"startLine": location.line, "startColumn": location.column}
    known = {key: number for key, number in region.items() if number is not None}
    return {"artifactLocation": {"uri": location.uri}, **({"region": known} if known else {})}
