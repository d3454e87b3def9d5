"""What is kept of an object is made once for each of its versions, and told when it differs."""

from typing import Any

import pytest

from webhook.kube.cache import MOST_DELETED, Cache

Json = dict[str, Any]


class Kept:
    """A cache of values, with every look at an object and everything that it told."""

    def __init__(self) -> None:
        self.looks: list[str] = []
        self.told: list[tuple[str | None, str | None]] = []
        self.cache: Cache[str] = Cache(self._keep, lambda _ns, _name, *kept: self.told.append(kept))

    def _keep(self, found: Json) -> str | None:
        self.looks.append(found["value"].strip())
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


def test_an_answer_that_comes_after_the_deletion_of_its_object_is_not_taken_in() -> None:
    kept = Kept()
    kept.cache.delete(item(6, ""))
    kept.cache.put(item(5, "made"))
    assert kept.cache.get("n", "a") is None
    kept.cache.put(item(7, "made again"))
    assert kept.cache.get("n", "a") == "made again"


def test_a_deletion_that_is_older_than_the_object_changes_nothing() -> None:
    kept = Kept()
    kept.cache.put(item(7, "made again"))
    kept.cache.delete(item(6, ""))
    assert kept.cache.get("n", "a") == "made again"


def test_deletions_are_remembered_up_to_a_number() -> None:
    kept = Kept()
    for number in range(MOST_DELETED + 1):
        gone = item(6, "")
        gone["metadata"]["name"] = f"gone-{number}"
        kept.cache.delete(gone)
    late = item(5, "late")
    late["metadata"]["name"] = f"gone-{MOST_DELETED}"
    kept.cache.put(late)
    assert len(kept.cache) == 0
    late["metadata"]["name"] = "gone-0"
    kept.cache.put(late)
    assert len(kept.cache) == 1


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


def test_what_is_doubted_is_looked_at_again_though_it_has_not_changed() -> None:
    kept = Kept()
    kept.cache.put(item(5, "one"))
    kept.cache.doubt("n")
    kept.cache.doubt("another")
    assert kept.cache.get("n", "a") == "one"
    kept.cache.put(item(5, "two"))
    kept.list(item(5, "two"))
    assert kept.told == [(None, "one"), ("one", "two")]


def test_what_went_back_is_taken_in_although_it_is_older() -> None:
    kept = Kept()
    kept.cache.put(item(6, "newer"))
    kept.cache.go_back()
    kept.cache.put(item(5, "older"))
    kept.cache.delete(item(7, ""))
    kept.cache.go_back()
    kept.cache.put(item(5, "back"))
    assert kept.told == [(None, "newer"), ("newer", "older"), ("older", None), (None, "back")]


def test_an_object_that_nobody_expected_changes_nothing_and_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = Kept()
    kept.cache.put(item(5, "one"))
    kept.cache.put({**item(6, "secret"), "value": None})
    kept.cache.put({**item(6, "secret"), "metadata": {"name": "b", "resourceVersion": "6"}})
    kept.list({**item(7, "secret"), "value": {}})

    assert kept.cache.get("n", "a") == "one"
    assert kept.told == [(None, "one"), (None, "secret"), ("secret", None)]
    assert [record.message for record in caplog.records] == ["object not read"] * 2
    assert "secret" not in str([vars(record) for record in caplog.records])
