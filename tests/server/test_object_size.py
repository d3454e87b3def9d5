"""What is refused before it is decoded, and what is not."""

import json

import pytest

from tests.server.reviews import asked, posted
from webhook.admission import Hook
from webhook.server.object_size import (
    MOST_OBJECT_BYTES,
    decode_head,
    object_bytes,
    sentence,
    too_many_objects,
)
from webhook.server.turns import RejectedError

SIZE = 7 * 1024 * 1024 - 1024
WORST = (b"[]", b"{}", b'{"":0}', b"[0]", b'{"":' * 90 + b"0" + b"}" * 90, b"[" * 90 + b"]" * 90)


@pytest.mark.parametrize("item", WORST)
def test_a_body_of_nothing_but_objects_is_too_much(item: bytes) -> None:
    assert too_many_objects(b"[" + b",".join([item] * (SIZE // (len(item) + 1))) + b"]")


@pytest.mark.parametrize(
    "item",
    [b'{"key":"a","operator":"Exists"}', b'{"name":"A","value":"12"}', b'"' + b"a" * 99 + b'"'],
)
def test_three_megabytes_of_an_ordinary_list_old_and_new_are_read(item: bytes) -> None:
    body = b"[" + b",".join([item] * (6_000_000 // (len(item) + 1))) + b"]"
    assert not too_many_objects(body)


def test_text_counts_as_its_widest_character() -> None:
    assert object_bytes(b'"' + b"a" * 1000 + "\U0001f600".encode() + b'"') > 4000
    assert object_bytes(b'"\\u0041' + b"a" * 1000 + b'"') > 4000
    assert object_bytes(b'"' + b"a" * 1000 + b'"') < 1100
    assert object_bytes(b"{}" * 1_000_000) < MOST_OBJECT_BYTES
    assert not too_many_objects(b"{" * 200_000)


@pytest.mark.parametrize("compact", [True, False])
def test_the_refusal_says_which_object_and_why(compact: bool) -> None:
    body = posted()
    if compact:
        review = {
            "kind": "AdmissionReview",
            "apiVersion": "admission.k8s.io/v1",
            "request": asked(),
        }
        body = json.dumps(review, separators=(",", ":")).encode()
    request = decode_head(body, Hook.VALIDATE)
    assert (request.name, request.namespace, request.object) == ("github-tools", "tools", None)
    assert sentence(body).startswith("too large to review: ")
    assert sentence(body).endswith(" values in one object: make it smaller")


def test_without_a_head_there_is_nothing_to_answer() -> None:
    with pytest.raises(RejectedError) as raised:
        decode_head(b"[[],[]]", Hook.MUTATE)
    assert raised.value.status == 413
