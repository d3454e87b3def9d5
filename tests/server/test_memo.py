"""What the memo keeps, for how long, and what it counts."""

import json

import pytest

from tests.server.new_pods import ONE, OTHER, OWNER, POD, Individual, new_pod
from tests.server.reviews import answered
from webhook.admission import Answer, Finding, Hook, Request, Severity
from webhook.observe.logs import LONGEST_VALUE, MOST_REASONS
from webhook.observe.metrics import Metrics
from webhook.server import memo as memo_module
from webhook.server.admission_review import decode_review, encode_review
from webhook.server.decision import Decision
from webhook.server.memo import FINDING_BYTES, MOST_BYTES_OF_ONE, Kept, Memo
from webhook.server.memo_key import Recognised, recognise
from webhook.server.settings_file import InForce
from webhook.settings import Settings, SettingsByNamespace

CLUSTER = SettingsByNamespace(Settings())
SETTINGS = InForce(CLUSTER)
PATH = "validate opted-in"


def asked(one: Individual = ONE, namespace: str = "tools") -> Recognised:
    found = recognise(new_pod(POD, Hook.VALIDATE, one, namespace=namespace), lambda _: True)
    assert found is not None
    return found


def about(found: Recognised, answer: Answer) -> tuple[Request, Decision]:
    """The key as a request, and the answer as it is written for it."""
    request = decode_review(found.key, Hook.VALIDATE)
    return request, Decision(encode_review(request.uid, answer, Hook.VALIDATE), answer)


def keep(memo: Memo, found: Recognised, answer: Answer = Answer(allowed=True)) -> Kept | None:  # noqa: B008
    memo.came_before(PATH, b"owner", SETTINGS)
    memo.find(PATH, found)
    return memo.keep(PATH, found, *about(found, answer))


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"mcp_admission_{name}", labels) or 0.0


def test_the_answer_about_one_pod_is_given_to_the_next() -> None:
    metrics = Metrics()
    memo = Memo(metrics)
    keep(memo, asked(), Answer(allowed=True, warnings=("w",)))
    found = memo.find(PATH, asked(OTHER))
    assert found is not None
    request, decision = found.about(asked(OTHER))

    assert answered(decision.body) == {"uid": OTHER.review, "allowed": True, "warnings": ["w"]}
    assert (request.uid, request.name) == (OTHER.review, "github-tools-6d9f-zzzzz")
    assert value(metrics, "memo_lookups_total", result="hit") == 1
    assert value(metrics, "memo_lookups_total", result="miss") == 1


def test_what_came_before_is_known_by_path() -> None:
    memo = Memo(Metrics())
    came = [memo.came_before(PATH, owners, SETTINGS) for owners in (b"a", b"b", b"a")]

    assert came == [False, False, True]
    assert not memo.came_before("validate managed", b"a", SETTINGS)


def test_what_is_counted_and_logged_is_kept_and_nothing_else() -> None:
    finding = Finding("capabilities", Severity.ERROR, "/spec", "a message")
    answer = Answer(
        allowed=False, code=403, message="no", findings=(finding,), operations=({"op": "x"},)
    )
    kept = keep(Memo(Metrics()), asked(), answer)
    assert kept is not None
    request, decision = kept.about(asked())

    assert request.object == {"metadata": {"generateName": "github-tools-6d9f-"}}
    assert (request.user, request.groups, request.namespace) == (
        "system:serviceaccount:kube-system:replicaset-controller",
        (),
        "tools",
    )
    assert (request.operation, request.kind, request.dry_run) == ("CREATE", "Pod", False)
    told = decision.answer
    assert told.findings == (Finding("capabilities", Severity.ERROR, "", "a message"),)
    assert (told.allowed, told.code, told.message, bool(told.operations)) == (False, 403, "", True)
    assert answered(decision.body)["status"]["message"] == "no"


def test_what_is_logged_is_kept_within_bounds_and_counts_as_memory() -> None:
    few, many = (
        keep(
            Memo(Metrics()),
            asked(),
            Answer(
                False, 403, "no", findings=(Finding("a", Severity.ERROR, "/", "m" * 900),) * count
            ),
        )
        for count in (1, 40)
    )
    assert few is not None
    assert many is not None

    told = many.decision.answer.findings
    assert [len(each.message) for each in told] == [LONGEST_VALUE] * MOST_REASONS + [0] * 30
    kept = sum(len(each.message) for each in told)
    assert many.size - few.size == 39 * FINDING_BYTES + kept - LONGEST_VALUE


def test_an_answer_whose_reasons_name_the_pod_is_kept_for_no_other() -> None:
    found = asked()
    name = decode_review(found.key, Hook.VALIDATE).name
    quoting = Answer(True, findings=(Finding("a", Severity.WARNING, "/", f"{name} is old"),))

    assert keep(Memo(Metrics()), found, quoting) is None


@pytest.mark.parametrize("other", [InForce(CLUSTER), InForce(CLUSTER, (CLUSTER,))])
def test_other_settings_forget_all_answers(other: InForce) -> None:
    """Also equal ones: what is in force is known by identity, and held."""
    metrics = Metrics()
    memo = Memo(metrics)
    keep(memo, asked())
    memo.give_up(PATH, asked(namespace="b"))

    assert not memo.came_before(PATH, b"owner", other)
    assert memo.find(PATH, asked()) is None
    assert memo.may_keep(PATH, asked(namespace="b"))
    assert value(metrics, "memo_bytes") == 0
    assert memo.find(PATH, asked()) is None


def test_another_path_has_another_answer() -> None:
    memo = Memo(Metrics())
    keep(memo, asked())

    assert memo.find("validate managed", asked()) is None


def test_the_answer_that_was_asked_for_least_recently_makes_room() -> None:
    metrics = Metrics()
    first = keep(Memo(Metrics()), asked(namespace="a"))
    assert first is not None
    memo = Memo(metrics, most_bytes=2 * first.size)
    for namespace in ("a", "b"):
        keep(memo, asked(namespace=namespace))
    memo.find(PATH, asked(namespace="a"))
    keep(memo, asked(namespace="c"))
    found = {
        namespace: memo.find(PATH, asked(namespace=namespace)) is not None
        for namespace in ("a", "b", "c")
    }

    assert found == {"a": True, "b": False, "c": True}
    assert value(metrics, "memo_bytes") == 2 * first.size


def test_the_bytes_are_those_of_key_and_answer_and_more() -> None:
    kept = keep(Memo(Metrics()), asked())
    assert kept is not None

    assert kept.size > len(asked().key) + len(kept.decision.body)


def test_an_answer_that_takes_too_much_is_given_and_not_kept() -> None:
    metrics = Metrics()
    memo = Memo(metrics)
    kept = keep(memo, asked(), Answer(allowed=True, warnings=("w" * MOST_BYTES_OF_ONE,)))

    assert kept is not None
    assert memo.find(PATH, asked()) is None
    assert value(metrics, "memo_bytes") == 0


@pytest.mark.parametrize("answer", [Answer(allowed=False, message="pod-`````", code=403)])
def test_an_answer_about_blanks_is_not_kept(answer: Answer) -> None:
    assert keep(Memo(Metrics()), asked(), answer) is None


def test_the_answer_of_a_review_that_failed_is_not_kept() -> None:
    memo = Memo(Metrics())
    request, decision = about(asked(), Answer(allowed=False, code=500))

    assert memo.keep(PATH, asked(), request, decision._replace(error=ValueError())) is None


def test_keys_that_were_given_up_are_remembered_within_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memo_module, "MOST_NOTED", 2)
    memo = Memo(Metrics())
    for namespace in ("a", "b", "c"):
        memo.give_up(PATH, asked(namespace=namespace))

    assert [memo.may_keep(PATH, asked(namespace=each)) for each in ("a", "b", "c", "d")] == [
        True, True, False, True,
    ]  # fmt: skip


def test_a_name_in_the_key_is_that_of_the_request() -> None:
    pod = {**POD, "metadata": {"name": "web-tools", "ownerReferences": [OWNER]}}
    body = new_pod(pod, Hook.VALIDATE)
    found = recognise(body, lambda _: True)
    assert found is not None
    request, decision = about(found, Answer(allowed=True))
    kept = Memo(Metrics()).keep(PATH, found, request, decision)
    assert kept is not None

    assert kept.about(found)[0].name == "web-tools" == json.loads(body)["request"]["name"]
