"""The fields of the kinds that have rules, with their types, as Kubernetes defines them.

`kubernetes_fields.txt` holds the table, made from the schemas of all supported minor versions. In
memory a struct is a dictionary of its fields, a list has one item, and a map has the key `*`. An
object is walked beside the table; fields are named as rules name them: relative to the pod's spec
inside of it, else from the root.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from webhook.admission.workload import KINDS
from webhook.documents.nodes import escape
from webhook.pods.fields import join

ANY_KEY = "*"
Table = dict[str, Any]
_FILE = Path(__file__).parent / "kubernetes_fields.txt"
_ALIKE, _ALIKE_PERHAPS = 0.8, 0.7
_SHORTEST_PART = 3
_LEVELS = 3
_IN_CONTAINERS = "containers[]."


class FieldType(Enum):
    """What a field without inner structure holds, in the words of a refusal."""

    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "a whole number"
    PORT = "a whole number or text"
    AMOUNT = "a quantity, such as 400Mi"
    ANY = "anything"


@cache
def field_table(kind: str) -> Table:
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
    return structs[word] if word in structs else FieldType[word.upper()]


class Field(NamedTuple):
    """A value of an object; `wanted` is its type, None where Kubernetes has no such field.

    `around` is the type of what holds it: a list, or a dictionary that is a map or a struct.
    """

    value: Any
    wanted: Any
    pointer: str
    place: str
    key: str
    around: Any

    @property
    def may_be_absent(self) -> bool:
        """Whether a null here means absence, as in every field of a struct."""
        return not (isinstance(self.around, list) or ANY_KEY in self.around)


def walk_fields(document: Any, kind: str) -> Iterator[Field]:
    """Every field of an object whose kind has rules, outer ones first.

    Values of an unknown field, or of another shape than their type, are not walked.
    """
    (path,) = (path for named, path in KINDS.values() if named == kind)
    spec = "".join(f"/{key}" for key in (*path, "spec"))
    yield from _inside(document, field_table(kind), "", "", spec)


def _inside(value: Any, wanted: Any, pointer: str, place: str, spec: str) -> Iterator[Field]:
    if isinstance(wanted, list) and isinstance(value, list):
        for at, item in enumerate(value):
            inner = Field(
                item, wanted[0], f"{pointer}/{at}", f"{place}[{_label(item, at)}]", str(at), wanted
            )
            yield inner
            yield from _inside(item, wanted[0], inner.pointer, inner.place, spec)
    elif isinstance(wanted, dict) and isinstance(value, dict):
        place = "" if pointer == spec else place
        for key, item in value.items():
            of_key = _of_key(wanted, key)
            inner = Field(item, of_key, f"{pointer}/{escape(key)}", join(place, key), key, wanted)
            yield inner
            yield from _inside(item, of_key, inner.pointer, inner.place, spec)


def _of_key(wanted: Table, key: str) -> Any:
    return wanted[ANY_KEY] if ANY_KEY in wanted else wanted.get(key)


def _label(item: Any, at: int) -> str | int:
    """The name of an item of a list, where it has one, else its index."""
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) and name else at


def near_field(key: str, around: Table, kind: str) -> str:
    """The field that is meant: of the same struct, inside of it, or elsewhere; or nothing."""
    like = {name.lower(): name for name in around}
    low = key.lower()
    inside = [path for path in _places(around, 1) if path.rpartition(".")[2] == key]
    parts = [name for short, name in like.items() if _is_part(short, low)]
    elsewhere = (
        path if path.startswith(_IN_CONTAINERS) else f"{whose}{path}"
        for whose, fields in (("the pod's ", field_table("Pod")["spec"]), ("", field_table(kind)))
        for path in _places(fields, _LEVELS)
        if path.rpartition(".")[2] == key
    )
    found = [
        *get_close_matches(low, like, n=1, cutoff=_ALIKE),
        *inside,
        *parts,
        *elsewhere,
        *get_close_matches(low, like, n=1, cutoff=_ALIKE_PERHAPS),
    ]
    return like.get(found[0], found[0]) if found else ""


def _is_part(one: str, other: str) -> bool:
    """Whether one name starts or ends the other: `port` and containerPort."""
    short, long = sorted((one, other), key=len)
    return len(short) >= _SHORTEST_PART and (long.startswith(short) or long.endswith(short))


def _places(fields: Table, levels: int) -> Iterator[str]:
    """The fields at most so many levels inside of a struct, nearer ones first."""
    near: list[tuple[str, Table]] = [("", fields)]
    for level in range(levels + 1):
        deeper = []
        for path, of_struct in near:
            for name, wanted in of_struct.items():
                if level or levels > 1:
                    yield f"{path}{name}"
                deeper += _struct(f"{path}{name}", wanted)
        near = deeper


def _struct(path: str, wanted: Any) -> list[tuple[str, Table]]:
    """A field with what is inside of it, where that is a struct or a list of them."""
    if isinstance(wanted, list):
        path, wanted = f"{path}[]", wanted[0]
    return [(f"{path}.", wanted)] if isinstance(wanted, dict) and ANY_KEY not in wanted else []
