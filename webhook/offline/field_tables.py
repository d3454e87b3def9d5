"""Every field of the kinds that have rules, with its type, as Kubernetes defines them.

The table is shipped as text, made from the schemas of all supported minors. Where it is read, a
struct is a dictionary of its fields, a list has one item, and a map has the key `*`.
"""

from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any


class Type(Enum):
    """What a field without inner structure holds, in the words of a refusal."""

    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "a whole number"
    PORT = "a whole number or text"
    AMOUNT = "a quantity, such as 400Mi"
    ANY = "anything"


ANY_KEY = "*"
Table = dict[str, Any]
_FILE = Path(__file__).parent / "kubernetes_fields.txt"


@cache
def table(kind: str) -> Table:
    """The fields of a kind that has rules."""
    fields: Table = _structs()[kind]
    return fields


@cache
def _structs() -> dict[str, Table]:
    """Every struct by its name; they refer to each other, and none to itself."""
    texts: dict[str, list[str]] = {}
    name = ""
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            texts[name] += line.split()
        elif not line.startswith("#"):
            name, *words = line.split()
            texts[name] = words
    structs: dict[str, Table] = {name: {} for name in texts}
    for name, words in texts.items():
        for word in words:
            key, _, given = word.partition(":")
            structs[name][key] = _type(given, structs)
    return structs


def _type(word: str, structs: dict[str, Table]) -> Any:
    if word.startswith("["):
        return [_type(word[1:-1], structs)]
    if word.startswith("{"):
        return {ANY_KEY: _type(word[1:-1], structs)}
    return structs[word] if word in structs else Type[word.upper()]
