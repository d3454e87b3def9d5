"""Findings that many servers have alike, each told once with the first of their names.

A missing registration, or a settings key that has changed, is a finding of every server: ten
thousand rows that say the same would hide the one that says something else.
"""

from collections.abc import Sequence
from typing import NamedTuple

from webhook.admission import line
from webhook.fleet.report import ServerFinding, ServerStatus

MOST_ALONE = 3
"""So many servers with the same finding have it in rows of their own."""
NAMED = 3

Sentence = tuple[str, str, str, str]


class Alike(NamedTuple):
    """Findings, and the servers that have all of them."""

    findings: tuple[ServerFinding, ...]
    servers: tuple[ServerStatus, ...]

    @property
    def names(self) -> tuple[str, str, str]:
        """What a table says of their kinds, namespaces and names."""
        kinds, namespaces = (
            list(dict.fromkeys(found))
            for found in (
                (each.kind for each in self.servers),
                (each.namespace for each in self.servers),
            )
        )
        alone = len(namespaces) == 1
        first = [
            each.name if alone else f"{each.namespace}/{each.name}" for each in self.servers[:NAMED]
        ]
        more = len(self.servers) - len(first)
        names = f"{', '.join(first)} and {more} more" if more else ", ".join(first)
        return _one_or_count(kinds, "kinds"), _one_or_count(namespaces, "namespaces"), line(names)


def sentence_of(finding: ServerFinding) -> Sentence:
    """What makes two findings the same: not the place, which is another in each server."""
    return finding.state, finding.reason, finding.rule, finding.message


def alike_findings(servers: Sequence[ServerStatus]) -> list[Alike]:
    """The findings that more than a few servers have, those of the same servers together."""
    having: dict[Sentence, dict[int, ServerFinding]] = {}
    for number, server in enumerate(servers):
        for each in server.findings:
            having.setdefault(sentence_of(each), {}).setdefault(number, each)
    together: dict[tuple[int, ...], list[ServerFinding]] = {}
    for found in having.values():
        if len(found) > MOST_ALONE:
            together.setdefault(tuple(found), []).append(next(iter(found.values())))
    return [
        Alike(tuple(findings), tuple(servers[each] for each in numbers))
        for numbers, findings in together.items()
    ]


def _one_or_count(found: Sequence[str], noun: str) -> str:
    return line(found[0]) if len(found) == 1 else f"{len(found)} {noun}"
