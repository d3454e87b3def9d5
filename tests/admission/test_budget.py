"""What is too large to review is refused unread, and words are made for the first objections."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.case import (
    INJECTED,
    MANAGED,
    MUTATE,
    NAME,
    SERVER,
    VALIDATE,
    Json,
    answer_to,
    deployment,
    errors,
    pod,
)
from tests.builders import of_kind
from tests.rules.case import settings_of
from webhook.admission import budget, drift
from webhook.admission.answer import (
    MOST_OF_WARNINGS,
    MOST_REASONS,
    Finding,
    Severity,
    allow,
)
from webhook.admission.budget import (
    MOST_CONTAINERS,
    MOST_IN_ALL,
    MOST_IN_ONE_LIST,
    MOST_OBJECTIONS,
    MOST_SAID,
    SMALL,
    ObjectBounds,
    TooLarge,
)
from webhook.admission.workload import DEPLOYMENTS, Hook, stored
from webhook.rules.checks.identity import MOST_LABELS
from webhook.settings.model import Settings

LONG = "v" * 40
MANY = [{"key": f"{LONG}{at}"} for at in range(9_000)]
AS_MANY = [{"key": f"{LONG}{at}"} for at in range(MOST_IN_ONE_LIST)]
MANY_FIELDS: Json = {f"{LONG}{at}": "" for at in range(3_000)}
SENTENCE = (
    "too large to review: 9,000 tolerations in spec; a pod here has at most 2,000 items in one "
    "list: take some out (object)"
)
WARN = settings_of(onConflict="warn")
OVERRIDE = settings_of(onConflict="override")


def container(**fields: Any) -> Json:
    return {"name": "main", "image": "example.test/mcp:1", **fields}


def finding_of(document: Json) -> str:
    """Why the document is refused before a rule reads it."""
    answer = answer_to(document)

    assert (answer.allowed, answer.code) == (False, 422)
    (finding,) = answer.findings
    return f"{finding.path}: {finding.message}"


def test_what_is_too_large_is_refused_in_one_sentence() -> None:
    answer = answer_to(pod(tolerations=MANY))

    assert (answer.allowed, answer.code, answer.operations) == (False, 422, ())
    assert SENTENCE in answer.message
    assert [each.path for each in answer.findings] == ["/spec/tolerations"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            deployment(tolerations=MANY),
            (
                "/spec/template/spec/tolerations: too large to review: 9,000 tolerations in "
                "spec.template.spec; "
            ),
        ),
        (
            pod(containers=[container(env=[{"name": LONG}] * 5_000)]),
            "/spec/containers/0/env: too large to review: 5,000 env in spec.containers[main]; ",
        ),
        (
            pod(annotations={f"example.com/{LONG}{at}": "" for at in range(3_000)}),
            "/metadata/annotations: too large to review: 3,000 annotations in metadata; ",
        ),
        (
            pod(**MANY_FIELDS),
            "/spec: too large to review: 3,001 spec; ",
        ),
        (
            pod(volumes=[{"name": "a.b", "x/y": [LONG] * 3_000}]),
            "/spec/volumes/0/x~1y: too large to review: 3,000 x/y in spec.volumes[a.b]; ",
        ),
        (
            pod(containers=[container(env=[{"name": LONG, "value": ""}] * 1_500)] * 30),
            (
                "/spec/containers/0/env: too large to review: more than 100,000 items, of them "
                "1,500 env in spec.containers[main]; a pod here has at most 100,000 items in all "
                "its lists"
            ),
        ),
    ],
    ids=["template", "container", "annotations", "spec", "volume", "all"],
)
def test_the_list_that_is_too_long_is_named(document: Json, expected: str) -> None:
    assert finding_of(document).startswith(expected)


@pytest.mark.parametrize("key", ["containers", "initContainers", "ephemeralContainers"])
def test_more_containers_than_any_node_starts_are_refused(key: str) -> None:
    many: Json = {"containers": [], key: [container()] * (MOST_CONTAINERS + 1)}

    assert finding_of(pod(**many)) == (
        "/spec: too large to review: 251 containers; a pod here has at most 250 of them: "
        "take some out"
    )


def test_as_many_containers_as_are_reviewed_are_admitted() -> None:
    containers = [container(name=f"c{at}") for at in range(MOST_CONTAINERS)]

    assert answer_to(pod(containers=containers)).allowed


def test_pods_of_any_use_are_admitted() -> None:
    env = [
        {"name": f"{LONG}{at}", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
        for at in range(500)
    ]
    thirty = [container(name=f"c{at}", env=env) for at in range(30)]
    much = container(env=[{"name": f"{LONG}{at}", "value": "v"} for at in range(1_500)])

    assert answer_to(pod(containers=thirty)).allowed
    assert answer_to(pod(containers=[much])).allowed


def test_what_is_small_as_text_is_not_counted() -> None:
    many = pod(imagePullSecrets=[{}] * 5_000)

    assert answer_to(many).allowed
    assert answer_to(many, size=len(json.dumps(many))).allowed
    assert not answer_to(pod(tolerations=[0] * 20_000)).allowed


def test_a_text_that_is_no_unicode_is_too_large_among_many() -> None:
    assert not answer_to(pod(tolerations=["\ud800"] * 5_000)).allowed


def test_rules_may_add_to_as_much_as_people_may_write() -> None:
    fleet = settings_of(mcpServerDefaults={"imagePullSecrets": [{"name": "fleet"}]})
    secrets = [{"name": f"{LONG}{at}"} for at in range(MOST_IN_ONE_LIST)]
    filled_in = pod(labels={SERVER: "true", NAME: "tools"}, imagePullSecrets=[*secrets, {"a": ""}])

    assert answer_to(pod(imagePullSecrets=secrets), settings=fleet).allowed
    assert answer_to(filled_in, hook=VALIDATE).code == 403
    owner = {"kind": "ReplicaSet", "name": "tools-1", "controller": True}
    filled_in["metadata"]["ownerReferences"] = [owner]
    assert answer_to(filled_in).allowed


def test_a_binding_is_measured() -> None:
    binding = {"metadata": {"labels": {f"{LONG}{at}": "" for at in range(3_000)}}}

    answer = answer_to(binding, resource="bindings")

    assert (answer.allowed, answer.code) == (False, 422)


@pytest.mark.parametrize("hook", list(Hook))
def test_what_is_not_ours_may_be_of_any_size(hook: Hook) -> None:
    answer = answer_to(pod(labels={}, tolerations=MANY), hook=hook)

    assert (answer.allowed, answer.covered) == (True, False)


@pytest.mark.parametrize("hook", list(Hook))
class TestUpdatesOfWhatIsTooLarge:
    """What was stored before there were bounds can be changed elsewhere, and mended."""

    def test_a_deployment_is_scaled_and_released(self, hook: Hook) -> None:
        old = deployment(labels={SERVER: "true"}, tolerations=MANY)
        new = json.loads(json.dumps(old))
        new["metadata"]["finalizers"] = []
        new["spec"]["replicas"] = 0

        assert answer_to(new, old, hook=hook).allowed

    def test_a_template_that_changes_is_refused(self, hook: Hook) -> None:
        old = deployment(tolerations=MANY)
        new = deployment(tolerations=MANY, hostNetwork=False)

        assert answer_to(new, old, hook=hook).code == 422
        assert answer_to(new | {"metadata": labelled("false")}, old, hook=hook).code == 422

    def test_a_deployment_is_mended(self, hook: Hook) -> None:
        memory = {
            "annotations": {INJECTED: json.dumps({"items": {"": {"tolerations": MANY[:50]}}})}
        }
        old = deployment(template=memory, tolerations=MANY)
        new = deployment(template={"labels": {SERVER: "true", NAME: "tools"}})

        assert answer_to(new, old, hook=hook).code != 422

    def test_a_pod_is_released(self, hook: Hook) -> None:
        memory = json.dumps({"items": {"": {"tolerations": MANY[:50]}}})
        old = pod(annotations={INJECTED: memory}, tolerations=MANY)
        new = json.loads(json.dumps(old))
        new["metadata"]["finalizers"] = []

        answer = answer_to(new, old, hook=hook)

        assert (answer.allowed, answer.operations) == (True, ())

    def test_another_workload_gets_a_warning(self, hook: Hook) -> None:
        made = of_kind("StatefulSet", tolerations=MANY)

        answer = answer_to(made, hook=hook)

        assert answer.allowed
        if hook is VALIDATE:
            assert answer.pods_refused
            assert "pods will be refused: too large to review" in answer.warnings[0]


def labelled(value: str) -> Json:
    return {"name": "tools", "namespace": "tools", "labels": {SERVER: value}}


def test_what_is_stored_is_too_large_to_judge() -> None:
    found = deployment(tolerations=MANY)
    found["metadata"]["uid"] = "1"

    judged = drift.drift_of(found, Settings(), MANAGED)

    assert judged.state == drift.REFUSED
    assert "too large to review" in judged.reasons[0].message
    with pytest.raises(TooLarge):
        stored(found, DEPLOYMENTS)


@pytest.mark.parametrize("document", [None, [], {"spec": []}, {"metadata": [], "spec": None}])
def test_odd_shapes_have_a_size(document: Any) -> None:
    budget.measure(document, ("spec", "template"), budget.WRITTEN, None)


def with_capabilities(containers: int, names: int) -> Json:
    added = [f"C{at}" for at in range(names)]
    return pod(
        containers=[
            container(name=f"c{at}", securityContext={"capabilities": {"add": added.copy()}})
            for at in range(containers)
        ]
    )


def test_the_first_reasons_are_said_and_the_rest_is_counted() -> None:
    """One warning is beside them: the server is a guess."""
    answer = answer_to(with_capabilities(10, 99))

    assert f"  and {990 - MOST_REASONS} more" in answer.message.splitlines()
    assert sum(each.more or 1 for each in answer.findings) == 991
    assert len(answer.findings) == MOST_SAID + 2
    assert answer.findings[-1].message == f"and {990 - MOST_SAID} more"


def test_warnings_are_counted_too() -> None:
    answer = answer_to(with_capabilities(10, 99), settings=WARN)

    assert answer.allowed
    told = len(answer.warnings) - 1
    assert answer.warnings[-1] == f"and {991 - told} more warnings"


def test_what_is_overridden_is_said_as_far_as_it_is_read() -> None:
    answer = answer_to(with_capabilities(10, 99), settings=OVERRIDE)

    assert answer.allowed
    told = len(answer.warnings) - 1
    assert answer.warnings[-1] == f"and {991 - told} more warnings"
    assert "C0" in answer.findings[0].message


@pytest.mark.parametrize("settings", [Settings(), WARN, OVERRIDE])
@pytest.mark.parametrize("hook", list(Hook))
def test_more_objections_than_are_counted_refuse(settings: Settings, hook: Hook) -> None:
    answer = answer_to(with_capabilities(30, 99), settings=settings, hook=hook)

    assert (answer.allowed, answer.code) == (False, 403)
    assert "too large to review: more than 1,000 objections; mend the first" in answer.message
    assert sum(each.more or 1 for each in answer.findings) <= 2 * MOST_OBJECTIONS + 3


def test_the_reasons_that_were_found_stand_behind_it() -> None:
    answer = answer_to(with_capabilities(30, 99), hook=VALIDATE)

    assert "object" in errors(answer)
    assert "capabilities" in answer.message or "run-as-non-root" in answer.message


def test_objections_to_what_a_resize_leaves_alone_do_not_count() -> None:
    ceilings = settings_of(mcpServerMaximums={"limits": {"memory": "1Gi"}})
    large = {"limits": {"memory": "2Gi"}}
    old = pod(containers=[container(name=f"c{at}", resources=large) for at in range(200)])
    new = json.loads(json.dumps(old))
    new["spec"]["containers"][7]["resources"]["limits"]["memory"] = "3Gi"

    answer = answer_to(new, old, subresource="resize", hook=VALIDATE, settings=ceilings)

    assert [each.path for each in answer.findings] == ["/spec/containers/7/resources/limits/memory"]


def test_warnings_end_where_reasons_end() -> None:
    annotations = {f"mcp-admission.dev/x{at}": "" for at in range(MOST_REASONS + 5)}
    large = pod(labels={SERVER: "true", NAME: "tools"}, annotations=annotations)

    warnings = answer_to(large).warnings

    told = len(warnings) - 1
    assert sum(map(len, warnings[:-1])) <= MOST_OF_WARNINGS
    assert warnings[-1] == f"and {MOST_REASONS + 5 - told} more warnings"


def test_short_warnings_end_where_reasons_end() -> None:
    findings = [Finding("a", Severity.WARNING, "", "x")] * (MOST_REASONS + 5)

    assert allow(findings).warnings[-1] == "and 5 more warnings"
    assert len(allow(findings).warnings) == MOST_REASONS + 1


def test_warnings_without_words_are_counted() -> None:
    more = Finding("a", Severity.WARNING, "", "and 7 more", more=7)

    assert allow([more, more]).warnings == ("and 14 more warnings",)


MISSPELLED = {f"mcp-admission.dev/sereve{at}": "" for at in range(1_500)}


@pytest.mark.parametrize("hook", [MUTATE, VALIDATE])
@pytest.mark.parametrize(
    "large",
    [
        deployment(labels=MISSPELLED),
        deployment(labels={}, template={"labels": MISSPELLED}),
        deployment(labels=MISSPELLED | {SERVER: "true"}),
        pod(labels=MISSPELLED),
    ],
    ids=["workload", "template", "server", "pod"],
)
def test_what_was_meant_is_told_of_the_first_labels(large: Json, hook: Hook) -> None:
    """Whether it is ours or not: to find what each of them is like takes longer than to decode."""
    answer = answer_to(large, hook=hook)

    told = [each for each in answer.findings if "did you mean" in each.message]
    assert len(told) == MOST_LABELS


def test_what_was_meant_is_told_of_the_first_annotations() -> None:
    answer = answer_to(pod(annotations={f"mcp-admission.dev/portt{at}": "" for at in range(300)}))

    told = [each for each in answer.findings if "did you mean" in each.message]
    assert len(told) == MOST_SAID
    assert sum(each.more or 1 for each in answer.findings) == 300


def test_a_name_that_no_container_can_have_is_in_no_sentence() -> None:
    """It would be in a hundred of each rule."""
    context = {"capabilities": {"add": ["NET_ADMIN"]}}
    long, longest = "n" * 254, "n" * 253
    containers = [container(securityContext=context) | {"name": name} for name in (long, longest)]

    messages = [each.message for each in answer_to(pod(containers=containers)).findings]

    place = "securityContext.capabilities.add"
    assert any(each.startswith(f"containers[0].{place}") for each in messages)
    assert any(each.startswith(f"containers[{longest}].{place}") for each in messages)


def test_the_bounds_are_those_that_the_pages_name() -> None:
    assert (MOST_CONTAINERS, MOST_IN_ONE_LIST, MOST_IN_ALL) == (250, 2_000, 100_000)
    assert MOST_OBJECTIONS == 1_000


INSIDE = st.recursive(
    st.none() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=2), inner),
)


def exceeds(document: Json, bounds: ObjectBounds, commas: int | None) -> bool:
    try:
        budget.measure(document, (), bounds, SMALL + 1, commas)
    except TooLarge:
        return True
    return False


@given(INSIDE, INSIDE)
def test_the_commas_of_its_text_save_counting_and_change_nothing(one: Any, other: Any) -> None:
    """As long as the text is too long to be read uncounted."""
    spec = {"a": one, "b": "x" * SMALL}
    document: Json = {"spec": spec, "metadata": {"annotations": other}}
    commas = json.dumps(document).count(",")

    for most in range(1, 6):
        bounds = ObjectBounds(most, SMALL)
        assert exceeds(document, bounds, commas) is exceeds(document, bounds, None)
