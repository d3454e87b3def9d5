"""The field that is meant by a name that Kubernetes does not know: by its spelling or its place."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from webhook.offline.field_tables import ANY_KEY, Table, table

_ALIKE, _ALIKE_PERHAPS = 0.8, 0.7
_SHORTEST_PART = 3
_LEVELS = 3
_IN_CONTAINERS = "containers[]."


def meant(key: str, around: Table, kind: str) -> str:
    """The field that is meant, where it is another one of the same struct; else its place."""
    like = {name.lower(): name for name in around}
    low = key.lower()
    inside = [path for path in _places(around, 1) if path.rpartition(".")[2] == key]
    parts = [name for short, name in like.items() if _is_part(short, low)]
    elsewhere = (
        path if path.startswith(_IN_CONTAINERS) else f"{whose}{path}"
        for whose, fields in (("the pod's ", table("Pod")["spec"]), ("", table(kind)))
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
