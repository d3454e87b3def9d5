"""What holds for every object that is created, whatever stands in it."""

from hypothesis import given
from hypothesis import strategies as st

from tests.admission.case import GATE, INJECTED, SERVER, VALIDATE, Json, answer_to
from tests.admission.objects import deployments, pods, unknown_fields
from tests.admission.policies import NAMES, POLICIES, RESTRICTED, SCOPES
from tests.in_memory.controllers import beside_given, pod_of
from tests.in_memory.defaults import template_of, with_plugins
from tests.in_memory.requests import applied, request
from tests.rules import pods as hostile
from tests.rules.standard import violations
from webhook.admission.answer import Answer
from webhook.admission.handler import review
from webhook.admission.workload import Scope, read_workload
from webhook.pods.journal import same
from webhook.pods.patch import Patch
from webhook.pods.pod import Pod


def labelled(pod: Json) -> Json:
    """The pod with the label, which half of the generated ones lack."""
    labels = pod["metadata"].setdefault("labels", {})
    labels[SERVER] = "true"
    return pod


SERVERS = pods() | pods().map(with_plugins) | deployments()
ANY = SERVERS | hostile.pods().map(labelled)


def first_pass(document: Json, policy: str, scope: Scope) -> Answer:
    return answer_to(document, None, POLICIES[policy], scope)


@given(ANY, NAMES, SCOPES)
def test_the_patch_makes_the_edited_document(document: Json, policy: str, scope: Scope) -> None:
    asked = request(document)
    answer = review(asked, POLICIES[policy], scope)

    if answer.allowed:
        assert same(applied(document, answer), asked.object)
    else:
        assert answer.operations == ()


@given(ANY, NAMES, SCOPES)
def test_a_second_pass_changes_nothing(document: Json, policy: str, scope: Scope) -> None:
    first = first_pass(document, policy, scope)
    if first.allowed:
        second = first_pass(applied(document, first), policy, scope)

        assert second.allowed, second.message
        assert second.operations == ()


@given(ANY, NAMES, SCOPES)
def test_what_was_filled_in_passes_the_check(document: Json, policy: str, scope: Scope) -> None:
    first = first_pass(document, policy, scope)
    if first.allowed:
        edited = applied(document, first)
        final = answer_to(edited, None, POLICIES[policy], scope, hook=VALIDATE)

        assert final.allowed, final.message


@given(ANY, st.sampled_from(RESTRICTED), SCOPES)
def test_what_is_admitted_satisfies_the_standard(document: Json, policy: str, scope: Scope) -> None:
    first = first_pass(document, policy, scope)
    if first.allowed:
        assert violations(template_of(applied(document, first)), "restricted") == []


@given(deployments(), NAMES, SCOPES)
def test_pods_of_a_template_need_only_the_gate_and_what_they_are_given(
    document: Json, policy: str, scope: Scope
) -> None:
    first = first_pass(document, policy, scope)
    if first.allowed:
        pod = with_plugins(pod_of(applied(document, first)))
        answer = first_pass(pod, policy, scope)

        assert answer.allowed, answer.message
        assert beside_given(answer.operations) <= {"/spec/schedulingGates"}
        gated = applied(pod, answer)["spec"].get("schedulingGates", [])
        waits = POLICIES[policy].gated and not pod["spec"].get("nodeName")  # which may be warned of
        assert ({"name": GATE} in gated) is waits


@given(deployments(), NAMES, SCOPES, st.integers(0, 2), st.booleans())
def test_pods_have_the_server_of_their_template_whatever_is_injected(
    document: Json, policy: str, scope: Scope, at: int, with_port: bool
) -> None:
    first = first_pass(document, policy, scope)
    if first.allowed:
        stored = applied(document, first)
        template = Pod(read_workload(stored, request(stored), scope, Patch()).head)
        pod = pod_of(stored)
        ports = [{"name": "mcp", "containerPort": 1}] if with_port else []
        pod["spec"]["containers"].insert(at, {"name": "injected", "image": "a", "ports": ports})
        made = Pod(read_workload(pod, request(pod), scope, Patch()).head)

        if INJECTED in pod["metadata"].get("annotations", {}) and template.known_server:
            assert made.known_server is not None
            assert made.known_server.fields.get("name") == template.known_server.fields.get("name")


@given(SERVERS, NAMES, SCOPES)
def test_unknown_fields_survive(document: Json, policy: str, scope: Scope) -> None:
    first = first_pass(document, policy, scope)
    if first.allowed:
        assert unknown_fields(applied(document, first)) == unknown_fields(document)


@given(ANY, NAMES, SCOPES)
def test_warnings_are_short_lines(document: Json, policy: str, scope: Scope) -> None:
    answer = first_pass(document, policy, scope)

    assert all(len(text) <= 120 and text.isprintable() for text in answer.warnings)
    assert all(line.isprintable() for line in answer.message.splitlines())
