"""What is kept of an object is made once for each of its versions, and told when it differs."""

from __future__ import annotations

from typing import Any

from webhook.controller.cache import Cache

Json = dict[str, Any]


class Kept:
    """A cache of values, with every look at an object and everything that it told."""

    def __init__(self) -> None:
        self.looks: list[str] = []
        self.told: list[tuple[str | None, str | None]] = []
        self.cache: Cache[str] = Cache(self._keep, lambda _ns, _name, *kept: self.told.append(kept))

    def _keep(self, found: Json) -> str | None:
        self.looks.append(found["value"])
        return found["value"] or None

    def list(self, *found: Json) -> None:
        entries = {}
        for each in found:
            namespace, name, entry = self.cache.entry(each)
            if entry is not None:
                entries[namespace, name] = entry
        self.cache.replace(lambda *_: True, entries)


def item(version: int, value: str) -> Json:
    metadata = {"namespace": "n", "name": "a", "resourceVersion": str(version)}
    return {"metadata": metadata, "value": value}


def test_an_object_that_comes_again_is_not_looked_at_again() -> None:
    kept = Kept()
    kept.cache.put(item(5, "one"))
    kept.list(item(5, "one"))
    kept.cache.put(item(5, "one"))
    assert kept.looks == ["one"]
    assert kept.told == [(None, "one")]


def test_a_newer_version_replaces_an_older_one_and_never_the_reverse() -> None:
    kept = Kept()
    kept.cache.put(item(5, "one"))
    kept.cache.put(item(6, "two"))
    kept.list(item(5, "one"))
    kept.cache.put(item(4, "older"))
    assert kept.cache.get("n", "a") == "two"
    assert kept.told == [(None, "one"), ("one", "two")]


def test_a_newer_version_of_no_interest_is_dropped() -> None:
    kept = Kept()
    kept.cache.put(item(5, "one"))
    kept.cache.put(item(6, ""))
    assert kept.cache.get("n", "a") is None
    assert kept.told == [(None, "one"), ("one", None)]


def test_what_a_list_lacks_is_gone() -> None:
    kept = Kept()
    kept.cache.put(item(5, "one"))
    kept.list()
    assert len(kept.cache) == 0
    assert kept.told[-1] == ("one", None)
