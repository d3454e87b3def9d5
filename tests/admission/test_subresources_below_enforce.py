"""Bindings, scales, resizes and status pass below `enforce`, whatever is in them.

None of them is filled in, in any mode: the answer is a yes or a no, which is told below `enforce`.
"""

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from tests.admission.case import GATE, MANAGED, NAME, OPTED_IN, SERVER, VALIDATE, Json, pod
from tests.admission.policies import POLICIES, SCOPES
from tests.admission.test_excepted import granted
from tests.admission.test_mode import copied_request, in_mode, passes
from tests.in_memory.requests import request
from tests.rules.case import settings_of
from webhook.admission.handler import review
from webhook.admission.workload import BINDINGS, DEPLOYMENTS, PODS, Hook, Request, Scope
from webhook.rules.registry import RULES
from webhook.settings.model import MODES, Settings

STRICT = settings_of(
    mcpServerMaximums={"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi"}},
    replicas={"policy": "deny"},
)
EVERYTHING = STRICT.with_exceptions([granted(*(rule.id for rule in RULES), to="tools")])
SETTINGS = st.sampled_from([STRICT, EVERYTHING]) | st.sampled_from(list(POLICIES.values()))
BELOW = st.sampled_from([mode for mode in MODES if mode != "enforce"])
KEYS = st.sampled_from(
    [
        SERVER,
        NAME,
        GATE,
        "mcp-admission.dev/injected",
        "mcp-admission.dev/gateway",
        "container.apparmor.security.beta.kubernetes.io/main",
        "app",
    ]
)
TEXTS = st.sampled_from(["true", "false", "", "tools", "other", "unconfined", '{"set":{}}'])
MARKS = st.dictionaries(KEYS, TEXTS, max_size=3) | st.none()
AMOUNTS = st.sampled_from(["1", "64Mi", "1Gi", "2Gi", "1e30", "-1", "much", 3, None])
RESOURCES = st.dictionaries(
    st.sampled_from(["limits", "requests"]),
    st.dictionaries(st.sampled_from(["memory", "cpu"]), AMOUNTS) | st.none(),
)
REPLICAS = st.sampled_from([None, -1, 0, 1, 3, 10**12, "3"])


def bindings() -> st.SearchStrategy[Request]:
    metadata = st.fixed_dictionaries(
        {"name": st.just("tools")}, optional={"labels": MARKS, "annotations": MARKS}
    )
    documents = metadata.map(lambda found: {"kind": "Binding", "metadata": found})
    places = st.sampled_from([(BINDINGS, ""), (PODS, "binding")])
    return st.builds(
        lambda document, place: request(document, resource=place[0], subresource=place[1]),
        documents,
        places,
    )


def scales() -> st.SearchStrategy[Request]:
    def scale(replicas: Any) -> Json:
        return {"kind": "Scale", "metadata": {"name": "tools"}, "spec": {"replicas": replicas}}

    return st.builds(
        lambda new, old: request(scale(new), scale(old), resource=DEPLOYMENTS, subresource="scale"),
        REPLICAS,
        REPLICAS,
    )


def resizes() -> st.SearchStrategy[Request]:
    def live(of_container: Any, of_pod: Any) -> Json:
        containers = [{"name": "main", "image": "a", "resources": of_container}]
        return pod(labels={SERVER: "true", NAME: "tools"}, containers=containers, resources=of_pod)

    lives = st.builds(live, RESOURCES, RESOURCES)
    return st.builds(lambda new, old: request(new, old, subresource="resize"), lives, lives)


def statuses() -> st.SearchStrategy[Request]:
    def live(labels: Any, annotations: Any, phase: str) -> Json:
        found = pod(labels=labels)
        found["metadata"]["annotations"] = annotations
        return found | {"status": {"phase": phase}}

    lives = st.builds(live, MARKS, MARKS, TEXTS)
    return st.builds(lambda new, old: request(new, old, subresource="status"), lives, lives)


ASKED = bindings() | scales() | resizes() | statuses()


@given(ASKED, SETTINGS, SCOPES, st.sampled_from(Hook))
def test_enforce_says_yes_or_no(
    asks: Request, settings: Settings, scope: Scope, hook: Hook
) -> None:
    before = copied_request(asks, hook)
    asked = copied_request(asks, hook)

    answer = review(asked, settings, scope)

    event(f"{asks.subresource or asks.resource}: {answer.allowed}")
    assert answer.operations == ()
    assert asked == before


@given(ASKED, SETTINGS, SCOPES, BELOW)
def test_below_enforce_each_passes_and_what_enforce_says_is_told(
    asks: Request, settings: Settings, scope: Scope, mode: str
) -> None:
    enforced = [review(copied_request(asks, hook), settings, scope) for hook in Hook]

    answers = [review(copied_request(asks, hook), in_mode(settings, mode), scope) for hook in Hook]

    assert all(map(passes, answers))
    assert [each.covered for each in answers] == [each.covered for each in enforced]
    refused_at_first, refused = (not each.allowed for each in enforced)
    assert [each.would for each in answers] == [
        "refuse" * refused_at_first,
        "refuse" * (refused_at_first or refused),
    ]
    told = answers[1].warnings
    assert answers[0].warnings == ()
    assert len(told) <= 3
    assert all(len(text) <= 120 and text.isprintable() for text in told)
    assert bool(told) is (mode == "warn" and bool(answers[1].findings))


def test_each_of_them_is_refused_by_enforce_somewhere() -> None:
    scaled, one = (
        {"kind": "Scale", "metadata": {"name": "tools"}, "spec": {"replicas": at}} for at in (3, 1)
    )
    bound = {"kind": "Binding", "metadata": {"name": "tools", "labels": {SERVER: "false"}}}
    live = pod(labels={SERVER: "true", NAME: "tools"})
    large = pod(
        labels={SERVER: "true", NAME: "tools"},
        containers=[{"name": "main", "image": "a", "resources": {"limits": {"memory": "2Gi"}}}],
    )
    asked = [
        (request(bound, resource=BINDINGS), OPTED_IN),
        (request(scaled, one, resource=DEPLOYMENTS, subresource="scale"), MANAGED),
        (request(large, live, subresource="resize"), OPTED_IN),
        (request(pod(labels={}), live, subresource="status"), OPTED_IN),
    ]

    for asks, scope in asked:
        assert not review(copied_request(asks, VALIDATE), STRICT, scope).allowed
