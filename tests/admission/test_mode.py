"""Below the mode enforce, nothing is changed or refused; what enforce would do is told."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.case import (
    GATE,
    MANAGED,
    NAME,
    OPTED_IN,
    SERVER,
    VALIDATE,
    Json,
    answer_to,
    pod,
)
from tests.admission.case import deployment as written
from tests.admission.policies import NAMES, POLICIES, SCOPES
from tests.admission.test_properties import ANY
from tests.builders import of_kind, server
from tests.in_memory.api_server import ApiServer
from tests.in_memory.defaults import copied, with_defaults
from tests.in_memory.requests import applied, request
from tests.rules.case import settings_of
from webhook.admission.answer import NOT_COVERED, Answer
from webhook.admission.drift import drift_of
from webhook.admission.handler import review
from webhook.admission.workload import BINDINGS, DEPLOYMENTS, Hook, Request, Scope
from webhook.settings.model import Settings

OBSERVE, WARN = Settings(mode="observe"), Settings(mode="warn")
BELOW = {"observe": OBSERVE, "warn": WARN}
PRIVILEGED = {"securityContext": {"privileged": True}}
REFUSES = "allowed for now: once mcp-admission enforces its rules, it refuses"
FILLS = "stored as it is: once mcp-admission enforces its rules, it"


def in_mode(settings: Settings, mode: str) -> Settings:
    return settings.model_copy(update={"mode": mode})


def live(**spec: Any) -> Json:
    return pod(labels={SERVER: "true", NAME: "tools"}, **spec)


GATED = live(schedulingGates=[{"name": GATE}])
SCALE = {"kind": "Scale", "metadata": {"name": "tools"}, "spec": {"replicas": 1}}
LARGE = live(tolerations=[{"key": f"a{at}"} for at in range(5000)])
BOUND = {"kind": "Binding", "metadata": {"name": "tools", "annotations": {SERVER: "true"}}}
MEMORY = {"resources": {"limits": {"memory": "64Gi"}}}
CEILINGS = settings_of(mcpServerMaximums={"limits": {"memory": "2Gi"}})
IMAGE = live(containers=[{"name": "main", "image": "b"}])
DEBUG = live(ephemeralContainers=[{"name": "debug", **PRIVILEGED}])
RESIZED = live(containers=[{"name": "main", **MEMORY}])
SCALED = {**SCALE, "spec": {"replicas": 3}}
GUARDED: dict[str, tuple[Request, Scope]] = {
    "labels of a live pod": (request(pod(labels={}), live()), OPTED_IN),
    "labels by its status": (request(pod(labels={}), live(), subresource="status"), OPTED_IN),
    "its gate": (request(live(), GATED), OPTED_IN),
    "an image of a live pod": (request(IMAGE, live()), OPTED_IN),
    "a toleration": (request(live(tolerations=[{"operator": "Exists"}]), live()), OPTED_IN),
    "an ephemeral container": (
        request(DEBUG, live(), subresource="ephemeralcontainers"),
        OPTED_IN,
    ),
    "a resize": (request(RESIZED, live(), subresource="resize"), OPTED_IN),
    "a binding": (request(BOUND, resource=BINDINGS), OPTED_IN),
    "a scale": (request(SCALED, SCALE, resource=DEPLOYMENTS, subresource="scale"), MANAGED),
    "opting out where everything is a server": (
        request(written(labels={SERVER: "false"})),
        MANAGED,
    ),
    "too many items": (request(LARGE), OPTED_IN),
    "no pod at all": (request({**live(), "spec": []}), OPTED_IN),
    "no object at all": (request(live())._replace(object=None), MANAGED),
}
STRICT = settings_of(mcpServerMaximums={"limits": {"memory": "2Gi"}}, replicas={"policy": "deny"})


@pytest.mark.parametrize("name", GUARDED)
@pytest.mark.parametrize("mode", BELOW)
def test_guards_let_pass_and_say_so(name: str, mode: str) -> None:
    asks, scope = GUARDED[name]
    final = copied_request(asks, VALIDATE)

    enforced = review(copied_request(asks, VALIDATE), STRICT, scope)
    answer = review(final, in_mode(STRICT, mode), scope)

    assert not enforced.allowed
    assert passes(answer)
    assert answer.would == "refuse"
    assert answer.findings
    if mode == "observe":
        assert answer.warnings == ()
    else:
        assert answer.warnings[0].startswith(REFUSES)
        assert 2 <= len(answer.warnings) <= 3


def copied_request(asks: Request, hook: Hook) -> Request:
    """The same request, with objects of its own."""
    return asks._replace(
        hook=hook, object=deepcopy(asks.object), old_object=deepcopy(asks.old_object)
    )


def passes(answer: Answer) -> bool:
    """Whether the answer changes and refuses nothing."""
    return (answer.allowed, answer.code, answer.message, answer.operations) == (True, 200, "", ())


NETWORK = "hostNetwork must be false (host-namespaces)"
PID = "hostPID must be false (host-namespaces)"
SAID: dict[str, tuple[Json, list[str]]] = {
    "one reason": (
        written(hostNetwork=True), [f"{REFUSES} this Deployment for this reason:", NETWORK],
    ),
    "two reasons": (
        written(hostNetwork=True, hostPID=True),
        [f"{REFUSES} this Deployment for 2 reasons:", NETWORK, PID],
    ),
    "more reasons": (
        pod(hostNetwork=True, hostPID=True, hostIPC=True),
        [f"{REFUSES} this Pod for 3 reasons:", NETWORK, PID],
    ),
    "pods of other workloads": (
        of_kind("StatefulSet", hostNetwork=True),
        [f"{REFUSES} pods of this StatefulSet for this reason:", NETWORK],
    ),
    "absent fields": (written(), [f"{FILLS} fills in 17 fields of this Deployment"]),
    "replaced values": (
        written(replicas=3),
        [
            f"{FILLS} changes 18 fields of this Deployment, with this warning:",
            "replicas set to 1 (asked for 3): MCP servers run as one replica here (replicas)",
        ],
    ),
    "labels that nobody reads": (
        pod(labels={f"mcp-admission.dev/server{at}": "true" for at in range(4)}),
        [
            *(f"metadata.labels[mcp-admission.dev/server{at}] is not read by this version: did you "
              "mean server? (identity)" for at in range(2)),
            "and 2 more warnings",
        ],
    ),
    "what is no server": (pod(labels={}), []),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_the_user_reads_what_enforce_would_do(name: str) -> None:
    document, lines = SAID[name]

    asked_first = answer_to(document, settings=WARN)
    answer = answer_to(document, settings=WARN, hook=VALIDATE)

    assert asked_first.warnings == ()
    assert list(answer.warnings) == lines
    assert answer_to(document, settings=OBSERVE, hook=VALIDATE).warnings == ()


def test_findings_about_pods_say_that_they_are_not_refused_for_now() -> None:
    answer = answer_to(of_kind("StatefulSet", hostNetwork=True), settings=OBSERVE, hook=VALIDATE)

    assert not answer.pods_refused
    assert answer.would == ""
    assert [each.message for each in answer.findings] == [
        "pods would be refused: hostNetwork must be false"
    ]


def test_what_is_not_reviewed_is_not_reviewed_in_any_mode() -> None:
    asks = request(pod(), resource="secrets")

    assert [review(asks, settings, OPTED_IN) for settings in BELOW.values()] == [NOT_COVERED] * 2


@pytest.mark.parametrize("mode", BELOW)
def test_opting_out_and_coming_back_change_nothing(mode: str) -> None:
    stored = ApiServer().create(server()).stored
    out = copied(stored)
    out["metadata"]["labels"][SERVER] = "false"
    lenient = ApiServer(BELOW[mode])

    left, back = lenient.update(stored, out), lenient.update(out, stored)

    assert (left.stored, back.stored) == (out, stored)
    assert [answer.would for answer in left.answers] == ["patch", ""]
    assert [answer.would for answer in back.answers] == ["", ""]


@pytest.mark.parametrize("mode", BELOW)
def test_the_job_of_a_schedule_gets_no_name(mode: str) -> None:
    job = of_kind("Job")
    job["metadata"]["ownerReferences"] = [
        {"kind": "CronJob", "name": "nightly", "controller": True}
    ]

    answer = answer_to(job, settings=BELOW[mode])

    assert passes(answer)
    assert (answer.would, answer.warnings) == ("patch", ())


@pytest.mark.parametrize("mode", BELOW)
def test_drift_is_what_enforce_would_do(mode: str) -> None:
    deployment = with_defaults(server()) | {"metadata": server()["metadata"] | {"namespace": "a"}}

    assert drift_of(deployment, BELOW[mode], OPTED_IN) == drift_of(deployment, Settings(), OPTED_IN)


MODES = st.sampled_from(list(BELOW))


@given(ANY, NAMES, SCOPES, MODES)
def test_any_object_passes_as_it_is(document: Json, policy: str, scope: Scope, mode: str) -> None:
    settings, lenient = POLICIES[policy], in_mode(POLICIES[policy], mode)
    first = answer_to(document, None, settings, scope)

    asked_first = answer_to(document, None, lenient, scope)
    final = answer_to(document, None, lenient, scope, hook=VALIDATE)

    assert passes(asked_first)
    assert passes(final)
    assert asked_first.covered == first.covered
    if first.allowed:
        stored = answer_to(applied(document, first), None, settings, scope, hook=VALIDATE)
        assert asked_first.would == ("patch" if first.operations else "")
        assert final.would == ("" if stored.allowed else "refuse")
    else:
        assert (asked_first.would, final.would) == ("refuse", "refuse")


@given(ANY, NAMES, SCOPES)
def test_a_user_reads_three_short_lines_at_most(document: Json, policy: str, scope: Scope) -> None:
    final = answer_to(document, None, in_mode(POLICIES[policy], "warn"), scope, hook=VALIDATE)

    assert len(final.warnings) <= 3
    assert all(len(text) <= 120 and text.isprintable() for text in final.warnings)


@given(ANY, ANY, NAMES, SCOPES, MODES)
def test_any_update_passes_as_it_is(
    document: Json, old: Json, policy: str, scope: Scope, mode: str
) -> None:
    settings, lenient = POLICIES[policy], in_mode(POLICIES[policy], mode)
    kind = {"resource": request(document).resource}
    before = copied(old) if old["kind"] == document["kind"] else document
    first = answer_to(document, before, settings, scope, **kind)

    asked_first = answer_to(document, before, lenient, scope, **kind)
    final = answer_to(document, before, lenient, scope, hook=VALIDATE, **kind)

    assert passes(asked_first)
    assert passes(final)
    if first.allowed:
        edited = applied(document, first)
        stored = answer_to(edited, before, settings, scope, hook=VALIDATE, **kind)
        assert final.would == ("" if stored.allowed else "refuse")
    else:
        assert (asked_first.would, final.would) == ("refuse", "refuse")


BY_PODS = {
    "a Deployment": (written(template={"labels": {SERVER: "true"}}), ""),
    "a label too few": (written(template={"labels": {}}), REFUSES),
    "a container too strong": (
        written(template={"labels": {SERVER: "true"}}, hostNetwork=True),
        REFUSES,
    ),
    "a pod": (live(), FILLS),
}


@pytest.mark.parametrize("mode", BELOW)
@pytest.mark.parametrize("name", BY_PODS)
def test_where_pods_alone_are_filled_in_both_pass_as_they_are(name: str, mode: str) -> None:
    document, said = BY_PODS[name]
    settings = settings_of(mode=mode, fillIn="pods")

    asked_first = answer_to(document, settings=settings)
    answer = answer_to(document, settings=settings, hook=VALIDATE)

    assert passes(asked_first)
    assert passes(answer)
    told = said if mode == "warn" else ""
    assert [bool(told)] == [bool(answer.warnings)]
    assert "".join(answer.warnings[:1]).startswith(told)
    assert (answer.would or asked_first.would) == {REFUSES: "refuse", FILLS: "patch", "": ""}[said]
