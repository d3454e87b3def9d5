"""Texts and lists that others wrote, at the length that a page has room for.

A name, an annotation or an Event may be 50 KB long, and there may be ten thousand of them. What is
left out is counted, so that nothing is hidden. Characters that no reader sees are written out where
the page is rendered.
"""

import json
from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

LONGEST_CELL = 300
LONGEST_NOTE_SHOWN = 600
MOST_SHOWN = 50


class Bounded(NamedTuple):
    """The first few of many, and how many more there are."""

    shown: tuple[Any, ...] = ()
    more: int = 0

    @property
    def said(self) -> str:
        """What is left out, in words; empty where nothing is."""
        return f"and {self.more:,} more, which are not shown" if self.more else ""


def bounded(items: Iterable[Any], most: int = MOST_SHOWN) -> Bounded:
    """The first ones of these."""
    left = iter(items)
    shown = tuple(islice(left, most))
    return Bounded(shown, sum(1 for _ in left))


def bounded_text(text: str, longest: int = LONGEST_CELL) -> str:
    """The text, or its beginning and how much is left out."""
    left = len(text) - longest
    return f"{text[:longest]}... ({left:,} more characters)" if left > 0 else text


def value_text(value: Any, longest: int = LONGEST_CELL) -> str:
    """A value of JSON as one text; a text has quotes only where it would look like nothing."""
    if isinstance(value, str):
        return bounded_text(value, longest) if value.strip() else json.dumps(value)
    return bounded_text(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")), longest)
