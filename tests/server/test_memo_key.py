"""Which bodies have one key, and which keys may stand for bodies."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.new_pods import GENERATED, MOUNT, ONE, OTHER, OWNER, POD, Json, new_pod
from tests.server.reviews import posted
from webhook.admission import Answer, Hook, Request
from webhook.server.admission_review import WireError, decode_review, encode_review
from webhook.server.memo_key import (
    LARGEST,
    Recognised,
    fill_in,
    is_faithful,
    quotes_blank,
)
from webhook.server.memo_key import recognise as recognise_if
from webhook.server.object_size import UNCOUNTED_BYTES

HOOKS = list(Hook)
NAME = f"{GENERATED}{ONE.letters}"


def recognise(body: bytearray) -> Recognised | None:
    """What a body is recognised as, where a pod with its owners came before."""
    return recognise_if(body, lambda _: True)


def key_of(body: bytearray) -> bytes:
    """The key of a body that has one."""
    found = recognise(body)
    assert found is not None
    return found.key


def faithful(body: bytearray, hook: Hook) -> bool:
    asked = recognise(body)
    assert asked is not None
    return is_faithful(asked, decode_review(asked.key, hook))


def tweaked(edit: Callable[[Json], object]) -> Json:
    """The pod of the template after an edit."""
    pod: Json = json.loads(json.dumps(POD))
    edit(pod)
    return pod


@pytest.mark.parametrize("hook", HOOKS)
def test_the_pods_of_a_template_have_one_key(hook: Hook) -> None:
    one, other = new_pod(POD, hook, ONE), new_pod(POD, hook, OTHER)

    assert one != other
    assert key_of(one) == key_of(other)
    assert faithful(one, hook)


@pytest.mark.parametrize("hook", HOOKS)
def test_each_body_keeps_its_uid_and_its_name(hook: Hook) -> None:
    found = recognise(new_pod(POD, hook, ONE))

    assert found is not None
    assert found.uid == ONE.review
    assert found.name == (NAME if hook is Hook.VALIDATE else "")


def test_a_key_decodes_to_what_was_sent_but_for_the_blanks() -> None:
    """Blanks are as long as what they replace, so that lengths and bounds are the same."""
    body = new_pod(POD, Hook.VALIDATE, ONE)
    request = decode_review(key_of(body), Hook.VALIDATE)
    metadata = request.object["metadata"]
    blank, moment = "`" * 36, "`" * 20

    assert (request.uid, request.name, request.size) == (blank, f"{GENERATED}`````", len(body))
    assert (metadata["uid"], metadata["creationTimestamp"]) == (blank, moment)
    assert metadata["name"] == request.name
    assert metadata["managedFields"][0]["time"] == moment
    assert request.object["status"]["conditions"][0]["lastTransitionTime"] == moment
    spec = request.object["spec"]
    assert spec["volumes"][1]["name"] == "kube-api-access-`````"
    assert spec["containers"][0]["volumeMounts"][1]["name"] == "kube-api-access-`````"


TWEAKS: dict[str, Callable[[Json], object]] = {
    "label": lambda pod: pod["metadata"]["labels"].update(app="x"),
    "annotation": lambda pod: pod["metadata"]["annotations"].update(a="x"),
    "owner": lambda pod: pod["metadata"].update(ownerReferences=[{**OWNER, "name": "x"}]),
    "prefix": lambda pod: pod["metadata"].update(generateName="x-"),
    "image": lambda pod: pod["spec"]["containers"][0].update(image="x"),
    "order": lambda pod: pod["spec"]["volumes"].reverse(),
    "who wrote a field": lambda pod: pod["metadata"].update(
        managedFields=[{"fieldsV1": {"f:spec": {"f:priorityClassName": {}}}}]
    ),
}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("edit", TWEAKS.values(), ids=TWEAKS)
def test_what_a_rule_may_read_of_the_pod_is_in_the_key(
    edit: Callable[[Json], object], hook: Hook
) -> None:
    assert key_of(new_pod(tweaked(edit), hook, ONE)) != key_of(new_pod(POD, hook, ONE))


@pytest.mark.parametrize(
    "tweak",
    [
        {"namespace": "other"},
        {"userInfo": {"username": "jane"}},
        {"userInfo": {"username": "jane", "groups": ["b"]}},
        {"dryRun": True},
        {"oldObject": {}},
        {"options": None},
    ],
    ids=str,
)
def test_what_is_asked_is_in_the_key(tweak: Json) -> None:
    assert key_of(new_pod(POD, Hook.MUTATE, **tweak)) != key_of(new_pod(POD, Hook.MUTATE))


PODS = {"group": "", "version": "v1", "resource": "pods"}


@pytest.mark.parametrize(
    "body",
    [
        new_pod(POD, Hook.MUTATE, operation="UPDATE"),
        new_pod(POD, Hook.MUTATE, requestResource={**PODS, "resource": "jobs"}),
        new_pod(POD, Hook.MUTATE, resource={**PODS, "group": "apps"}),
        new_pod(POD, Hook.MUTATE, uid="1"),
        new_pod(POD, Hook.MUTATE, uid="-" * 35 + '"'),
        new_pod(POD, Hook.MUTATE, object={"metadata": {}}),
        new_pod(tweaked(lambda pod: pod["metadata"].pop("ownerReferences")), Hook.MUTATE),
        new_pod(tweaked(lambda pod: pod.update(spec=None)), Hook.MUTATE),
        new_pod(tweaked(lambda pod: pod["spec"].update(hostname="`")), Hook.MUTATE),
        new_pod(tweaked(lambda pod: pod["spec"].update(args="a" * LARGEST)), Hook.MUTATE),
        bytearray(json.dumps(json.loads(new_pod(POD, Hook.MUTATE))).encode()),
        bytearray(posted()),
        bytearray(),
    ],
)
def test_other_bodies_have_no_key(body: bytearray) -> None:
    """Neither those that are written otherwise, nor those that hold what stands for a blank."""
    assert recognise(body) is None


def test_what_has_a_key_is_too_small_to_be_counted() -> None:
    assert LARGEST < UNCOUNTED_BYTES


def test_a_name_that_was_not_generated_is_in_the_key() -> None:
    """Two people's pods may well end alike."""
    named = tweaked(lambda pod: pod["metadata"].update(name="web-tools"))
    del named["metadata"]["generateName"]
    body = new_pod(named, Hook.VALIDATE)

    assert b'"name":"web-tools"' in key_of(body)
    assert faithful(body, Hook.VALIDATE)


VOLUME = {"name": "kube-api-access-aaaaa", "emptyDir": {}}
UNFAITHFUL: dict[str, Callable[[Json], object]] = {
    "an owner that is no controller": lambda pod: pod["metadata"].update(
        ownerReferences=[{**OWNER, "controller": False}]
    ),
    "owners of no shape": lambda pod: pod["metadata"].update(
        ownerReferences=[{**OWNER, "controller": False}, "x"]
    ),
    "a container with the name of the volume": lambda pod: pod["spec"]["containers"].append(
        {"name": MOUNT["name"]}
    ),
    "a text with the name of the volume": lambda pod: pod["spec"].update(hostname=MOUNT["name"]),
    "a longer text with it": lambda pod: pod["metadata"]["annotations"].update(
        {"mcp-admission.dev/container": f"a,{MOUNT['name']}"}
    ),
    "a second such volume": lambda pod: pod["spec"]["volumes"].append(VOLUME),
    "the mount of a second such volume": lambda pod: pod["spec"]["containers"][0].update(
        volumeMounts=[VOLUME]
    ),
    "a moment where none is": lambda pod: pod["metadata"].update(
        more={"time": ONE.moment, "fieldsType": "FieldsV1", "fieldsV1": {}}
    ),
    "containers of no shape": lambda pod: pod["spec"].update(containers="main"),
}


@pytest.mark.parametrize("edit", UNFAITHFUL.values(), ids=UNFAITHFUL)
def test_a_key_with_blanks_in_odd_places_stands_for_nothing(edit: Callable[[Json], object]) -> None:
    assert not faithful(new_pod(tweaked(edit), Hook.VALIDATE), Hook.VALIDATE)


@pytest.mark.parametrize(
    ("sent", "instead"),
    [
        (b'"cache"', b'"kube\\u002dapi-access-f00d2"'),
        (b'"cache"', b'"kube-\\u0061pi-access-f00d2"'),
        (b'"cache"', b'"\\u0060\\u0060"'),
        (b'"cache"', b'"\\u004F"'),
        (b'"dryRun":false', b'"uid":"later"'),
        (b'"dryRun":false', b'"name":"later"'),
        (b'"dryRun":false', b'"operation":"UPDATE"'),
        (b'"dryRun":false', b'"subResource":"binding"'),
        (b'"dryRun":false', b'"object":{"metadata":{},"spec":{}}'),
        (b'"dryRun":false', b'"object":[]'),
    ],
)
def test_a_key_that_says_a_thing_twice_or_oddly_stands_for_nothing(
    sent: bytes, instead: bytes
) -> None:
    body = new_pod(POD, Hook.VALIDATE).replace(sent, instead)

    assert not faithful(body, Hook.VALIDATE)


def test_characters_that_go_escapes_are_no_odd_ones() -> None:
    assert b"\\u003c" in key_of(new_pod(POD, Hook.MUTATE))


def test_a_volume_that_is_none_of_kubernetes_stays_in_the_key() -> None:
    pod = tweaked(lambda pod: pod["spec"].update(volumes=[{**VOLUME, "name": "kube-api-access-A"}]))
    del pod["spec"]["containers"][0]["volumeMounts"]
    body = new_pod(pod, Hook.MUTATE)

    assert b'"kube-api-access-A"' in key_of(body)
    assert faithful(body, Hook.MUTATE)


@pytest.mark.parametrize(
    "field", ["metadata", "managedFields", "status", "conditions", "volumeMounts", "moment"]
)
def test_a_body_without_one_of_the_places_has_a_key_too(field: str) -> None:
    body = new_pod(POD, Hook.VALIDATE)
    instead = {
        "metadata": (b'"generation":1,', b'"selfLink":"a",'),
        "managedFields": (b'"fieldsType"', b'"fieldstype"'),
        "status": (b'"status":{', b'"states":{'),
        "conditions": (b'"conditions":[', b'"condition":['),
        "volumeMounts": (b'"volumeMounts":[', b'"mounts":['),
        "moment": (b'"time":"2026-11-28T07:01:09Z"', b'"time":"2026-11-28T07:01:09.1Z"'),
    }[field]
    assert recognise(body.replace(*instead)) is not None


@given(
    cut=st.integers(0, 2_000),
    by=st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"{", b"}", b'":"', b"\x00", b"\xff"]),
    length=st.integers(0, 40),
    hook=st.sampled_from(HOOKS),
)
def test_a_key_is_decoded_if_and_only_if_its_body_is(
    cut: int, by: bytes, length: int, hook: Hook
) -> None:
    """Wherever a body is spoilt: blanks stand in texts alone, and are as good as any letter."""
    body = new_pod(POD, hook)
    body[cut : cut + length] = by
    if found := recognise(body):
        assert _outcome(found.key, hook) == _outcome(body, hook)


def _outcome(body: bytes | bytearray, hook: Hook) -> str:
    try:
        decode_review(body, hook)
    except WireError as error:
        return str(error)
    return ""


OPERATION: dict[str, Any] = {"op": "add", "path": "/a", "value": ["`"]}


@pytest.mark.parametrize(
    ("answer", "quotes"),
    [
        (Answer(allowed=True), False),
        (Answer(allowed=True, operations=({"op": "remove", "path": "/a"},)), False),
        (Answer(allowed=True, operations=(OPERATION,)), True),
        (Answer(allowed=True, warnings=("kube-api-access-``...",)), True),
        (Answer(allowed=False, code=403, message="github-tools-`````"), True),
    ],
)
def test_an_answer_that_quotes_a_blank_is_known(answer: Answer, quotes: bool) -> None:
    """A part of one, too: a long word loses its middle."""
    uid = "`" * 36
    written = encode_review(uid, answer)

    assert quotes_blank(written, answer) is quotes
    assert fill_in(ONE.review, written) == encode_review(ONE.review, answer)


def test_a_request_of_another_kind_is_not_that_of_a_new_pod() -> None:
    request = Request(Hook.MUTATE, "jobs.batch", "CREATE", {}, uid="`" * 36)

    assert not is_faithful(Recognised(b"`" * 36, 36, ONE.review, ""), request)


def _note(seen: set[bytes], owners: bytes) -> bool:
    seen.add(owners)
    return False


def test_the_first_pod_of_its_owners_has_no_key() -> None:
    seen: set[bytes] = set()
    body = new_pod(POD, Hook.MUTATE)

    assert recognise_if(body, partial(_note, seen)) is None
    (owners,) = seen
    assert json.loads(owners.partition(b":")[2] + b"]") == [OWNER]
