"""An object that is walked beside the table of its kind: every field with the type it should have.

Places are named as rules name them: relative to the pod's spec inside of it, else from the root.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from webhook.admission.workload import KINDS
from webhook.documents.pointer import escape
from webhook.offline.field_tables import ANY_KEY, Table, table
from webhook.pods.fields import join


class Field(NamedTuple):
    """A value of an object; `wanted` is its type, None where Kubernetes knows no such field.

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
        """Whether a null here is no value at all, as in every field of a struct."""
        return not (isinstance(self.around, list) or ANY_KEY in self.around)


def fields(document: Any, kind: str) -> Iterator[Field]:
    """Every field of an object whose kind has rules, outer ones first.

    What has another shape than its type, or is not known, is not looked into.
    """
    (path,) = (path for named, path in KINDS.values() if named == kind)
    spec = "".join(f"/{key}" for key in (*path, "spec"))
    yield from _inside(document, table(kind), "", "", spec)


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
    """What people call an item of a list: its name, where it has one."""
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) and name else at
