"""Streams of documents, what is read of them, and what kubectl 1.36 reads of them.

tests/settings compares our reading with this table, tests/e2e compares kubectl's.
"""

from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet


class Case(NamedTuple):
    """A text, the names of the objects that are read, and the lines that are refused.

    `kubectl` has the names that kubectl reads; it is None where kubectl fails as a whole.
    """

    text: str | bytes
    read: str
    faults: tuple[int, ...] = ()
    kubectl: str | None = None


def thing(name: str) -> str:
    """An object of three lines of YAML."""
    return f"apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: {name}}}\n"


def in_json(name: str, indent: str = "") -> str:
    """The same as JSON, in one line or in four."""
    end = f"\n{indent}" if indent else ""
    return (
        f'{{{end}"apiVersion": "example.com/v1",{end}"kind": "Thing",{end}'
        f'"metadata": {{"name": "{name}"}}}}\n'
    )


A, B, C = map(thing, "abc")
JSON_A, JSON_B, JSON_C = map(in_json, "abc")
TWICE = f"{A}kind: Thing\n"

READ_ALIKE: dict[str, tuple[str | bytes, str]] = {
    "two": (f"{A}---\n{B}", "ab"),
    "one without an end of line": (A.rstrip(), "a"),
    "a line at the start": (f"---\n{A}", "a"),
    "a comment beside the line": (f"--- # a\n{A}--- # b\n{B}", "ab"),
    "a comment that touches the line": (f"{A}---# b\n{B}", "ab"),
    "spaces and tabs beside the line": (f"{A}---  \t \n{B}", "ab"),
    "lines in a row": (f"---\n---\n{A}---\n---\n\n---\n{B}---\n---", "ab"),
    "comments alone": (f"# x\n\n---\n# y\n---\n{A}---\n# z\n", "a"),
    "null": (f"{A}---\nnull\n---\n~\n---\n{B}", "ab"),
    "an end mark": (f"{A}...\n---\n{B}...\n", "ab"),
    "a comment behind an end mark": (f"{A}... # x\n# y\n---\n{B}", "ab"),
    "lines of DOS": (f"{A}---\n{B}".replace("\n", "\r\n"), "ab"),
    "a line in a block": (f"{A}text: |\n  x\n  ---\n  y\n---\n{B}", "ab"),
    "a byte order mark": (f"\ufeff{A}---\n\ufeff{B}", "ab"),
    "a byte order mark before a line": (f"\ufeff---\n{A}---\n{B}", "ab"),
    "one anchor of a name in each": (f"{A}x: &x 1\n---\n{B}x: &x 2\ny: *x\n", "ab"),
    "JSON": (JSON_A, "a"),
    "JSON in a row": (f"{JSON_A}{JSON_B.rstrip()}{JSON_C}", "abc"),
    "JSON with tabs": (in_json("a", "\t") + in_json("b", "\t"), "ab"),
    "JSON between lines": (f"{JSON_A}---\n{JSON_B}---\n{JSON_C}", "abc"),
    "JSON with tabs between lines": (f"{in_json('a', chr(9))}---\n{in_json('b', chr(9))}", "ab"),
    "JSON, then YAML": (f"{JSON_A}---\n{B}", "ab"),
    "YAML, then JSON": (f"{A}---\n{JSON_B}", "ab"),
    "JSON with a comment": (f"{JSON_A}# comment\n---\n{B}", "ab"),
    "JSON with a byte order mark": (f"\ufeff{JSON_A}---\n{JSON_B}", "ab"),
    "JSON in a row with a byte order mark": (f"\ufeff{JSON_A}{JSON_B}", "ab"),
    "UTF-16": (f"\ufeff{A}---\n{B}".encode("utf-16-be"), "ab"),
    "UTF-16 of Windows": (f"\ufeff{A}---\n{B}".replace("\n", "\r\n").encode("utf-16-le"), "ab"),
}
# What kubectl takes, one way or another, and no reader should have to guess.
REFUSED = {
    "keys twice": Case(f"{A}---\n{C}kind: Thing\n---\n{B}", "ab", (8,), "acb"),
    "two merge keys": Case(f"{A}---\n<<: {{}}\n<<: {{}}\n{C}---\n{B}", "ab", (6,), "acb"),
    "a merge key below its key": Case(f"{C}x: 1\n<<: {{x: 2}}\n---\n{B}", "b", (5,), "cb"),
    "an unknown tag": Case(f"{A}---\n{C}x: !foo 1\n---\n{B}", "ab", (8,), "acb"),
    "text behind an end mark": Case(f"{A}...\n{C}---\n{B}", "ab", (5,), "ab"),
    "a line that YAML knows and kubectl does not": Case(f"{A}\r---\r{C}---\n{B}", "ab", (5,), "ab"),
    "JSON in a row behind a line": Case(f"---\n{JSON_A}{JSON_C}---\n{B}", "ab", (3,), "ab"),
    "JSON in a row behind a comment": Case(f"# x\n{JSON_A}{JSON_C}---\n{B}", "ab", (3,), "ab"),
    "a key twice in JSON": Case(f'{JSON_A[:-2]}, "kind": "Thing"}}\n{JSON_B}', "b", (1,), "ab"),
    "JSON, then YAML without a line": Case(f"{JSON_A}{B}", "a", (2,), "ab"),
    "a directive behind a line": Case(f"---\n%YAML 1.1\n---\n{B}", "b", (2,), "b"),
    "a byte order mark behind the first line": Case(f"---\n\ufeff{C}---\n{B}", "b", (2,), "cb"),
    "bytes that are not UTF-8": Case(
        f"{A}---\n{C}".encode() + b"x: \xff\n---\n" + B.encode(), "ab", (8,), "acb"
    ),
    # What kubectl cannot read.
    "a list that is not closed": Case(f"{A}---\n{C}x: [1\n---\n{B}", "ab", (8,)),
    "text that is not closed": Case(f'{A}---\n{C}x: "\n---\n{B}', "ab", (8,)),
    "a tab": Case(f"{A}---\n{C}x:\n\ty: 1\n---\n{B}", "ab", (9,)),
    "indentation": Case(f"{A}---\n{C}  x: 1\n---\n{B}", "ab", (8,)),
    "three at once": Case(f"{A}x: [\n---\n{A}y: '\n---\n{A}z: @\n---\n{B}", "b", (4, 9, 14)),
    "a merge of text": Case(f"{C}<<: x\n---\n{B}", "b", (4,)),
    "a merge of null": Case(f"{C}<<:\n---\n{B}", "b", (4,)),
    "a merge of an alias of a list": Case(f"{C}x: &x [{{}}]\n<<: *x\n---\n{B}", "b", (5,)),
    "an anchor of another document": Case(f"{A}x: &x 1\n---\n{C}y: *x\n---\n{B}", "ab", (9,)),
    "binary data": Case(f"{A}---\n{C}x: \0\n---\n{B}", "ab", (8,)),
    "a directive": Case(f"# x\n%YAML 1.1\n---\n{A}---\n{B}", "ab", (2,)),
    "a directive for tags": Case(f"%TAG !k! tag:yaml.org,2002:\n---\n{A}---\n{B}", "ab", (1,)),
    "a tag of a directive": Case(f"{A}---\n{C}x: !k!str 1\n---\n{B}", "ab", (8,)),
    "a directive later on": Case(f"{A}---\n%YAML 1.1\n---\n{B}", "ab", (5,)),
    "a mapping beside a line": Case(f"{A}--- {{x: 1}}\n---\n{B}", "ab", (4,)),
    "a mapping beside the first line": Case(f"--- {{x: 1}}\n---\n{B}", "b", (1,)),
    "a mapping beside a line with a byte order mark": Case(
        f"\ufeff--- {{x: 1}}\n---\n{B}", "b", (1,)
    ),
    "text beside a line": Case(f"{A}--- x\n---\n{B}", "ab", (4,)),
    "a block beside a line": Case(f"--- |\n  x\n---\n{B}", "b", (1,)),
    "more than three hyphens": Case(f"{A}----\n{C}---\n{B}", "ab", (4,)),
    "a certificate without indentation": Case(
        f"{A}x: |\n-----BEGIN X-----\nYQ==\n---\n{B}", "ab", (5,)
    ),
    "a comment that touches the first line": Case(f"---# x\n{C}---\n{B}", "b", (2,)),
    "a byte order mark before a later line": Case(f"{A}\ufeff---\n{C}---\n{B}", "b", (4,)),
    "an end mark at the start": Case(f"...\n{A}---\n{B}", "b", (1,)),
    "a question mark between brackets": Case(f"{A}---\n{C}x: [a?]\n---\n{B}", "ab", (8,)),
    "an escaped slash": Case(f'{A}---\n{C}x: "a\\/b"\n---\n{B}', "ab", (8,)),
    "JSON that breaks off": Case(JSON_A + JSON_C.rstrip()[:-1], "a", (2,)),
    "JSON that breaks": Case(f'{JSON_A}{JSON_B}{{"x" 1}}\n{JSON_C}', "abc", (3,)),
    "JSON that is not closed": Case(f'{JSON_A}{{"x": 1,\n{JSON_B}{JSON_C}', "abc", (3,)),
    "JSON that is not closed at the start": Case(f'{{"x": 1,\n{JSON_A}{JSON_B}', "ab", (2,)),
    "JSON that breaks twice": Case(
        f'{{"x" 1}}\n{JSON_A}{{"y" 1}}\n{JSON_B}---\n{C}', "abc", (1, 3)
    ),
    "JSON that breaks at the start": Case(f'{{"x" 1}}\n---\n{B}', "b", (1,)),
    "JSON in a row, then a line": Case(f"{JSON_A}{JSON_B}---\n{C}", "abc", (3,)),
    "JSON in a row, then a comment": Case(f"{JSON_A}{JSON_B}# comment\n", "ab", (3,)),
}


def cases() -> list[ParameterSet]:
    """Every case, named."""
    alike = {name: Case(text, read, (), read) for name, (text, read) in READ_ALIKE.items()}
    return [pytest.param(case, id=name) for name, case in {**alike, **REFUSED}.items()]
