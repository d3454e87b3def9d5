"""What the review of a new pod may depend on, as bytes: the body with a few places made blank.

The pods of one template differ in what no rule reads: the uid of the review, the moment, and the
letters that Kubernetes makes up at the end of names. Each of these places is overwritten by as many
blanks. What is left is the key of the memo, and the review of a pod that is not known yet is asked
about the key itself, decoded. So nothing outside of the key can reach the answer, and bodies with
one key have one answer, whatever they are.

What is left to prove is that the answer about the key is the answer about the body. `is_faithful`
proves for each key, before it is kept, that its blank places are where they should be. No rule
reads a uid or a moment. Of the name of a pod that a controller made, and of the volume with its
token, rules read how they begin, how long they are and whether two are the same. Where an answer
quotes a blank, it is no answer about the body (`quotes_blank`).

The places are found in bodies as API servers write them: without spaces, and in one order. A body
that is written otherwise is decoded and reviewed like all others.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pydantic_core import to_json

from webhook.admission import PODS, Answer, Request
from webhook.pods import CONTAINER_LISTS

BLANK = b"`"
"""No body with this character has a key, so that nobody can write what stands in blank places."""

LARGEST = 96 * 1024
"""Bytes of a body that may have a key: thirty containers, and some more."""

_UID, _MOMENT, _LETTERS = 36, 20, 5
_POD = rb'\{"group":"","version":"v1","kind":"Pod"\}'
_PODS = rb'\{"group":"","version":"v1","resource":"pods"\}'
_HEAD = re.compile(
    rb'\{"kind":"AdmissionReview","apiVersion":"admission\.k8s\.io/v1",'
    rb'"request":\{"uid":"([0-9a-f-]{36})",'
    rb'"kind":' + _POD + rb',"resource":' + _PODS + rb","
    rb'"requestKind":' + _POD + rb',"requestResource":' + _PODS + rb","
    rb'(?:"name":"([a-z0-9.-]+)",)?"namespace":"[a-z0-9-]+","operation":"CREATE",'
)
_METADATA = b'"object":{"kind":"Pod","apiVersion":"v1","metadata":{'
_OWNERS, _SPEC = b'"ownerReferences":[{', b'},"spec":{'
_STORED = re.compile(
    rb'"namespace":"[a-z0-9-]+","uid":"([0-9a-f-]{36})",(?:"generation":[0-9]+,)?'
    rb'"creationTimestamp":"([0-9TZ:-]{20})",'
)
_TIME, _WRITTEN = b'"time":"', b'","fieldsType":"FieldsV1","fieldsV1":{'
_STATUS, _CHANGED = b'"status":{', b'"lastTransitionTime":"'
_MOMENT_TEXT = re.compile(rb'[0-9TZ:-]{20}"')
_TOKEN, _NAME_OF_TOKEN = b"kube-api-access-", b'{"name":"kube-api-access-'
_LETTERS_TEXT = re.compile(rb'[a-z0-9]{5}"')
# A letter, a digit or a blank that is written as an escape: the same text in other bytes.
_ODD_ESCAPE = re.compile(rb"\\u00(?:2[dD]|3[0-9]|[46][0-9a-fA-F]|[57][0-9aA])")


class Recognised(NamedTuple):
    """The body of a new pod: its key with so many blanks, and what differs in answer and log."""

    key: bytes
    blanks: int
    uid: str
    name: str


def recognise(body: bytearray, came_before: Callable[[bytes], bool]) -> Recognised | None:
    """The key of a body; None where it is not that of a controller's new pod, or has no key.

    `came_before` says whether there were pods with these owners before. The first of them is none
    that an answer is known for, which is found out sooner than a key is made.
    """
    if len(body) > LARGEST or not (head := _HEAD.match(body)) or BLANK in body:
        return None
    at = body.find(_METADATA, head.end())
    owners = body.find(_OWNERS, at)
    if at < 0 or owners < 0 or not came_before(bytes(body[owners : body.find(b"]", owners)])):
        return None
    spec = body.find(_SPEC, owners)
    if spec < 0:
        return None
    uid, name = head.groups()
    key = bytearray(body)
    start = head.start(1)
    key[start : start + _UID] = BLANK * _UID
    blanks = _UID + _blank_moments(key, owners, spec) + _blank_token(key, spec)
    if name is not None:
        blanks += _blank_stored(key, at + len(_METADATA), name, head.end(2))
    return Recognised(bytes(key), blanks, uid.decode(), name.decode() if name else "")


def _blank_stored(body: bytearray, at: int, name: bytes, end_of_name: int) -> int:
    """Make blank what a stored pod has of its own, where its name was made up; how many bytes."""
    names = b'"name":"%s","generateName":"%s",' % (name, name[:-_LETTERS])
    if not body.startswith(names, at):
        return 0
    for end in (end_of_name, at + len(b'"name":"') + len(name)):
        body[end - _LETTERS : end] = BLANK * _LETTERS
    stored = _STORED.match(body, at + len(names))
    if stored is None:
        return 2 * _LETTERS
    (uid, _), (moment, _) = stored.span(1), stored.span(2)
    body[uid : uid + _UID] = BLANK * _UID
    body[moment : moment + _MOMENT] = BLANK * _MOMENT
    return 2 * _LETTERS + _UID + _MOMENT


def _blank_moments(body: bytearray, start: int, spec: int) -> int:
    """Make blank when fields were written and conditions changed; returns how many bytes."""
    found = []
    at = body.find(_WRITTEN, start, spec)
    while at >= 0:
        if body.startswith(_TIME, at - _MOMENT - len(_TIME)):
            found.append(at - _MOMENT)
        at = body.find(_WRITTEN, at + len(_WRITTEN), spec)
    at = body.find(_CHANGED, max(body.rfind(_STATUS), spec))
    while at >= 0:
        at += len(_CHANGED)
        found.append(at)
        at = body.find(_CHANGED, at)
    moments = [each for each in found if _MOMENT_TEXT.match(body, each)]
    for each in moments:
        body[each : each + _MOMENT] = BLANK * _MOMENT
    return _MOMENT * len(moments)


def _blank_token(body: bytearray, spec: int) -> int:
    """Make blank the letters that end the name of the volume with the token; how many bytes."""
    at = body.find(_NAME_OF_TOKEN, spec)
    letters = bytes(body[at + len(_NAME_OF_TOKEN) : at + len(_NAME_OF_TOKEN) + _LETTERS + 1])
    if at < 0 or not _LETTERS_TEXT.fullmatch(letters):
        return 0
    name, blanks = _NAME_OF_TOKEN + letters, 0
    while at >= 0:
        at += len(_NAME_OF_TOKEN)
        body[at : at + _LETTERS] = BLANK * _LETTERS
        blanks += _LETTERS
        at = body.find(name, at)
    return blanks


def is_faithful(asked: Recognised, request: Request) -> bool:
    """Whether the answer about a key is the answer about each body that has it.

    `request` is the key, decoded. All blanks stand in places that no rule reads, or reads as
    something that Kubernetes made up; and nothing else in the key may be the same text.
    """
    document = request.object
    if (request.resource, request.subresource, request.operation) != (PODS, "", "CREATE"):
        return False
    if type(document) is not dict or _ODD_ESCAPE.search(asked.key):
        return False
    try:
        blanks = _UID * (request.uid == (BLANK * _UID).decode())
        blanks += sum(_blank_of_metadata(request, document["metadata"]))
        blanks += sum(_blank_changes(document.get("status", {})))
        tokens = len(list(_tokens(document["spec"])))
    except (AttributeError, KeyError, TypeError):
        return False  # The object has no shape of a pod.
    if blanks + _LETTERS * tokens != asked.blanks:
        return False
    return not tokens or asked.key.count(_TOKEN) == tokens


def _blank_of_metadata(request: Request, metadata: dict[str, Any]) -> Iterator[int]:
    letters = (BLANK * _LETTERS).decode()
    name = metadata.get("name")
    owned = any(owner.get("controller") is True for owner in metadata["ownerReferences"])
    if owned and name == request.name and name == f"{metadata.get('generateName')}{letters}":
        yield 2 * _LETTERS
    yield _UID * (metadata.get("uid") == (BLANK * _UID).decode())
    yield _MOMENT * (metadata.get("creationTimestamp") == (BLANK * _MOMENT).decode())
    for entry in metadata.get("managedFields") or ():
        yield _MOMENT * (entry.get("time") == (BLANK * _MOMENT).decode())


def _blank_changes(status: dict[str, Any]) -> Iterator[int]:
    for condition in status.get("conditions") or ():
        yield _MOMENT * (condition.get("lastTransitionTime") == (BLANK * _MOMENT).decode())


def _tokens(spec: dict[str, Any]) -> Iterator[str]:
    """The names of volumes and mounts whose letters are blank."""
    blank = (_TOKEN + BLANK * _LETTERS).decode()
    lists = [spec.get("volumes")]
    for key in CONTAINER_LISTS:
        lists += [container.get("volumeMounts") for container in spec.get(key) or ()]
    for items in lists:
        yield from (item["name"] for item in items or () if item.get("name") == blank)


def quotes_blank(written: bytes, answer: Answer) -> bool:
    """Whether an answer, as written for a key, says something of its blank places."""
    _, _, said = written.partition(BLANK * _UID)
    return BLANK in said or (bool(answer.operations) and BLANK in to_json(answer.operations))


def fill_in(uid: str, written: bytes) -> bytes:
    """The answer to the review with this uid, as it was written for a key."""
    return written.replace(BLANK * _UID, uid.encode(), 1)
