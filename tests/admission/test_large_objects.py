"""What one tenant sends costs the others little: no list makes a review slower than the timeout.

A review that compares the items of two lists in pairs takes minutes for these objects.
"""

import itertools
import json
from time import process_time
from typing import Any

import pytest

from tests.admission.case import (
    INJECTED,
    MUTATE,
    NAME,
    SERVER,
    VALIDATE,
    Json,
    answer_to,
    deployment,
    pod,
)
from tests.rules.case import settings_of
from webhook.admission.answer import (
    MOST_OF_WARNINGS,
    MOST_REASONS,
    Finding,
    Severity,
    allow,
    fitted,
    line,
)
from webhook.admission.enforcement import MOST_OBJECTIONS, MOST_OF_RULE
from webhook.admission.workload import Hook
from webhook.pods.pod import MOST_CONTAINERS
from webhook.settings.model import Settings

MANY = 40_000
ROOT_CA = {"configMap": {"name": "kube-root-ca.crt"}}
TIMEOUT = 5.0  # what the registrations give a review
TOLERATIONS = [{"key": f"k{at}", "operator": "Exists"} for at in range(MANY)]
MEMORY = json.dumps({"items": {"": {"tolerations": [0] * 3_900}}}, separators=(",", ":"))
NAMES = ",".join(f"s{at}" for at in range(MANY))
PORTS = [{"name": f"p{at}", "containerPort": 1} for at in range(MANY)]
AT_PORTS = json.dumps(
    {"set": {f"containers[main].ports[{at}]": {} for at in range(200)}}, separators=(",", ":")
)

TOKENS = [
    {"name": f"kube-api-access-{at}", "projected": {"sources": [ROOT_CA]}} for at in range(20_000)
]
OVERRIDE = settings_of(onConflict="override")
FORBID = settings_of(mcpServerDefaults={"perServer": "forbid"})
TERMS: list[Json] = [{"matchFields": [{}], "matchExpressions": [{}]}] * 20_000


def container(**fields: Any) -> Json:
    return {"name": "main", "image": "example.test/mcp:1", **fields}


# Each is no place, and none may stand for the pod's spec.
SIGNS = itertools.product("!#$%&()*+,-/:;<=>?@^`{|}~", repeat=2)
ALIASES = json.dumps(
    {"items": {"".join(signs): {"tolerations": []} for signs in itertools.islice(SIGNS, 340)}},
    separators=(",", ":"),
)

GIVEN = {"pods": {"tolerations": [{"operator": "Exists"}] * 300}}
SECRETS = {"pods": {"imagePullSecrets": [{"name": f"f{at}"} for at in range(400)]}}


def of_template(memory: Json, **spec: Any) -> Json:
    """A pod whose template remembers what its pods are given."""
    text = json.dumps(memory, separators=(",", ":"))
    made = pod(annotations={INJECTED: text}, **spec)
    owner = {"kind": "ReplicaSet", "name": "tools-1", "controller": True}
    made["metadata"]["ownerReferences"] = [owner]
    return made


LARGE = {
    "given tolerations": of_template(GIVEN, tolerations=TOLERATIONS),
    "given pull secrets": of_template(
        SECRETS, imagePullSecrets=[{"name": f"s{at}"} for at in range(MANY)]
    ),
    "aliases": deployment(template={"annotations": {INJECTED: ALIASES}}, tolerations=TOLERATIONS),
    "capabilities": pod(
        containers=[container(securityContext={"capabilities": {"add": [""] * 1_000_000}})]
    ),
    "tolerations": deployment(
        template={"annotations": {INJECTED: MEMORY}}, tolerations=TOLERATIONS
    ),
    "ports": deployment(
        template={"annotations": {INJECTED: AT_PORTS}}, containers=[container(ports=PORTS)]
    ),
    "secrets": deployment(annotations={"mcp-admission.dev/env-from": NAMES}),
    "files": deployment(annotations={"mcp-admission.dev/files-from": NAMES}),
    "file-keys": deployment(
        annotations={"mcp-admission.dev/config-from": "a", "mcp-admission.dev/file-keys": NAMES}
    ),
    "volumes": pod(volumes=[{"name": f"v{at}", "hostPath": {}} for at in range(MANY // 4)]),
    "mounts": pod(containers=[container(volumeMounts=[{"name": "v", "mountPath": "/a"}] * MANY)]),
    "tokens": pod(
        volumes=TOKENS,
        containers=[container(volumeMounts=[{"name": "v", "mountPath": "/a"}] * 20_000)],
    ),
    "pull secrets": pod(imagePullSecrets=[{"name": f"s{at}"} for at in range(MANY)]),
}


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
def test_a_large_list_is_reviewed_within_the_timeout(large: Json) -> None:
    rolled = json.loads(json.dumps(large))
    rolled["spec"]["paused"] = True
    started = process_time()

    answer_to(large)
    created = process_time()
    answer_to(rolled, large)

    assert created - started < TIMEOUT
    assert process_time() - created < TIMEOUT


REPLACED = {
    "host ports": (pod(containers=[container(ports=[{"hostPort": 1}] * 20_000)]), OVERRIDE),
    "terms": (
        pod(
            affinity={
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": TERMS}
                }
            }
        ),
        FORBID,
    ),
}


@pytest.mark.parametrize(("large", "settings"), REPLACED.values(), ids=REPLACED)
def test_much_is_replaced_within_the_timeout(large: Json, settings: Settings) -> None:
    document = json.loads(json.dumps(large))
    started = process_time()

    answer_to(document, settings=settings)

    assert process_time() - started < TIMEOUT


@pytest.mark.parametrize("key", ["containers", "initContainers"])
def test_more_containers_than_any_server_has_are_refused(key: str) -> None:
    many: Json = {key: [container()] * (MOST_CONTAINERS + 1)}

    answer = answer_to(pod(**many))

    assert (answer.allowed, answer.code) == (False, 422)
    assert "containers: at most 500 are reviewed (object)" in answer.message


def test_as_many_containers_as_are_reviewed_are_admitted() -> None:
    containers = [container(name=f"c{at}") for at in range(MOST_CONTAINERS)]

    assert answer_to(pod(containers=containers)).allowed


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


MISSPELLED = {f"mcp-admission.dev/sereve{at}": "" for at in range(MANY)}


@pytest.mark.parametrize("hook", [MUTATE, VALIDATE])
@pytest.mark.parametrize(
    "large",
    [
        deployment(labels=MISSPELLED),
        deployment(labels={}, template={"labels": MISSPELLED}),
        deployment(labels={SERVER: "true", **MISSPELLED}),
        pod(labels=MISSPELLED),
    ],
    ids=["workload", "template", "server", "pod"],
)
def test_what_was_meant_is_told_of_as_many_labels_as_of_one_rule(large: Json, hook: Hook) -> None:
    """Whether it is ours or not: to find what each of them is like takes longer than to decode."""
    answer = answer_to(json.loads(json.dumps(large)), hook=hook)

    told = [each for each in answer.findings if "did you mean" in each.message]
    assert len(told) == MOST_OBJECTIONS


def test_a_name_that_no_container_can_have_is_in_no_sentence() -> None:
    """It would be in a hundred of each rule."""
    context = {"capabilities": {"add": ["NET_ADMIN"]}}
    long, longest = "n" * 254, "n" * 253
    containers = [container(securityContext=context) | {"name": name} for name in (long, longest)]

    messages = [each.message for each in answer_to(pod(containers=containers)).findings]

    place = "securityContext.capabilities.add"
    assert any(each.startswith(f"containers[0].{place}") for each in messages)
    assert any(each.startswith(f"containers[{longest}].{place}") for each in messages)


def test_a_rule_objects_to_so_much_of_all_the_containers() -> None:
    context = {"capabilities": {"add": ["NET_ADMIN"] * MOST_OBJECTIONS}}
    containers = [container(securityContext=context)] * MOST_CONTAINERS

    answer = answer_to(pod(containers=containers), hook=VALIDATE)

    told = [each for each in answer.findings if each.rule == "capabilities"]
    assert not answer.allowed
    assert len(told) == MOST_OF_RULE


def test_words_are_shortened_in_a_moment() -> None:
    """Trying each length on each word of a long sentence takes a hundred times as long."""
    sentence = f"{'n' * 900} {'a ' * 500}"
    started = process_time()

    for _ in range(50):
        assert line(sentence).endswith("...")

    assert process_time() - started < 0.25


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        ("a bb cccccccc", 12, "a bb cc...cc"),
        ("a bb cccccccc", 7, None),
        ("    ", 3, None),
        ("   ", 3, "   "),
    ],
)
def test_words_are_shortened_no_more_than_they_must(
    text: str, longest: int, expected: str | None
) -> None:
    assert fitted(text, longest, 4) == expected
