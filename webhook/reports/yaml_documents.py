"""For kubectl: the documents as the cluster would store them, without what it would refuse."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from webhook.documents.yaml_writer import lines
from webhook.offline.manifests import items_of
from webhook.offline.reviewer import Outcome, Report


def render(report: Report, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all formats
    """Every document that holds something admitted, in the order of the input."""
    separator = ""
    for _, group in groupby(report.outcomes, key=lambda one: id(one.manifest.document)):
        stored = {outcome.manifest.pointer: outcome for outcome in group}
        document = next(iter(stored.values())).manifest.document
        if any(outcome.allowed for outcome in stored.values()):
            yield separator
            separator = "---\n"
            for line in lines(_stored(document.value, "", stored)):
                yield f"{line.text}\n"


def _stored(value: Any, pointer: str, outcomes: dict[str, Outcome]) -> Any:
    """The object as it would be stored; a List keeps the items that are admitted."""
    if pointer in outcomes:
        return outcomes[pointer].admitted
    kept = []
    for at, item in enumerate(items_of(value) or ()):
        stored = _stored(item, f"{pointer}/items/{at}", outcomes)
        if stored is not None:
            kept.append(stored)
    return value | {"items": kept}
