"""What a document grants: a reason and an end are asked for, and guards have no exceptions."""

from typing import Any, get_args

import pytest

from webhook.settings.exception_document import (
    EXCEPTABLE_RULES,
    LONGEST_REASON,
    MOST_IMAGES,
    MOST_RULES,
    read_exception,
    seconds_since_1970,
)
from webhook.settings.model_keys import dotted
from webhook.settings.rule_settings import NOT_EXCEPTABLE, RuleId
from webhook.settings.server_exception import ServerException

Json = dict[str, Any]
NOW = seconds_since_1970("2030-01-01T00:00:00Z")
SPEC: Json = {
    "workload": {"namespace": "team-a", "name": "files"},
    "rules": ["run-as-user", "capabilities"],
    "reason": "its vendor mends it in March",
    "expires": "2030-03-01T00:00:00Z",
}


def document(**spec: Any) -> Json:
    return {
        "apiVersion": "mcp-admission.dev/v1alpha1",
        "kind": "MCPServerException",
        "metadata": {"name": "files-as-root"},
        "spec": SPEC | spec,
    }


def faults(found: Any, longest_days: int = 90) -> dict[str, str]:
    read = read_exception(found, now=NOW, longest_days=longest_days)
    assert read.in_force is None
    return {dotted(key): sentence for key, sentence in read.faults}


def test_a_document_grants_what_it_says() -> None:
    found = read_exception(document(images=["ghcr.io/a"]), now=NOW, longest_days=90)

    assert found.in_force == ServerException(
        "files-as-root",
        "team-a",
        "files",
        frozenset({"run-as-user", "capabilities"}),
        ("ghcr.io/a",),
        "its vendor mends it in March",
        seconds_since_1970("2030-03-01T00:00:00Z"),
    )
    assert found.faults == ()


@pytest.mark.parametrize(
    ("spec", "key", "sentence"),
    [
        ({"expires": None}, "spec.expires", "this key is required: add it"),
        ({"reason": None}, "spec.reason", "this key is required: add it"),
        ({"reason": " \n"}, "spec.reason",
         "a reason is required: write why, for who comes across it later"),
        ({"reason": "a" * (LONGEST_REASON + 1)}, "spec.reason",
         "a value of 503 characters is not accepted: write at most 500 characters"),
        ({"expires": "2029-12-31T00:00:00Z"}, "spec.expires",
         "the exception has ended on 2029-12-31T00:00:00Z: delete it, or make another one"),
        ({"expires": "2030-01-01T00:00:00Z"}, "spec.expires",
         "the exception has ended on 2030-01-01T00:00:00Z: delete it, or make another one"),
        ({"expires": "2030-04-01T00:00:01Z"}, "spec.expires",
         ("2030-04-01T00:00:01Z is more than 90 days from now, which exceptions.longestDays "
         "allows: end it earlier")),
        ({"expires": "2030-02-01"}, "spec.expires",
         '"2030-02-01" is no time: write a time with its zone, such as 2030-06-30T12:00:00Z'),
        ({"expires": "2030-02-30T00:00:00Z"}, "spec.expires",
         ('"2030-02-30T00:00:00Z" is no time: write a time with its zone, such as '
         "2030-06-30T12:00:00Z")),
        ({"rules": ["capabilites"]}, "spec.rules[0]",
         '"capabilites" is no rule: did you mean capabilities?'),
        ({"rules": ["privileged", "zz"]}, "spec.rules[1]",
         '"zz" is no rule: `mcp-admission rules` lists them'),
        *(
            ({"rules": [rule]}, "spec.rules[0]",
             (f"{rule} has no exceptions, because other rules and the isolation of servers are "
             "built on it: take it out"))
            for rule in sorted(NOT_EXCEPTABLE)
        ),
        ({"rules": []}, "spec.rules", "a list is not accepted: write at least one"),
        ({"rules": ["capabilities"] * (MOST_RULES + 1)}, "spec.rules",
         "a list is not accepted: write at most 32"),
        ({"images": ["a"] * (MOST_IMAGES + 1)}, "spec.images",
         "a list is not accepted: write at most 16"),
        ({"images": [""]}, "spec.images[0]", '"" is not accepted: write at least one character'),
        ({"workload": {"name": "files"}}, "spec.workload.namespace",
         "this key is required: add it"),
        ({"rule": ["capabilities"]}, "spec.rule",
         ("unknown key, did you mean rules? known here are workload, rules, images, reason and "
         "expires")),
    ],
)  # fmt: skip
def test_what_grants_nothing_says_why_in_a_sentence(spec: Json, key: str, sentence: str) -> None:
    assert faults(document(**spec)) == {key: sentence}


@pytest.mark.parametrize(
    ("found", "key", "sentence"),
    [
        (None, "", "must be an MCPServerException"),
        ({**document(), "kind": "Pod"}, "kind", "must be MCPServerException"),
        ({**document(), "apiVersion": "v1"}, "apiVersion", "must be mcp-admission.dev/v1alpha1"),
        ({**document(), "metadata": {}}, "metadata.name", "this key is required: add it"),
        ({**document(), "metadata": None}, "metadata.name", "this key is required: add it"),
        ({**document(), "spec": None}, "spec", "this key is required: add it"),
    ],
)
def test_what_is_no_exception_says_so(found: Any, key: str, sentence: str) -> None:
    assert faults(found) == {key: sentence}


@pytest.mark.parametrize("made", ["2029-12-01T00:00:00Z", "2030-01-01T01:00:00Z", None])
def test_the_end_is_counted_from_when_it_was_made(made: str | None) -> None:
    found = document(expires="2030-03-01T01:00:00+01:00")
    found["metadata"]["creationTimestamp"] = made

    assert read_exception(found, now=NOW, longest_days=90).in_force is not None


def test_an_end_cannot_be_put_off_for_ever() -> None:
    found = document(expires="2030-03-02T00:00:00Z")
    found["metadata"]["creationTimestamp"] = "2029-12-01T00:00:00Z"

    assert faults(found)["spec.expires"].startswith(
        "2030-03-02T00:00:00Z is more than 90 days after it was made, which"
    )
    assert faults(document(expires="2030-01-03T00:00:00Z"), 1)["spec.expires"].startswith(
        "2030-01-03T00:00:00Z is more than 1 day from now, which"
    )


def test_what_has_ended_is_still_known() -> None:
    found = read_exception(document(expires="2029-12-31T00:00:00Z"), now=NOW, longest_days=90)

    assert found.granted is not None
    assert found.granted.ended(NOW)


def test_every_other_rule_has_exceptions() -> None:
    assert {*EXCEPTABLE_RULES, *NOT_EXCEPTABLE} == set(get_args(RuleId))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01t00:00:01z", 1.0),
        ("1970-01-01T01:00:00.5+01:00", 0.5),
    ],
)
def test_a_time_is_read_as_kubernetes_writes_it(text: str, seconds: float) -> None:
    assert seconds_since_1970(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "now", "1970-01-01", "1970-01-01T00:00:00", "19700101T000000Z", "1970-01-01 00:00Z"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a time with its zone"):
        seconds_since_1970(text)
