"""Reports for CI systems: JUnit for lists of tests, SARIF 2.1.0 for code scanning."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import metadata, version
from typing import Any
from xml.etree import ElementTree as ET

from webhook import names
from webhook.reports.formats import Case, Item, ItemFinding, Location, Notice, ReportSource
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
# XML 1.0 has no way at all to write these characters.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(source: ReportSource, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all
    """JUnit, with which CI systems show tests: a case for each item, which a finding fails."""
    cases = list(source.cases())
    counted = {
        "tests": len(cases),
        "failures": sum(bool(case.failure) for case in cases),
        "skipped": sum(bool(case.skipped) for case in cases),
        "errors": sum(bool(case.error) for case in cases),
    }
    counts = {key: str(counted[key]) for key in source.totals}
    root = ET.Element("testsuites", {"name": names.PRODUCT, **counts})
    suite = ET.SubElement(root, "testsuite", {"name": f"mcp-admission {source.command}", **counts})
    properties = ET.SubElement(suite, "properties")
    for name, value in source.properties().items():
        ET.SubElement(properties, "property", {"name": name, "value": _clean(value)})
    for case in cases:
        _add_case(suite, case)
    ET.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"{ET.tostring(root, encoding='unicode')}\n"


def _add_case(suite: ET.Element, case: Case) -> None:
    names = {"classname": _clean(case.group), "name": _clean(case.name)}
    element = ET.SubElement(suite, "testcase", names)
    if case.skipped:
        ET.SubElement(element, "skipped", {"message": case.skipped})
    if case.failure:
        failure = ET.SubElement(element, "failure", {"message": _clean(case.failure)})
        failure.text = _clean(case.text)
    elif case.error:
        error = ET.SubElement(element, "error", {"message": case.error})
        error.text = _clean(case.text)
    elif case.text:
        ET.SubElement(element, "system-out").text = _clean(case.text)


def _clean(text: str) -> str:
    """The text with a replacement for each character that XML cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)


def render_sarif(source: ReportSource, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all
    """SARIF: a log of one run, which has failed if there is an error about no item.

    A finding of a rule has that rule's identifier in every command.
    """
    reasons = [
        {"id": key, "shortDescription": {"text": text}} for key, text in source.reasons.items()
    ]
    home = documentation()
    described = (_described(rule, home) for rule in (OBJECT, *map(specification, RULES)))
    rules = [*reasons, *described]
    indexes = {rule["id"]: at for at, rule in enumerate(rules)}
    run = {
        "tool": {"driver": _driver(rules, home)},
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


def _driver(rules: list[Json], home: str) -> Json:
    return {
        "name": names.PRODUCT,
        "semanticVersion": version(names.PRODUCT),
        "informationUri": f"{home}README.md",
        "rules": rules,
    }


def documentation() -> str:
    """Where the documentation is: what the package's metadata calls so, else the repository's root.

    The publisher of the package sets it in `[project.urls]`; no host is known here.
    """
    for named in metadata(names.PRODUCT).get_all("Project-URL") or ():
        label, _, uri = named.partition(",")
        if label.strip().lower() == "documentation":
            return f"{uri.strip().rstrip('/')}/"
    return ""


def _described(rule: Specification, home: str) -> Json:
    """A rule, with its help text and the place where the documentation has it."""
    page = "review" if rule is OBJECT else "rules"
    text = "\n".join(f"{heading}: {words}" for heading, words in rule.details())
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "helpUri": f"{home}docs/{page}.md#{rule.id}",
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
    excepted = {"kind": "external", "justification": f"MCPServerException {finding.exception}"}
    return {
        **({"suppressions": [excepted]} if finding.exception else {}),
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
