"""A report: what the rules say about one server, in the form that dashboards for policies read.

Two APIs have it, with the same fields: openreports.io, and wgpolicyk8s.io before it. A result is
about one rule, however many fields it objects to, so that a report is as long as there are rules.
What an exception lets pass is a `skip`, as with other engines. Below `mode: enforce` what would be
refused is a `warn`: nothing is refused yet.

The digest of a report is that of its results and its server, not of the time: a report that says
the same again is not written.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from webhook import names
from webhook.admission import CURRENT, OUT_OF_DATE, REFUSED, STATES, Drift, Finding, line
from webhook.rules.registry import RULES
from webhook.rules.rule import Rule
from webhook.rules.specification import specification
from webhook.settings import Level

DRIFT = "drift"
"""Stands in the place of a rule in the result about a server as a whole."""

PASS, FAIL, WARN, ERROR, SKIP = "pass", "fail", "warn", "error", "skip"
RESULTS = (PASS, FAIL, WARN, ERROR, SKIP)
CATEGORIES = {
    Level.PRIVILEGED: "MCP Servers",
    Level.BASELINE: "Pod Security Standards (Baseline)",
    Level.RESTRICTED: "Pod Security Standards (Restricted)",
}
MOST_NAMED = 3
LONGEST_MESSAGE, LONGEST_FIELD, LONGEST_NAME = 300, 200, 253

_RULES: dict[str, Rule] = {rule.id: rule for rule in RULES}

Json = dict[str, Any]


class ReportApi(NamedTuple):
    """An API that has reports; `has_source`: the report says as a whole who wrote it."""

    version: str
    resource: str
    kind: str
    has_source: bool


OPEN_REPORTS = ReportApi("openreports.io/v1alpha1", "reports", "Report", has_source=True)
POLICY_REPORTS = ReportApi(
    "wgpolicyk8s.io/v1alpha2", "policyreports", "PolicyReport", has_source=False
)
REPORT_APIS = (OPEN_REPORTS, POLICY_REPORTS)
"""The one that is used where both are installed comes first."""


class ReportedServer(NamedTuple):
    """The Deployment that a report is about."""

    namespace: str
    name: str
    uid: str


class _Said(NamedTuple):
    """What results are grouped by."""

    result: str
    rule: str
    exception: str


def report_results(
    server: ReportedServer, drift: Drift | None, *, pods: str = CURRENT, enforced: bool
) -> list[Json]:
    """What the rules say about a server, the worst first; None for one that was not judged.

    `pods` is the state of its pods, where these are filled in and the template is not.
    """
    if drift is None:
        said = "its template is too large, or could not be judged: what rules say is not known"
        return [_result(DRIFT, ERROR, said, "high")]
    groups: dict[_Said, list[Finding]] = {}
    for finding in drift.reasons:
        groups.setdefault(_Said(FAIL if enforced else WARN, finding.rule, ""), []).append(finding)
    for finding in drift.remarks:
        remark = SKIP if finding.exception else WARN
        result = FAIL if finding.refuses_pods and enforced else remark
        groups.setdefault(_Said(result, finding.rule, finding.exception), []).append(finding)
    found = [_of_rule(said, findings) for said, findings in groups.items()]
    if drift.state == CURRENT and pods != CURRENT:
        found.append(_of_pods(server, pods, enforced=enforced))
    else:
        found.extend(_of_drift(server, drift, enforced=enforced))
    found.sort(key=lambda each: (each["result"] == SKIP, each["result"] != FAIL))
    return found


def report_digest(server: ReportedServer, results: Sequence[Json]) -> str:
    """What tells this report apart from any other: 16 hexadecimal digits."""
    content = json.dumps([server, results], separators=(",", ":"), sort_keys=True)
    return sha256(content.encode()).hexdigest()[:16]


def build_report(
    api: ReportApi, server: ReportedServer, results: Sequence[Json], seconds: int
) -> Json:
    """The report of a server in the form of an API; `seconds` since 1970 is when it was judged."""
    named = {"apiVersion": "apps/v1", "kind": "Deployment", "name": server.name, "uid": server.uid}
    labels = {names.MANAGED_BY: names.PRODUCT, names.NAME: names.identity(server.name)}
    counts = Counter(each["result"] for each in results)
    when = {"seconds": seconds, "nanos": 0}
    return {
        "apiVersion": api.version,
        "kind": api.kind,
        "metadata": {
            "name": names.report_of(server.name),
            "namespace": server.namespace,
            "labels": labels,
            "annotations": {names.REPORT_DIGEST: report_digest(server, results)},
            "ownerReferences": [named],
        },
        **({"source": names.PRODUCT} if api.has_source else {}),
        "scope": {**named, "namespace": server.namespace},
        "summary": {each: counts[each] for each in RESULTS},
        "results": [{**each, "timestamp": when} for each in results],
    }


def _of_rule(said: _Said, findings: list[Finding]) -> Json:
    """One result for all that a rule objects to alike."""
    worded = [each for each in findings if not each.more]
    sentences = [line(each.message, LONGEST_MESSAGE) for each in worded[:MOST_NAMED]]
    more = sum(each.more or 1 for each in findings) - len(sentences)
    if more:
        sentences.append(f"and {more:,} more")
    properties = _places(each.path for each in worded[:MOST_NAMED])
    if said.exception:
        properties["exception"] = line(said.exception, LONGEST_NAME)
    rule = _RULES.get(said.rule)  # None for the shape and the size of an object
    if rule is not None:
        properties["rule"] = _summary(rule.id)
    level = Level.PRIVILEGED if rule is None else rule.level
    severity = "high" if level is Level.BASELINE else "medium"
    message = "; ".join(sentences)
    return _result(said.rule, said.result, message, severity, CATEGORIES[level], properties)


def _of_drift(server: ReportedServer, drift: Drift, *, enforced: bool) -> Iterator[Json]:
    """The result about the server as a whole; rules have said why one is refused."""
    if drift.state == REFUSED or (drift.reasons and not drift.changes):
        return
    if drift.state == CURRENT:
        yield _result(DRIFT, PASS, "no rule refuses it, and its pods are as new ones would be")
        return
    shown = drift.changes[:MOST_NAMED]
    fields = ", ".join(line(each.field, LONGEST_FIELD) for each in shown)
    more = len(drift.changes) - len(shown)
    if more:
        fields += f" and {more:,} more"
    last = drift.state == OUT_OF_DATE
    since = "the settings have changed since it rolled" if last else "nothing was ever filled in"
    way_out = f"`mcp-admission apply -n {server.namespace} {server.name}` rolls it"
    if not enforced:
        since, way_out = "nothing is filled in below mode: enforce", "enforce would fill it in"
    result = FAIL if enforced and not last else WARN
    properties = _places(each.path for each in shown)
    properties["state"] = drift.state
    message = f"{since}: {fields or 'its labels'} would change; {way_out}"
    severity = "high" if result == FAIL else "low"
    yield _result(DRIFT, result, message, severity, properties=properties)


def _of_pods(server: ReportedServer, state: str, *, enforced: bool) -> Json:
    """The result about a server whose template is all right, and whose pods are not."""
    if state not in STATES:
        return _result(
            DRIFT, ERROR, "its pods could not be judged: their state is not known", "high"
        )
    bad = enforced and state != OUT_OF_DATE
    message = (
        f"its pods are {state}: `mcp-admission audit -n {server.namespace}` names the fields, "
        f"`mcp-admission apply -n {server.namespace} {server.name}` rolls it"
    )
    severity = "high" if bad else "low"
    return _result(DRIFT, FAIL if bad else WARN, message, severity, properties={"state": state})


def _places(pointers: Iterable[str]) -> dict[str, str]:
    """Each place as a field and as an RFC 6901 pointer, one a line."""
    found = [each for each in pointers if each]
    if not found:
        return {}
    return {
        "field": "\n".join(line(_field(each), LONGEST_FIELD) for each in found),
        "path": "\n".join(line(each, LONGEST_FIELD) for each in found),
    }


def _result(  # noqa: PLR0913, PLR0917 - each is a field of it
    rule: str,
    result: str,
    message: str,
    severity: str = "info",
    category: str = CATEGORIES[Level.PRIVILEGED],
    properties: dict[str, str] | None = None,
) -> Json:
    return {
        "source": names.PRODUCT,
        "policy": rule,
        "category": category,
        "severity": severity,
        "result": result,
        "scored": result in {PASS, FAIL},
        "message": message,
        **({"properties": properties} if properties else {}),
    }


def _field(pointer: str) -> str:
    """A pointer as kubectl writes a path: `spec.containers[0].image`."""
    found = ""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if key.isdecimal():
            found += f"[{key}]"
        elif key.isalnum():
            found += f".{key}" if found else key
        else:
            found += f"['{key}']"
    return found


@cache
def _summary(rule: str) -> str:
    return specification(_RULES[rule]).summary
