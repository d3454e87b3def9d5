"""The reviews of one path, without HTTP: what is asked, answered, counted and kept."""

import json
import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.objects import pods
from tests.admission.policies import POLICIES, SCOPES
from tests.in_memory.defaults import with_plugins
from tests.rules import pods as hostile
from tests.rules.case import edition
from tests.rules.standard import violations
from tests.server import new_pods
from tests.server.new_pods import GENERATED, MOUNT, ONE, OTHER, OWNER, Json, new_pod
from tests.server.reviews import POD, answered, posted
from tests.server.serving import Recorder, in_force
from webhook.admission import Answer, Finding, Hook, Request, Scope, Severity, review
from webhook.observe.logs import JsonLines
from webhook.observe.metrics import Metrics
from webhook.server.admission_review import decode_review
from webhook.server.decision import UNREVIEWED, Reviewer, make_decision
from webhook.server.judge import Judge
from webhook.server.memo import Memo
from webhook.server.settings_file import InForce, SettingsFile
from webhook.server.turns import RejectedError
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings
from webhook.settings.server_exception import ServerException

STRICT, LENIENT = (Settings.model_validate({"onConflict": action}) for action in ("deny", "warn"))


def judging(
    reviewer: Reviewer,
    *accepted: Settings,
    current: Settings = STRICT,
    hook: Hook = Hook.MUTATE,
    scope: Scope = Scope.OPTED_IN,
    metrics: Metrics | None = None,
) -> Judge:
    """A judge of one path by these settings."""
    settings = SettingsFile(None)
    settings.in_force = in_force(current, *accepted)
    metrics = metrics or Metrics()
    return Judge(
        hook, scope, settings=settings, metrics=metrics, reviewer=reviewer, memo=Memo(metrics)
    )


def emptying(objects: list[Any]) -> Reviewer:
    """A review that notes each object and empties it; the lenient settings alone allow it."""

    def reviewer(request: Request, settings: Settings, scope: Scope) -> Answer:
        objects.append(dict(request.object))
        request.object.clear()
        return Answer(allowed=settings is LENIENT, code=403)

    return reviewer


def test_a_review_is_asked_by_the_path_and_the_settings_in_force() -> None:
    reviewer = Recorder()
    body = judging(reviewer).answer(bytearray(posted()), time.monotonic())

    assert answered(body)["allowed"]
    ((request, settings, scope),) = reviewer.asked
    assert (request.hook, request.object, scope) == (Hook.MUTATE, POD, Scope.OPTED_IN)
    assert settings is STRICT


def test_accepted_settings_see_what_was_sent_and_not_what_was_edited() -> None:
    """A review edits its object in place."""
    objects: list[Any] = []

    reviewer = emptying(objects)
    body = judging(reviewer, STRICT, LENIENT).answer(bytearray(posted()), time.monotonic())

    assert answered(body)["allowed"]
    assert objects == [POD] * 3


def test_what_is_no_review_is_rejected_with_400() -> None:
    with pytest.raises(RejectedError) as rejected:
        judging(Recorder()).answer(bytearray(b"{}"), time.monotonic())

    assert rejected.value.status is HTTPStatus.BAD_REQUEST
    assert rejected.value.sentence.startswith("the body is not an AdmissionReview of ")


def test_what_would_fill_the_memory_is_refused_unread() -> None:
    reviewer = Recorder()
    lists = b"[" + b"[]," * 2_000_000 + b"0]"
    sent = bytearray(posted(object="%").replace(b'"%"', lists))
    body = judging(reviewer).answer(sent, time.monotonic())

    assert answered(body)["status"]["message"].startswith("too large to review: ")
    assert reviewer.asked == []


MODES = {mode: Settings.model_validate({"mode": mode}) for mode in ("observe", "warn", "enforce")}


def teams(settings: SettingsFile, cluster: Settings, team: Settings) -> None:
    """Let one team have settings of its own."""
    settings.in_force = InForce(Teams(cluster, team), digest="0123")


class Teams(SettingsByNamespace):
    """The settings of the cluster, and those of the namespace `team`."""

    def __init__(self, cluster: Settings, team: Settings) -> None:
        super().__init__(cluster)
        self._team = team

    def of(self, namespace: str) -> Settings:
        return self._team if namespace == "team" else self.cluster


SPOILT = posted(object=0).replace(b'"object": 0', b'"object": %s' % (b"9" * 5000))
LISTS = posted(object="%").replace(b'"%"', b"[" + b"[]," * 2_000_000 + b"0]")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("sent", "word"), [(LISTS, "would-refuse"), (SPOILT, "error")])
def test_what_cannot_be_read_passes_where_nothing_is_enforced(
    sent: bytes, word: str, mode: str
) -> None:
    """And is counted; the head of the review says which namespace it is."""
    metrics = Metrics()
    judge = judging(review, current=MODES[mode], hook=Hook.VALIDATE, metrics=metrics)
    spoilt_and_enforced = mode == "enforce" and word == "error"
    with pytest.raises(RejectedError) if spoilt_and_enforced else nullcontext():
        answer = answered(judge.answer(bytearray(sent), 0.0))
    if mode == "enforce":
        assert spoilt_and_enforced or not answer["allowed"]
        return

    assert answer["allowed"]
    assert answer.get("warnings", []) == ([UNREVIEWED] if mode == "warn" else [])
    assert answer["auditAnnotations"] == {"decision": word}
    errors = metrics.registry.get_sample_value("mcp_admission_internal_errors_total")
    assert errors == (word == "error")


def test_what_enforce_would_do_is_counted_from_zero() -> None:
    metrics = Metrics()
    for hook in Hook:
        judging(review, hook=hook, metrics=metrics)
    zeros = [
        sample.labels["decision"]
        for metric in metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "mcp_admission_reviews_total" and not sample.value
    ]

    assert zeros == ["would-patch", "would-refuse"] * 4


@pytest.mark.parametrize("enforced", ["team", "other"])
def test_each_namespace_has_its_own_mode_for_what_cannot_be_read(enforced: str) -> None:
    metrics = Metrics()
    judge = judging(review, hook=Hook.VALIDATE, metrics=metrics)
    off, on = MODES["observe"], MODES["enforce"]
    teams(judge._settings, *((off, on) if enforced == "team" else (on, off)))
    for namespace in ("team", "other"):
        sent = bytearray(
            SPOILT.replace(b'"namespace": "tools"', b'"namespace": "%s"' % namespace.encode())
        )
        with pytest.raises(RejectedError) if namespace == enforced else nullcontext():
            assert answered(judge.answer(sent, 0.0))["allowed"]


HOOKS = list(Hook)
# No key is made of the first pod of its owners, and the second key is the first that may be kept.
FIRST = ONE._replace(review="f" * 36, letters="first", token="first")
SECOND = ONE._replace(review="e" * 36, letters="other", token="other")


@pytest.mark.parametrize("hook", HOOKS)
def test_the_fourth_pod_of_a_template_gets_the_answer_of_the_third(hook: Hook) -> None:
    reviewer, metrics = Recorder(Answer(allowed=True, warnings=("w",))), Metrics()
    judge = judging(reviewer, hook=hook, metrics=metrics)
    pods = (FIRST, SECOND, ONE, OTHER, ONE)
    answers = [judge.answer(new_pod(new_pods.POD, hook, one), 0.0) for one in pods]

    assert len(reviewer.asked) == 3
    assert [answered(body)["uid"] for body in answers] == [one.review for one in pods]
    assert {tuple(answered(body)["warnings"]) for body in answers} == {("w",)}
    counted = {"hook": hook.value, "scope": "opted-in", "operation": "CREATE", "kind": "Pod"}
    counted |= {"decision": "allowed", "dry_run": "false"}
    assert metrics.registry.get_sample_value("mcp_admission_reviews_total", counted) == 5


def test_what_the_review_sees_of_a_pod_is_the_key() -> None:
    """By construction: nothing that differs between the pods of a key is in reach."""
    reviewer = Recorder()
    judge = judging(reviewer, hook=Hook.VALIDATE)
    for one in (FIRST, SECOND, ONE):
        judge.answer(new_pod(new_pods.POD, Hook.VALIDATE, one), 0.0)
    *_, (request, _, _) = reviewer.asked

    for made_up in ONE:
        assert made_up not in repr(request)


def test_each_pod_is_logged_by_its_own_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    finding = Finding("capabilities", Severity.WARNING, "/spec", "a message")
    reviewer = Recorder(Answer(allowed=True, findings=(finding,)))
    judge = judging(reviewer, hook=Hook.VALIDATE)
    for one in (FIRST, SECOND, ONE, OTHER):
        judge.answer(new_pod(new_pods.POD, Hook.VALIDATE, one), 0.0)

    lines = [JsonLines().format(record) for record in caplog.records]
    for one, line in zip((FIRST, SECOND, ONE, OTHER), map(json.loads, lines), strict=True):
        assert (line["name"], line["uid"]) == (f"{GENERATED}{one.letters}", one.review)
        assert (line["decision"], line["rules"]) == ("allowed", ["capabilities"])


def test_an_answer_that_quotes_the_name_is_made_for_each_pod() -> None:
    names: list[str] = []

    def reviewer(request: Request, settings: Settings, scope: Scope) -> Answer:
        names.append(request.name)
        return Answer(allowed=False, code=403, message=request.name)

    judge = judging(reviewer, hook=Hook.VALIDATE)
    for one in (FIRST, SECOND, ONE, OTHER):
        body = judge.answer(new_pod(new_pods.POD, Hook.VALIDATE, one), 0.0)
        assert answered(body)["status"]["message"] == f"{GENERATED}{one.letters}"

    assert names == [
        f"{GENERATED}{letters}" for letters in ("first", "other", "`````", "b8cnm", "zzzzz")
    ]


def test_a_review_that_failed_is_no_answer_for_others() -> None:
    def reviewer(request: Request, settings: Settings, scope: Scope) -> Answer:
        raise KeyError

    metrics = Metrics()
    judge = judging(reviewer, metrics=metrics)
    for one in (FIRST, SECOND, ONE, OTHER):
        answer = answered(judge.answer(new_pod(new_pods.POD, Hook.MUTATE, one), 0.0))
        assert one.review in answer["status"]["message"]

    assert metrics.registry.get_sample_value("mcp_admission_internal_errors_total") == 4


def test_accepted_settings_are_asked_about_the_key_as_it_was_sent() -> None:
    objects: list[Any] = []

    judge = judging(emptying(objects), LENIENT)
    pods = (FIRST, SECOND, ONE, OTHER)
    answers = [judge.answer(new_pod(new_pods.POD, Hook.MUTATE, one), 0.0) for one in pods]

    assert all(answered(body)["allowed"] for body in answers)
    assert [named["metadata"]["generateName"] for named in objects] == [GENERATED] * 6
    assert objects[4] == objects[5]


FULL_NAME = f"{GENERATED}{ONE.letters}"
TOKEN = MOUNT["name"]
# What an author might write to be taken for another pod, or to have another one taken for his.
ATTACKS: dict[str, Callable[[Json], object]] = {
    "none": lambda pod: pod,
    "label of the name": lambda pod: pod["metadata"]["labels"].update(app=FULL_NAME),
    "label of the token": lambda pod: pod["metadata"]["labels"].update(app=TOKEN),
    "name of the server": lambda pod: pod["metadata"]["labels"].update(
        {"mcp-admission.dev/name": FULL_NAME}
    ),
    "no owner": lambda pod: pod["metadata"].pop("ownerReferences", 0),
    "owner of the name": lambda pod: pod["metadata"].update(
        ownerReferences=[{**OWNER, "name": FULL_NAME}]
    ),
    "container of the token": lambda pod: pod["spec"]["containers"].append({"name": TOKEN}),
    "that container as the server": lambda pod: (
        pod["spec"]["containers"].append({"name": TOKEN}),
        pod["metadata"]["annotations"].update({"mcp-admission.dev/container": TOKEN}),
    ),
    "that container as the one with secrets": lambda pod: (
        pod["spec"]["containers"].append({"name": TOKEN}),
        pod["metadata"]["annotations"].update(
            {
                "kubectl.kubernetes.io/default-container": TOKEN,
                "mcp-admission.dev/env-from": "secret",
            }
        ),
    ),
    "blank": lambda pod: pod["spec"].update(hostname="`````"),
    "blank in place of the token": lambda pod: pod["spec"].update(
        volumes=[{"name": "kube-api-access-`````", "hostPath": {"path": "/"}}]
    ),
    "the letters of the next pod": lambda pod: pod["spec"].update(
        volumes=[{"name": f"kube-api-access-{OTHER.token}", "hostPath": {"path": "/"}}]
    ),
    "two tokens": lambda pod: (
        pod["spec"]
        .setdefault("volumes", [])
        .append(
            {"name": "kube-api-access-other", "projected": {"sources": [{"podCertificate": {}}]}}
        )
    ),
    "a moment among annotations": lambda pod: pod["metadata"]["annotations"].update(
        {"time": ONE.moment, "fieldsType": "FieldsV1", "fieldsV1": {}}
    ),
    "a class that nobody wrote": lambda pod: pod["spec"].update(priorityClassName="high"),
    "a class that somebody wrote": lambda pod: (
        pod["spec"].update(priorityClassName="high"),
        pod["metadata"].update(
            managedFields=[{"fieldsV1": {"f:spec": {"f:priorityClassName": {}}}}]
        ),
    ),
    "named": lambda pod: (
        pod["metadata"].pop("generateName"),
        pod["metadata"].update(name="web-tools"),
    ),
}
GRANTED = Settings.model_validate(
    {
        "selectors": [{"app": FULL_NAME}, {"app": f"kube-api-access-{ONE.token}"}],
        "serviceAccountTokens": {"optedIn": "forbid", "names": [f"tools/{FULL_NAME}"]},
    }
)


def of_a_template(pod: Json) -> Json:
    """The pod as one of a ReplicaSet."""
    pod = json.loads(json.dumps(pod))
    metadata = {**pod["metadata"], "generateName": GENERATED, "ownerReferences": [OWNER]}
    metadata.pop("name", None)
    for key in ("labels", "annotations"):
        metadata[key] = dict(metadata.get(key) or {})
    spec = {**pod["spec"], "containers": list(pod["spec"].get("containers") or ())}
    return {"metadata": metadata, "spec": spec}


TEMPLATES = (pods() | pods().map(with_plugins) | hostile.pods()).map(of_a_template)


def judged_alike(pod: Json, settings: Settings, scope: Scope, hook: Hook) -> None:
    """Pods that differ in what Kubernetes makes up are answered as if there were no memo."""
    judge = judging(review, LENIENT, current=settings, hook=hook, scope=scope)
    for one in (FIRST, SECOND, ONE, OTHER, ONE._replace(token=OTHER.token), ONE, OTHER):
        body = new_pod(pod, hook, one)
        others = ((decode_review(body, hook), each) for each in (LENIENT,))
        plain = make_decision(review, decode_review(body, hook), settings, scope, others)

        assert judge.answer(body, 0.0) == plain.body


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_author_is_taken_for_another(attack: str, scope: Scope, hook: Hook) -> None:
    """By settings that name what one of the pods has made up; a server or not."""
    for labels in ({}, {"mcp-admission.dev/server": "true"}):
        pod = of_a_template(new_pods.POD)
        pod["metadata"]["labels"] = dict(labels)
        ATTACKS[attack](pod)
        judged_alike(pod, GRANTED, scope, hook)


@given(
    pod=TEMPLATES,
    attack=st.sampled_from(sorted(ATTACKS)),
    policy=st.sampled_from(sorted(POLICIES)),
    scope=SCOPES,
    hook=st.sampled_from(HOOKS),
)
def test_an_answer_of_the_memo_is_the_answer_of_the_review(
    pod: Json, attack: str, policy: str, scope: Scope, hook: Hook
) -> None:
    ATTACKS[attack](pod)
    judged_alike(pod, POLICIES[policy], scope, hook)


@given(pod=hostile.pods().map(of_a_template), level=st.sampled_from(["baseline", "restricted"]))
def test_no_pod_gets_past_the_standard_by_the_answer_of_another(pod: Json, level: str) -> None:
    """Nor by one of its own from before: every pod that violates the standard is refused."""
    settings = edition(level)
    judge = judging(review, current=settings, hook=Hook.VALIDATE, scope=Scope.MANAGED)
    for one in (FIRST, SECOND, ONE, OTHER):
        for each in (pod, of_a_template(new_pods.POD)):
            allowed = answered(judge.answer(new_pod(each, Hook.VALIDATE, one), 0.0))["allowed"]
            assert not (allowed and violations(each, level))


LAX = Settings.model_validate(
    {"onConflict": "warn", "mcpServerDefaults": {"resources": {"limits": {"memory": "64Mi"}}}}
)
EXCEPTED = STRICT.with_exceptions(
    [
        ServerException(
            name="old-image",
            namespace="team",
            workload="github-tools",
            rules=frozenset({"privilege-escalation", "privileged", "capabilities", "run-as-user"}),
            images=(),
            reason="until the next release",
            expires=2e9,
        )
    ]
)


@given(
    pod=TEMPLATES,
    team=st.sampled_from([LAX, EXCEPTED, *MODES.values()]),
    scope=SCOPES,
    hook=st.sampled_from(HOOKS),
)
def test_pods_of_one_template_in_two_namespaces_have_each_their_own_settings(
    pod: Json, team: Settings, scope: Scope, hook: Hook
) -> None:
    """With the memo as without it: exceptions and modes of one namespace reach no other."""
    settings = SettingsFile(None)
    teams(settings, STRICT, team)
    in_force, metrics = settings.in_force, Metrics()
    judge = Judge(
        hook, scope, settings=settings, metrics=metrics, reviewer=review, memo=Memo(metrics)
    )
    for one in (FIRST, SECOND, ONE, OTHER):
        for namespace in ("team", "other"):
            body = new_pod(pod, hook, one, namespace=namespace)
            its = in_force.current.of(namespace)
            plain = make_decision(review, decode_review(body, hook), its, scope, (), in_force.noted)

            assert judge.answer(body, 0.0) == plain.body


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("scope", list(Scope))
def test_all_authors_at_once_get_each_their_own_answer(scope: Scope, hook: Hook) -> None:
    judge = judging(review, current=GRANTED, hook=hook, scope=scope)
    for attack in sorted(ATTACKS) * 4:
        pod = of_a_template(new_pods.POD)
        pod["metadata"]["labels"] = {"app": "github-tools"}
        ATTACKS[attack](pod)
        body = new_pod(pod, hook)
        plain = make_decision(review, decode_review(body, hook), GRANTED, scope)

        assert judge.answer(body, 0.0) == plain.body, attack


@given(
    pod=TEMPLATES,
    attacks=st.lists(st.sampled_from(sorted(ATTACKS)), min_size=2, max_size=2, unique=True),
    hook=st.sampled_from(HOOKS),
)
def test_pods_that_differ_in_what_a_rule_may_read_do_not_share_an_answer(
    pod: Json, attacks: list[str], hook: Hook
) -> None:
    """In whatever order they come."""
    judge = judging(review, hook=hook)
    for attack in attacks * 4:
        edited = of_a_template(pod)
        ATTACKS[attack](edited)
        body = new_pod(edited, hook)
        plain = make_decision(review, decode_review(body, hook), STRICT, Scope.OPTED_IN)

        assert judge.answer(body, 0.0) == plain.body


KATA = Settings.model_validate({"mcpServerDefaults": {"runtimeClassName": "kata"}})


def knowing(*classes: str) -> Judge:
    """A judge of the final object where these runtime classes are there."""
    settings, metrics = SettingsFile(None), Metrics()
    settings.in_force, settings.runtime_classes = in_force(KATA), frozenset(classes)
    return Judge(
        Hook.VALIDATE,
        Scope.OPTED_IN,
        settings=settings,
        metrics=metrics,
        reviewer=review,
        memo=Memo(metrics),
    )


def test_a_workload_is_reviewed_beside_the_runtime_classes_that_there_are() -> None:
    resource = {"group": "apps", "version": "v1", "resource": "statefulsets"}
    template = {"metadata": new_pods.POD["metadata"], "spec": POD["spec"]}
    found = {"metadata": {"name": "tools"}, "spec": {"template": template}}
    sent = posted(kind={"kind": "StatefulSet"}, resource=resource, object=found)

    (warning,) = answered(knowing("gvisor").answer(bytearray(sent), 0.0))["warnings"]
    assert 'RuntimeClass "kata" not found' in warning
    assert "warnings" not in answered(knowing("gvisor", "kata").answer(bytearray(sent), 0.0))


def test_no_answer_about_a_pod_depends_on_which_runtime_classes_there_are() -> None:
    """The memo keeps them by the settings and the bytes of the pod alone."""
    judges = knowing(), knowing("kata")
    for one in (FIRST, SECOND, ONE, OTHER):
        body = new_pod(new_pods.POD, Hook.VALIDATE, one)
        answers = {judge.answer(bytearray(body), 0.0) for judge in judges}

        assert len(answers) == 1
