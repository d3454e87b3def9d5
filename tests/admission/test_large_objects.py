"""What one tenant sends costs the others little: at most a few times what its bytes cost anyway.

An object of 3 MB that is not covered is decoded and let through. One that is covered costs at most
five times that, whatever list is long in it.
"""

import gc
import json
import sys
from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest

from tests.admission.case import MANAGED, NAME, SERVER, Json, deployment, pod
from tests.admission.worst_objects import (
    LARGEST,
    Place,
    answering,
    body,
    decoding,
    labelled_pod,
    places,
    with_list,
)
from tests.rules.case import settings_of
from webhook.admission.answer import fitted, line
from webhook.admission.budget import MOST_IN_ONE_LIST
from webhook.admission.workload import Hook, Scope
from webhook.settings.model import Settings

# A tracer, as of coverage, makes Python slower and leaves the decoder as it is.
TIMES = 5 if sys.gettrace() is None else 100
ROUNDS = 2
OVERRIDE = settings_of(
    onConflict="override",
    mcpServerDefaults={
        "perServer": "forbid",
        "tolerations": [{"key": "mcp", "operator": "Exists"}],
        "nodeSelector": {"pool": "mcp"},
        "imagePullSecrets": [{"name": "registry"}],
    },
    mcpServerMaximums={"limits": {"memory": "1Gi", "cpu": "1"}},
)
WARN = settings_of(onConflict="warn")
PLACES = {str(place): place for place in places("Pod")}
TOLERATIONS = PLACES["spec.tolerations"]
SMALL_POD = json.dumps(labelled_pod())


@pytest.fixture(autouse=True)
def settled_memory() -> Iterator[None]:
    """Keep what other tests left out of garbage collections, as `serve` keeps its own objects."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def assert_cheap(sent: bytes, settings: Settings, base: float, scope: Scope = MANAGED) -> None:
    """Both hooks answer within so many times the seconds."""
    for hook in Hook:
        spent, decision = min(
            (answering(sent, hook, settings, scope) for _ in range(ROUNDS)),
            key=lambda each: each[0],
        )
        assert decision.error is None
        assert spent <= TIMES * base, f"{hook}: {spent:.3f} s beside {base:.3f}"


def decoded(sent: bytes) -> float:
    """The seconds that the body costs where it is not covered."""
    return min(decoding(sent, Hook.MUTATE) for _ in range(ROUNDS))


def test_what_rules_read_is_measured() -> None:
    """The lists that an attacker tried are among those that are found in the source."""
    tried = ("containers", "ephemeralContainers", "volumes", "tolerations", "imagePullSecrets")

    assert {f"spec.{key}" for key in tried} <= PLACES.keys()
    assert {"metadata.labels", "metadata.annotations", "metadata.ownerReferences"} <= PLACES.keys()
    assert "spec.containers.0.securityContext.capabilities.add" in PLACES
    assert "spec.securityContext.sysctls" in PLACES


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_the_longest_list_costs_little(place: Place) -> None:
    sent = body(with_list(labelled_pod(), place, place.most))

    assert len(sent) > LARGEST / 2
    base = decoded(sent)
    assert_cheap(sent, OVERRIDE, base)

    as_many_as_are_read = body(with_list(labelled_pod(), place, MOST_IN_ONE_LIST))
    for settings in (OVERRIDE, WARN):
        assert_cheap(as_many_as_are_read, settings, base)


def templated(kind: str, of_pod: str) -> str:
    """A workload of the kind as JSON, with the pod as its template."""
    metadata = {"name": "tools", "labels": {SERVER: "true"}}
    made = {"kind": kind, "metadata": metadata, "spec": {"replicas": 3, "template": "pod"}}
    return json.dumps(made).replace('"pod"', of_pod)


LARGE_POD = with_list(labelled_pod(), TOLERATIONS, TOLERATIONS.most // 2)
CONTAINERS = PLACES["spec.ephemeralContainers"]
LARGE_DEBUGGED = with_list(labelled_pod(), CONTAINERS, CONTAINERS.most // 2)
LABELS = PLACES["metadata.labels"]
LARGE_LABELS = with_list(labelled_pod(), LABELS, LABELS.most // 2)
SECRETS = PLACES["spec.containers.0.envFrom"]
LARGE_SECRETS = with_list(labelled_pod(), SECRETS, 80_000)
DEPLOYMENTS, SETS = "deployments.apps", "statefulsets.apps"
SCALE = '{"kind":"Scale","spec":{"replicas":3}}'

REQUESTS = {
    "pod, updated": body(LARGE_POD, LARGE_POD.replace('"a"', '"b"', 1)),
    "pod, image": body(LARGE_POD, LARGE_POD.replace('"image": "a"', '"image": "b"', 1)),
    "pod, mended": body(SMALL_POD, LARGE_POD),
    "pod, labels": body(LARGE_LABELS, SMALL_POD),
    "ephemeral": body(LARGE_DEBUGGED, SMALL_POD, subResource="ephemeralcontainers"),
    "ephemeral, old": body(LARGE_DEBUGGED, LARGE_DEBUGGED, subResource="ephemeralcontainers"),
    "ephemeral beside tolerations": body(LARGE_POD, LARGE_POD, subResource="ephemeralcontainers"),
    "resize": body(LARGE_POD, LARGE_POD, subResource="resize"),
    "status": body(LARGE_LABELS, LARGE_LABELS, subResource="status"),
    "binding": body(LARGE_LABELS, subResource="binding"),
    "binding of its own": body(LARGE_LABELS, resource="bindings"),
    "deployment": body(templated("Deployment", LARGE_POD), resource=DEPLOYMENTS),
    "deployment, updated": body(
        templated("Deployment", LARGE_POD.replace('"a"', '"b"', 1)),
        templated("Deployment", LARGE_POD),
        DEPLOYMENTS,
    ),
    "deployment, memory": body(
        templated("Deployment", LARGE_SECRETS.replace('"image": "a"', '"image": "b"')),
        templated("Deployment", LARGE_SECRETS),
        DEPLOYMENTS,
    ),
    "deployment, mended": body(
        templated("Deployment", SMALL_POD), templated("Deployment", LARGE_SECRETS), DEPLOYMENTS
    ),
    "deployment, paused": body(
        templated("Deployment", LARGE_POD).replace(
            '"replicas": 3', '"replicas": 3, "paused": true'
        ),
        templated("Deployment", LARGE_POD),
        DEPLOYMENTS,
    ),
    "deployment, opts out": body(
        templated("Deployment", LARGE_POD).replace('"true"', '"false"', 1),
        templated("Deployment", LARGE_POD),
        DEPLOYMENTS,
    ),
    "set": body(templated("StatefulSet", LARGE_POD), resource=SETS),
    "set, updated": body(
        templated("StatefulSet", LARGE_POD), templated("StatefulSet", LARGE_POD), SETS
    ),
    "scale": body(SCALE, SCALE, DEPLOYMENTS, subResource="scale"),
}


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("name", REQUESTS)
def test_each_hook_answers_a_large_object_soon(name: str, scope: Scope) -> None:
    sent = REQUESTS[name]
    base = max(decoded(sent), 0.002)

    for settings in (OVERRIDE, WARN):
        assert_cheap(sent, settings, base, scope)


@pytest.mark.parametrize("key", ["labels", "annotations", "ownerReferences"])
def test_what_is_not_covered_costs_little_more_than_its_bytes(key: str) -> None:
    place = PLACES[f"metadata.{key}"]
    sent = body(with_list(pod(labels={}), place, place.most))

    assert_cheap(sent, OVERRIDE, decoded(sent), Scope.OPTED_IN)


MANY_CAPABILITIES = {"securityContext": {"capabilities": {"add": [f"C{at}" for at in range(99)]}}}
MANY_PORTS = {"ports": [{"hostPort": 1}] * 99}


@pytest.mark.parametrize("fields", [MANY_CAPABILITIES, MANY_PORTS], ids=["capabilities", "ports"])
@pytest.mark.parametrize("key", ["containers", "ephemeralContainers"])
@pytest.mark.parametrize("count", [240, 499])
def test_many_containers_with_many_faults_cost_little(fields: Json, key: str, count: int) -> None:
    """Each list is short; a body of a tenth of the limit costs what one of the limit may."""
    containers: Any = {key: [{"name": f"c{at}", **fields} for at in range(count)]}
    large = json.dumps(labelled_pod(**containers))
    more = {"subResource": "ephemeralcontainers"} if key == "ephemeralContainers" else {}
    old = SMALL_POD if more else "null"
    sent = body(large, old, **more)
    longest = body(with_list(labelled_pod(), TOLERATIONS, TOLERATIONS.most))

    assert_cheap(sent, Settings(), decoded(longest))


def test_a_long_name_costs_little() -> None:
    long = deployment() | {"metadata": {"name": "N_" * (LARGEST // 2), "labels": {NAME: "a"}}}
    longest = body(with_list(labelled_pod(), TOLERATIONS, TOLERATIONS.most))

    assert_cheap(body(json.dumps(long), resource=DEPLOYMENTS), Settings(), decoded(longest))


def test_words_are_shortened_in_a_moment() -> None:
    """Trying each length on each word of a long sentence takes a hundred times as long."""
    sentence = f"{'n' * 900} {'a ' * 500}"
    whole = min(_shortening(sentence) for _ in range(3))

    assert whole <= 20 * min(_shortening("a" * len(sentence)) for _ in range(3))


def _shortening(sentence: str) -> float:
    started = process_time()
    for _ in range(50):
        assert "..." in line(sentence)
    return process_time() - started


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
