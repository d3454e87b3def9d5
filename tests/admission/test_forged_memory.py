"""A forged memory of what was filled in exempts from nothing, and no patch breaks over it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.case import (
    INJECTED,
    OPTED_IN,
    VALIDATE,
    Json,
    answer_to,
    deployment,
    errors,
    mutated,
    pod,
)
from tests.admission.objects import deployments, pods
from tests.admission.policies import NAMES, POLICIES, RESTRICTED
from tests.in_memory.controllers import pod_of
from tests.in_memory.defaults import copied, template_of
from tests.in_memory.requests import applied, request
from tests.rules.case import settings_of
from tests.rules.standard import violations
from webhook.admission.handler import review
from webhook.admission.injected import LARGEST
from webhook.admission.revert import _hashable
from webhook.pods.journal import same

HOSTILE: Json = {
    "hostNetwork": True,
    "containers": [{"name": "main", "securityContext": {"privileged": True}}],
}
CLAIMS: list[Json] = [
    {"set": {"": {"hostNetwork": True}}},
    {"set": {"containers[main].securityContext": {"privileged": True}}},
    {"set": {"": {"hostNetwork": True}}, "was": {"": {"hostNetwork": True}}},
    {"was": {"": {"hostNetwork": True}, "containers[main].securityContext": {"privileged": True}}},
    {"set": {"": {"containers": HOSTILE["containers"]}}},
    {"set": {"": HOSTILE}, "was": {"": HOSTILE}},
]
GIVEN: Json = {
    "tolerations": st.sampled_from([None, [], [{"operator": "Exists"}], [{"key": "own"}]]),
    "nodeSelector": st.sampled_from([None, {}, {"pool": "own"}]),
    "imagePullSecrets": st.sampled_from([None, [], [{"name": "own"}] * 2]),
    "resources": st.sampled_from(
        [{}, {"requests": {"memory": "1Ti"}}, {"limits": {"memory": "1k", "a/b": "0"}}]
    ),
}
UNREADABLE = [
    "", "text", "null", "[]", "7", "{", '{"set": []}', '{"set": {"a": 1}}', '{"other": {}}',
    '{"set": null}', "[" * 100_000,
    '{"pods": {"image": "a"}}', '{"pods": []}', '{"pods": {"resources": {"requests": {"a": "b"}}}}',
    '{"was": {"": {"x": NaN}}}', '{"set": {"": {"x": -Infinity}}}',
    json.dumps({"set": {"": {"a": "x" * LARGEST}}}),
]  # fmt: skip


def carrying(document: Json, memory: Any) -> Json:
    """The object with this memory on its template, or on the pod itself."""
    forged = copied(document)
    metadata = template_of(forged).setdefault("metadata", {})
    text = memory if isinstance(memory, str) else json.dumps(memory)
    metadata["annotations"] = {**(metadata.get("annotations") or {}), INJECTED: text}
    return forged


CARRIERS = {
    "bare-pod": pod(**HOSTILE),
    "controlled-pod": pod_of(deployment(**HOSTILE)),
    "template": deployment(**HOSTILE),
}
CARRIERS["controlled-pod"]["metadata"]["labels"] = {"mcp-admission.dev/server": "true"}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("claim", [*CLAIMS, *UNREADABLE])
def test_a_claim_exempts_from_no_check(carrier: str, claim: Any) -> None:
    document = carrying(CARRIERS[carrier], claim)
    first = answer_to(document)

    if first.allowed:  # what it claims to be ours was taken out, and the rest is harmless
        final = applied(document, first)
        assert answer_to(final, hook=VALIDATE).allowed
        assert "privileged" not in json.dumps(template_of(final)["spec"])
    assert {"host-namespaces", "privileged"} <= {*errors(answer_to(document, hook=VALIDATE))}


def test_a_claim_of_what_pods_are_given_passes_no_ceiling() -> None:
    claim = {"pods": {"resources": {"limits": {"memory": "64Gi"}, "requests": {"cpu": "1"}}}}
    ceilings = settings_of(mcpServerMaximums={"limits": {"memory": "1Gi"}})
    plain = pod_of(deployment(template={"labels": {"mcp-admission.dev/server": "true"}}))

    answer = answer_to(carrying(plain, claim), settings=ceilings)

    assert errors(answer) == ["resource-ceilings"]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_cannot_be_read_counts_as_absent(text: str) -> None:
    filled = mutated(carrying(pod(), text))

    assert filled == mutated(pod(annotations={}))


def places(value: Any, place: str = "") -> Iterator[tuple[str, str, Any]]:
    """Each field below a place of the spec: the place, the field, its value."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield place, key, inner
        here = f"{place}.{key}" if place else key
        yield from places(inner, here)
        for at, item in enumerate(inner) if isinstance(inner, list) else ():
            name = item.get("name", at) if isinstance(item, dict) else at
            yield from places(item, f"{here}[{name}]")


@st.composite
def claimed(draw: st.DrawFn) -> Json:
    """An object that claims parts of itself to be ours, and others to have been there before."""
    document = draw(pods() | deployments() | deployments().map(pod_of))
    template_of(document).setdefault("metadata", {}).setdefault("labels", {})
    known = list(places(template_of(document)["spec"]))
    memory: Json = {}
    for _ in range(draw(st.integers(1, 5))):
        place, key, value = draw(st.sampled_from(known))
        kind = draw(st.sampled_from(["set", "set", "was", "items"]))
        if kind == "was":
            value = draw(st.sampled_from(known))[2]
        memory.setdefault(kind, {}).setdefault(place, {})[key] = value
    if draw(st.booleans()):
        memory["pods"] = draw(st.fixed_dictionaries({}, optional=GIVEN))
    return carrying(document, memory)


@given(claimed(), NAMES)
def test_the_patch_makes_the_edited_document(document: Json, policy: str) -> None:
    asked = request(document)
    answer = review(asked, POLICIES[policy], OPTED_IN)

    if answer.allowed:
        assert same(applied(document, answer), asked.object)


@given(claimed(), st.sampled_from(RESTRICTED))
def test_what_is_admitted_satisfies_the_standard(document: Json, policy: str) -> None:
    answer = answer_to(document, None, POLICIES[policy])

    if answer.allowed and answer.covered:
        assert violations(template_of(applied(document, answer)), "restricted") == []


@given(claimed(), claimed(), NAMES)
def test_updates_between_claims_get_an_answer(old: Json, new: Json, policy: str) -> None:
    if old["kind"] == new["kind"]:
        asked = request(new, old)
        answer = review(asked, POLICIES[policy], OPTED_IN)

        if answer.allowed:
            assert same(applied(new, answer), asked.object)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.floats(-1, 1) | st.sampled_from("a0"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


@given(JSON_VALUES, JSON_VALUES)
def test_items_are_told_apart_as_their_json_is(one: Json, other: Json) -> None:
    """True is not 1, 1 is not 1.0, and an empty object is no empty list."""
    texts = [json.dumps(value, sort_keys=True) for value in (one, other)]

    assert (_hashable(one) == _hashable(other)) == (texts[0] == texts[1])
