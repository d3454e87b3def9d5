"""Mappings with merge keys, and what kubectl and PyYAML make of them.

tests/settings compares our reading with this table, tests/e2e compares that of kubectl.
"""

from typing import Any

# Read alike by kubectl and PyYAML.
MERGED: list[tuple[str, dict[str, Any]]] = [
    ("<<: *a", {"x": 1, "w": [1]}),
    ("<<: *a\n  x: 2", {"x": 2, "w": [1]}),
    ("v: 0\n  <<: *a\n  x: 2", {"v": 0, "x": 2, "w": [1]}),
    ("<<: [*b, *a]\n  z: 4", {"x": 3, "w": [1], "z": 4}),
    ("<<: [*a, *b]", {"x": 1, "w": [1]}),
    ("<<: [*a, *b]\n  x: 5", {"x": 5, "w": [1]}),
    ("<<: {q: 1}", {"q": 1}),
    ("<<: {<<: *a, x: 7}", {"x": 7, "w": [1]}),
    ("<<: []\n  q: 1", {"q": 1}),
    ("? <<\n  : *a", {"x": 1, "w": [1]}),
    ("! <<: *a", {"x": 1, "w": [1]}),
    ("! '<<': *a", {"x": 1, "w": [1]}),
    # equal values do not collide
    ("x: 1\n  <<: *a", {"x": 1, "w": [1]}),
    ("x: 3\n  <<: [*b, *a]", {"x": 3, "w": [1]}),
    ("w: [1]\n  <<: [*a, {w: [1]}]", {"x": 1, "w": [1]}),
    ("v: {p: 1, q: 2}\n  <<: {v: {q: 2, p: 1}}", {"v": {"p": 1, "q": 2}}),
    ("'1': u\n  <<: {1: u}", {"1": "u"}),
    ("<<: {1: u}\n  '1': u", {"1": "u"}),
]
# Read so by kubectl.
NOT_MERGED: list[tuple[str, dict[str, Any]]] = [
    ("'<<': *a", {"<<": {"x": 1, "w": [1]}}),
    ('"<<": *a', {"<<": {"x": 1, "w": [1]}}),
    ("!!str <<: *a", {"<<": {"x": 1, "w": [1]}}),
    ("<<: {}\n  '<<': 1", {"<<": 1}),
    ("k: &m <<\n  *m : *b", {"k": "<<", "<<": {"x": 3}}),
]


def merging(text: str) -> str:
    """A document in which the mapping at `c` merges."""
    return f"a: &a {{x: 1, w: [1]}}\nb: &b {{x: 3}}\nc:\n  {text}\n"
