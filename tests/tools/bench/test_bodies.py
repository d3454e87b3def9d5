"""The recorded reviews: what differs from pod to pod, and what the product answers."""

import base64
import json

import pytest

from tools.bench.bodies import BARE, COMMON, TEMPLATE, Case, Text, blank, sized, slots_of
from tools.bench.manifests import MARK
from tools.bench.results import WrongAnswerError
from webhook.admission import Hook

CASES = [sized(case, size) for case in COMMON for size in ("one", "two", "thirty")]


def _pod(text: str) -> dict[str, object]:
    pod: dict[str, object] = json.loads(text)["request"]["object"]
    return pod


def test_a_number_is_written_into_the_slots_in_hexadecimal_digits() -> None:
    text = Text("a-0000-b-00", ((2, 4), (9, 2)))

    assert text.numbered(0x1FE) == "a-01fe-b-fe"
    assert text.as_json()["slots"] == [{"at": 2, "width": 4}, {"at": 9, "width": 2}]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.word)
@pytest.mark.parametrize("fresh", [True, False], ids=["fresh", "seen"])
def test_the_product_allows_every_body_and_patches_those_that_it_mutates(
    case: Case, *, fresh: bool
) -> None:
    answered = case.answer(fresh=fresh).numbered(7)

    response = json.loads(answered)["response"]
    assert response["uid"] == json.loads(case.body(fresh=fresh).numbered(7))["request"]["uid"]
    assert case.allowed().numbered(7) in answered
    if case.hook is Hook.MUTATE:
        assert json.loads(base64.b64decode(response["patch"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.word)
def test_a_pod_that_comes_for_the_first_time_differs_in_its_spec(case: Case) -> None:
    first, second = (_pod(case.body(fresh=True).numbered(number)) for number in (1, 2))

    assert first["spec"] != second["spec"]


def test_pods_of_a_filled_in_template_have_one_spec() -> None:
    first, second = (_pod(TEMPLATE.body(fresh=False).numbered(number)) for number in (1, 2))

    assert first["spec"] == second["spec"]


def test_a_pod_that_lacks_everything_has_a_token_volume_of_its_own() -> None:
    first, second = (BARE.body(fresh=False).numbered(number) for number in (1, 2))

    assert first != second
    assert blank(first) == blank(second)
    assert first.replace("kube-api-access-00001", "kube-api-access-00002").count(
        "kube-api-access-00002"
    ) == second.count("kube-api-access-00002")


def test_thirty_containers_are_thirty_like_the_one() -> None:
    counts = [
        len(_pod(sized(BARE, size).recorded)["spec"]["containers"])  # type: ignore[index]
        for size in ("one", "thirty")
    ]

    assert counts == [1, 30]


def test_images_alone_bear_the_mark() -> None:
    for case in CASES:
        assert case.recorded.count(MARK) == case.recorded.count(f'-{MARK}",')


def test_a_body_that_is_not_ascii_has_no_places() -> None:
    with pytest.raises(UnicodeEncodeError):
        slots_of('{"request": "ä"}', fresh=True)


def test_an_answer_that_lacks_its_patch_voids_the_run() -> None:
    wrong = Case("wrong", "wrong", Hook.VALIDATE, TEMPLATE.file, patched=True)

    with pytest.raises(WrongAnswerError, match="wrong: the engine answers"):
        wrong.answer(fresh=True)
