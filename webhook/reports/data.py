"""For programs: every item with every finding, as JSON or YAML."""

import json
from collections.abc import Iterator
from typing import Any

from webhook.documents import yaml_writer
from webhook.reports.formats import ReportSource


def render_json(source: ReportSource, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all
    """One object: the items, then what else is known; `summary` counts all.

    Items come one at a time: the text of ten thousand is long.
    """
    between = ""
    yield f'{{\n  "{source.items_key}": ['
    for item in source.items:
        # No string of JSON has a line break, so each one here is between two lines of it.
        text = _text(item.as_data()).replace("\n", "\n    ")
        yield f"{between}\n    {text}"
        between = ","
    end = "\n  " if between else ""
    yield f"{end}],{_text(source.rest()).removeprefix('{')}\n"


def render_yaml(source: ReportSource, *, colour: bool) -> Iterator[str]:  # noqa: ARG001 - as all
    """What the JSON says, as one document of YAML."""
    found = {source.items_key: [item.as_data() for item in source.items], **source.rest()}
    yield from (f"{line.text}\n" for line in yaml_writer.lines(found))


def _text(part: Any) -> str:
    return json.dumps(part, indent=2, ensure_ascii=False)
