"""Bytes to a request, an answer to bytes."""

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from tests.server.reviews import POD, answered, asked, posted
from webhook.admission.answer import Answer
from webhook.admission.workload import Hook, Request
from webhook.server.admission_review import WireError, decode_review, encode_review

UID = "705ab4f5-6393-11e8-b7cc-42010a800002"


def test_a_review_becomes_a_request() -> None:
    """Every part of the envelope that a decision may depend on arrives."""
    body = posted(subResource="resize", oldObject={"a": 1}, dryRun=True)
    request = decode_review(body, Hook.VALIDATE)

    assert request == Request(
        hook=Hook.VALIDATE,
        resource="pods",
        operation="CREATE",
        object=POD,
        old_object={"a": 1},
        uid=UID,
        kind="Pod",
        subresource="resize",
        namespace="tools",
        name="github-tools",
        user="jane",
        groups=("devs", "system:authenticated"),
        dry_run=True,
        size=len(body),
    )


def test_what_the_api_server_may_leave_out_is_empty() -> None:
    """Only uid, kind, resource and operation are always there."""
    body = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            key: value
            for key, value in asked().items()
            if key in ("uid", "kind", "resource", "operation")
        },
    }
    sent = json.dumps(body).encode()
    request = decode_review(sent, Hook.MUTATE)

    assert request == Request(
        Hook.MUTATE, "pods", "CREATE", None, uid=request.uid, kind="Pod", groups=(), size=len(sent)
    )


def test_null_is_the_same_as_left_out() -> None:
    request = decode_review(
        posted(name=None, namespace=None, userInfo=None, dryRun=None, subResource=None, object=[]),
        Hook.MUTATE,
    )

    assert (request.name, request.namespace, request.user, request.groups) == ("", "", "", ())
    assert (request.dry_run, request.subresource) == (False, "")


def test_a_resource_carries_its_group() -> None:
    resource = {"group": "apps", "version": "v1", "resource": "deployments"}

    assert decode_review(posted(resource=resource), Hook.MUTATE).resource == "deployments.apps"


@pytest.mark.parametrize(
    ("name", "metadata", "expected"),
    [
        ("asked", {"name": "own"}, "asked"),
        ("", {"name": "own"}, "own"),
        ("", {"generateName": "own-"}, ""),
        ("", {"name": 7}, ""),
        ("", None, ""),
        ("", [], ""),
    ],
)
def test_the_name_is_the_request_s_or_the_object_s(name: str, metadata: Any, expected: str) -> None:
    request = decode_review(posted(name=name, object={"metadata": metadata}), Hook.MUTATE)

    assert request.name == expected


@pytest.mark.parametrize(
    "shape", [None, [], "text", 7, 1.5, True, {}, {"metadata": 1}, {"spec": {"containers": None}}]
)
def test_the_object_may_have_any_shape(shape: Any) -> None:
    request = decode_review(posted(object=shape, oldObject=shape, name=""), Hook.MUTATE)

    assert (request.object, request.old_object) == (shape, shape)


def test_numbers_and_unknown_fields_arrive_as_they_are() -> None:
    thing = {"huge": 10**40, "float": 1.5, "unknown": {"~/": [None]}, "true": True}

    assert decode_review(posted(object=thing), Hook.MUTATE).object == thing


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the body is not JSON: EOF while parsing a value at line 1 column 0"),
        (b"{", "the body is not JSON: EOF while parsing an object at line 1 column 1"),
        (b"\xff", "the body is not JSON: expected value at line 1 column 1"),
        (b"[" * 100_000, "the body is not JSON: recursion limit exceeded at line 1 column 202"),
        (
            b'{"a":' * 100_000,
            "the body is not JSON: recursion limit exceeded at line 1 column 1006",
        ),
        (posted(object=float("nan")), None),
        (posted(object=float("-inf")), None),
        (posted().replace(b'"CREATE"', b'"\\ud800"'), None),
        (posted() + b"{}", None),
        (posted(object=0).replace(b'"object": 0', b'"object": %s' % (b"9" * 5000)), None),
    ],
)
def test_a_body_that_is_not_json_is_refused(body: bytes, sentence: str | None) -> None:
    with pytest.raises(WireError, match=r"^the body is not JSON: [^\n]*$") as raised:
        decode_review(body, Hook.MUTATE)

    assert sentence in (None, str(raised.value))


def _review(**tweak: Any) -> bytes:
    return json.dumps({**json.loads(posted()), **tweak}).encode()


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"null", "it should be an object"),
        (b"[]", "it should be an object"),
        (b'"AdmissionReview"', "it should be an object"),
        (b"{}", "apiVersion is missing"),
        (
            _review(apiVersion="admission.k8s.io/v1beta1"),
            "apiVersion should be 'admission.k8s.io/v1'",
        ),
        (_review(kind="Pod"), "kind should be 'AdmissionReview'"),
        (_review(request=None), "request should be an object"),
        (_review(request={}), "request.uid is missing"),
        (posted(uid=""), "request.uid should not be empty"),
        (posted(uid=7), "request.uid should be a valid string"),
        (posted(kind="Pod"), "request.kind should be an object"),
        (posted(resource={"group": ""}), "request.resource.resource is missing"),
        (posted(operation=None), "request.operation should be a valid string"),
        (posted(dryRun="yes"), "request.dryRun should be a valid boolean"),
        (
            posted(userInfo={"groups": ["a", 1]}),
            "request.userInfo.groups.1 should be a valid string",
        ),
    ],
)
def test_an_envelope_that_is_no_admission_review_is_refused(body: bytes, what: str) -> None:
    with pytest.raises(WireError) as raised:
        decode_review(body, Hook.MUTATE)

    assert str(raised.value) == (
        f"the body is not an AdmissionReview of admission.k8s.io/v1: {what}"
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(body=st.binary(max_size=200))
def test_any_bytes_are_a_request_or_an_error(body: bytes) -> None:
    with pytest.raises(WireError):
        decode_review(body, Hook.MUTATE)


@given(tweak=st.dictionaries(st.sampled_from(sorted(asked())), JSON_VALUES, max_size=4))
def test_any_envelope_is_a_request_or_an_error(tweak: dict[str, Any]) -> None:
    """And its request can be answered."""
    with contextlib.suppress(WireError):
        request = decode_review(posted(**tweak), Hook.MUTATE)
        assert answered(encode_review(request.uid, Answer(allowed=True)))["uid"] == request.uid


def test_an_allowed_object_without_a_patch() -> None:
    """A patchType without a patch is an error to the API server, so neither is there."""
    assert answered(encode_review(UID, Answer(allowed=True))) == {"uid": UID, "allowed": True}


OPERATION = {"op": "add", "path": "/metadata/labels/a~1b", "value": {"ü": [1, None, 1.5]}}


def test_an_allowed_object_with_a_patch_and_warnings() -> None:
    answer = Answer(allowed=True, warnings=("one", "two"), operations=(OPERATION,))

    assert answered(encode_review(UID, answer)) == {
        "uid": UID,
        "allowed": True,
        "patchType": "JSONPatch",
        "patch": [OPERATION],
        "warnings": ["one", "two"],
    }


def test_the_validating_hook_sends_no_patch() -> None:
    answer = Answer(allowed=True, operations=(OPERATION,))

    assert answered(encode_review(UID, answer, Hook.VALIDATE)) == {"uid": UID, "allowed": True}


@pytest.mark.parametrize(
    ("code", "reason"), [(403, "Forbidden"), (422, "Invalid"), (500, "InternalError")]
)
def test_a_refusal_carries_status_and_no_patch(code: int, reason: str) -> None:
    answer = Answer(
        allowed=False, code=code, message="why\n  how", warnings=("w",), operations=(OPERATION,)
    )

    assert answered(encode_review(UID, answer)) == {
        "uid": UID,
        "allowed": False,
        "status": {"code": code, "reason": reason, "message": "why\n  how"},
        "warnings": ["w"],
    }


def test_a_patch_that_json_cannot_express_is_an_error_instead_of_a_malformed_answer() -> None:
    """1e999 is JSON; what it is read as is not."""
    infinite = decode_review(
        posted(object=0).replace(b'"object": 0', b'"object": 1e999'), Hook.MUTATE
    )
    operation = {"op": "add", "path": "/a", "value": infinite.object}

    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_review(UID, Answer(allowed=True, operations=(operation,)))


def test_the_word_infinity_may_stand_in_a_patch() -> None:
    operation = {"op": "add", "path": "/a", "value": "Infinity"}
    answer = Answer(allowed=True, operations=(operation,))

    assert answered(encode_review(UID, answer))["patch"] == [operation]


@given(
    uid=st.text(min_size=1),
    message=st.text(),
    code=st.sampled_from([200, 403, 422, 500]),
    warnings=st.lists(st.text(), max_size=3),
    operations=st.lists(st.just(OPERATION), max_size=2),
    hook=st.sampled_from(Hook),
)
def test_an_answer_is_written_as_one_object_is(  # noqa: PLR0917
    uid: str, message: str, code: int, warnings: list[str], operations: list[Any], hook: Hook
) -> None:
    """Byte for byte, whatever stands in the texts."""
    answer = Answer(
        allowed=code == 200,
        code=code,
        message=message,
        warnings=tuple(warnings),
        operations=tuple(operations),
    )
    response: dict[str, Any] = {"uid": uid, "allowed": answer.allowed}
    if not answer.allowed:
        reason = {403: "Forbidden", 422: "Invalid", 500: "InternalError"}[code]
        response["status"] = {"code": code, "reason": reason, "message": message}
    elif operations and hook is Hook.MUTATE:
        patch = base64.b64encode(to_json(operations)).decode()
        response |= {"patchType": "JSONPatch", "patch": patch}
    if warnings:
        response["warnings"] = warnings
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}

    assert encode_review(uid, answer, hook) == to_json(review)
