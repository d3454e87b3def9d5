"""What was filled in is remembered, compactly and exactly, and read back with suspicion."""

import json
from typing import Any

import pytest

from tests.admission.case import INJECTED, MUTATE, Json, answer_to, deployment, mutated, pod
from tests.in_memory.defaults import copied, template_of
from tests.in_memory.requests import applied
from tests.rules.case import settings_of
from webhook.admission.injected import LARGEST, Memory, read_memory
from webhook.pods.fields import Fields
from webhook.pods.patch import Patch
from webhook.rules.checks.scheduling import REQUIRED

EVERYTHING = settings_of(
    mcpServerDefaults={
        "runtimeClassName": "gvisor",
        "tolerations": [{"key": "fleet"}],
        "nodeSelector": {"pool": "mcp"},
        "imagePullSecrets": [{"name": "registry"}],
    }
)
ASKED = {"requests": {"memory": "64Mi"}}
CONTEXT = {
    "runAsGroup": 1000,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def memory_of(document: Json) -> Any:
    return json.loads(template_of(document)["metadata"]["annotations"][INJECTED])


def test_each_field_and_item_is_remembered_at_its_place() -> None:
    stored = mutated(
        deployment(annotations={"mcp-admission.dev/env-from": "one"}), settings=EVERYTHING
    )

    assert memory_of(stored) == {
        "items": {
            "containers[main]": {"envFrom": [{"secretRef": {"name": "one"}}]},
        },
        "set": {
            "": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "runtimeClassName": "gvisor",
            },
            "containers[main]": {"imagePullPolicy": "Always"},
            "containers[main].securityContext": {**CONTEXT, "allowPrivilegeEscalation": False},
            "containers[main].securityContext.capabilities": {"drop": ["ALL"]},
            "securityContext": {**CONTEXT, "fsGroup": 1000},
        },
        "pods": {
            "imagePullSecrets": [{"name": "registry"}],
            "nodeSelector": {"pool": "mcp"},
            "resources": {"requests": {"memory": "400Mi"}},
            "tolerations": [{"key": "fleet"}],
        },
    }


def test_a_pod_remembers_what_it_was_given_at_its_place() -> None:
    stored = memory_of(mutated(pod(), settings=EVERYTHING))

    assert stored["items"] == {
        "": {"imagePullSecrets": [{"name": "registry"}], "tolerations": [{"key": "fleet"}]}
    }
    assert stored["set"]["containers[main].resources.requests"] == {"memory": "400Mi"}
    assert stored["set"]["nodeSelector"] == {"pool": "mcp"}
    assert "pods" not in stored


def test_the_gate_labels_and_replicas_are_not_remembered() -> None:
    of_pod, of_template = mutated(pod()), mutated(deployment(replicas=None))

    for stored in (of_pod, of_template):
        text = json.dumps(memory_of(stored))
        assert "Gates" not in text
        assert "labels" not in text
        assert "replicas" not in text


def test_what_a_field_held_before_is_remembered() -> None:
    container = {"name": "main", "image": "a", "imagePullPolicy": "IfNotPresent"}
    stored = mutated(deployment(containers=[container]))

    assert memory_of(stored)["was"] == {"containers[main]": {"imagePullPolicy": "IfNotPresent"}}


def test_the_annotation_is_compact_and_has_one_spelling() -> None:
    text = template_of(mutated(deployment()))["metadata"]["annotations"][INJECTED]

    assert text == json.dumps(json.loads(text), separators=(",", ":"))
    assert [*json.loads(text)["set"]] == sorted(json.loads(text)["set"])


def hardened() -> Json:
    """A Deployment that leaves nothing to fill in, nor to give to its pods."""
    document = mutated(deployment(containers=[{"name": "main", "resources": ASKED}]))
    del template_of(document)["metadata"]["annotations"]
    return document


def test_where_nothing_is_filled_in_nothing_is_remembered() -> None:
    assert answer_to(hardened()).operations == ()


def test_a_memory_of_nothing_goes() -> None:
    document = hardened()
    template_of(document)["metadata"]["annotations"] = {INJECTED: '{"set":{}}', "a": "b"}

    assert template_of(mutated(document))["metadata"]["annotations"] == {"a": "b"}


def test_too_much_to_remember_is_not_remembered() -> None:
    huge = settings_of(
        mcpServerDefaults={
            "affinity": {"podAffinity": {REQUIRED: [{"topologyKey": "x" * LARGEST}]}}
        }
    )
    stored = mutated(deployment(), settings=huge)

    assert memory_of(stored) == {
        "items": {"containers[main]": {}},
        "pods": {"resources": {"requests": {"memory": "400Mi"}}},
    }
    assert answer_to(stored, settings=huge).operations == ()


def test_a_memory_that_grew_too_large_goes() -> None:
    stored = mutated(deployment())
    template_of(stored)["metadata"]["annotations"]["a"] = "b"
    huge = settings_of(
        mcpServerDefaults={
            "affinity": {"podAffinity": {REQUIRED: [{"topologyKey": "x" * LARGEST}]}}
        }
    )

    assert memory_of(mutated(stored, settings=huge)).keys() == {"items", "pods"}


def test_too_much_to_give_is_not_remembered() -> None:
    many = [{"name": f"registry-{at}"} for at in range(LARGEST // 20)]
    stored = mutated(
        deployment(), settings=settings_of(mcpServerDefaults={"imagePullSecrets": many})
    )

    assert "annotations" not in template_of(stored)["metadata"]


def fields(document: Json) -> Fields:
    return Fields(document, Patch())


@pytest.mark.parametrize("size", [LARGEST, LARGEST + 1])
def test_only_so_much_is_read(size: int) -> None:
    frame = len('{"set":{"":{"a":""}}}')
    text = json.dumps({"set": {"": {"a": "x" * (size - frame)}}}, separators=(",", ":"))

    assert len(text) == size
    assert (read_memory(fields({INJECTED: text})) is None) is (size > LARGEST)


def test_what_is_read_is_measured_in_bytes() -> None:
    text = json.dumps({"set": {"": {"a": "é" * (LARGEST // 2)}}}, ensure_ascii=False)

    assert len(text) < LARGEST < len(text.encode())
    assert read_memory(fields({INJECTED: text})) is None


def test_what_is_written_is_measured_in_bytes() -> None:
    huge = settings_of(
        mcpServerDefaults={
            "affinity": {"podAffinity": {REQUIRED: [{"topologyKey": "é" * (LARGEST // 2)}]}}
        }
    )

    assert memory_of(mutated(deployment(), settings=huge)).keys() == {"items", "pods"}


NOT_TO_GIVE: list[Any] = [
    None, [], "text", 7, {"other": 1}, {"perServer": "allow"}, {"image": "a"},
    {"resources": {"requests": {"memory": "much"}}}, {"resources": {"requests": {"memory": "-1"}}},
    {"resources": {"claims": []}}, {"imagePullSecrets": ["a"]}, {"imagePullSecrets": [{}]},
    {"imagePullSecrets": [{"name": "../a"}]}, {"nodeSelector": {"a": 1}},
    {"nodeSelector": {"a b": "c"}}, {"tolerations": [{}]}, {"tolerations": {"key": "a"}},
]  # fmt: skip


@pytest.mark.parametrize("pods", NOT_TO_GIVE, ids=str)
def test_what_no_settings_could_give_to_pods_makes_no_memory(pods: Any) -> None:
    text = json.dumps({"set": {"": {"a": "b"}}, "pods": pods})

    assert read_memory(fields({INJECTED: text})) is None


@pytest.mark.parametrize("value", [None, 7, True, {"set": {}}, ["{}"]])
def test_only_text_is_read(value: object) -> None:
    assert read_memory(fields({INJECTED: value})) is None


def test_every_part_may_be_missing() -> None:
    assert read_memory(fields({INJECTED: "{}"})) == Memory()
    assert read_memory(fields({INJECTED: '{"was":{"":{"a":null}}}'})) == Memory(
        was={"": {"a": None}}
    )


def live(**spec: Any) -> Json:
    return mutated(pod(**spec), settings=EVERYTHING)


def updated(old: Json, **container: Any) -> Json:
    """What is left of an update that gives the container other fields, after the mutating hook."""
    new = copied(old)
    new["spec"]["containers"][0] |= container
    return mutated(new, old, settings=EVERYTHING)


OURS = ["imagePullPolicy", "securityContext", "resources"]


@pytest.mark.parametrize("key", OURS)
def test_an_update_of_a_live_pod_gets_back_what_it_lacks(key: str) -> None:
    old = live()

    assert updated(old, **{key: None}) == old


@pytest.mark.parametrize("key", ["tolerations", "imagePullSecrets", "nodeSelector"])
def test_an_update_gets_back_items_and_objects_of_ours(key: str) -> None:
    old = live()
    new = copied(old)
    del new["spec"][key]

    assert applied(new, answer_to(new, old)) == old


def test_the_pull_policy_that_the_api_server_fills_in_is_put_back() -> None:
    container = {"name": "main", "image": "a", "imagePullPolicy": "IfNotPresent"}
    old = live(containers=[container])

    assert updated(old, imagePullPolicy="IfNotPresent") == old


CHANGES = [
    {"image": "b"},
    {"imagePullPolicy": "Never"},
    {"resources": {"requests": {"memory": "1Gi"}}},
]


@pytest.mark.parametrize("container", CHANGES)
def test_what_somebody_changes_on_a_live_pod_is_theirs(container: Json) -> None:
    old = live(containers=[{"name": "main"}])

    stored = updated(old, **container)

    for key, value in container.items():
        assert stored["spec"]["containers"][0][key] == value


def test_more_tolerations_on_a_live_pod_are_kept() -> None:
    old = live()
    new = copied(old)
    new["spec"]["tolerations"].append({"key": "own"})

    assert answer_to(new, old).operations == ()


@pytest.mark.parametrize("gates", [[], None])
def test_the_gate_is_never_put_back(gates: Any) -> None:
    old = live()
    new = copied(old)
    new["spec"]["schedulingGates"] = gates

    assert answer_to(new, old, hook=MUTATE).operations == ()


def test_the_gate_is_not_put_back_for_a_memory_that_claims_it() -> None:
    old = live()
    gate = [{"name": "mcp-admission.dev/isolation"}]
    old["metadata"]["annotations"][INJECTED] = json.dumps({"set": {"": {"schedulingGates": gate}}})
    old["spec"]["schedulingGates"] = gate
    new = copied(old)
    del new["spec"]["schedulingGates"]

    assert "schedulingGates" not in str(answer_to(new, old, hook=MUTATE).operations)


def test_nothing_is_put_back_on_a_pod_without_a_memory() -> None:
    old = pod(containers=[{"name": "main", "imagePullPolicy": "Always"}])
    new = pod(containers=[{"name": "main"}])

    assert answer_to(new, old).operations == ()


def test_containers_that_are_gone_are_not_asked_for() -> None:
    old = live(containers=[{"name": "main"}, {"name": "side"}])
    new = copied(old)
    del new["spec"]["containers"][1]

    assert answer_to(new, old).operations == ()


@pytest.mark.parametrize(
    ("memory", "server"),
    [
        ({}, ""),
        ({"items": {"": {"tolerations": [{"key": "fleet"}]}}}, ""),
        ({"items": {"containers[main]": {}}}, "main"),
        ({"items": {"containers[a]": {}}, "set": {"containers[b]": {}}}, "a"),
        ({"items": {"containers[b]": {}, "containers[a]": {}}}, ""),
        ({"set": {"containers[a].resources": {}}, "was": {"containers[a]": {}}}, "a"),
        ({"set": {"containers[a]": {}}, "was": {"containers[b]": {}}}, ""),
        ({"set": {"initContainers[a]": {}, "containers[]": {}, "": {}}}, ""),
    ],
)
def test_the_server_is_told_by_its_places(memory: Json, server: str) -> None:
    assert Memory(**memory).server == server


COMPLETE = {"securityContext": {**CONTEXT, "allowPrivilegeEscalation": False}}
COMPLETE["securityContext"]["capabilities"] = {"drop": ["ALL"]}
A = {"name": "a", "image": "a"}
B: Json = {"name": "b", "image": "a", "imagePullPolicy": "Always", **COMPLETE}


@pytest.mark.parametrize(
    ("containers", "server", "items"),
    [
        pytest.param([A], "a", None, id="the-only-one"),
        pytest.param([A, {**A, "name": "b"}], "b", {"containers[b]": {}}, id="one-of-two"),
        pytest.param([A, {**A, "name": "b"}], "", None, id="a-guess"),
        pytest.param([A, B], "a", None, id="all-that-lacked-something"),
        pytest.param([A, B], "b", {"containers[b]": {}}, id="one-that-lacked-nothing"),
        pytest.param([B, A], "", {"containers[a]": {}, "containers[b]": {}}, id="one-of-a-guess"),
        pytest.param([{**A, "name": "]"}], "", None, id="a-name-that-is-none"),
    ],
)
def test_the_server_is_remembered_where_the_rest_does_not_tell(
    containers: list[Json], server: str, items: Json | None
) -> None:
    named = {"mcp-admission.dev/container": server} if server else {}
    resources = settings_of(mcpServerDefaults={"resources": {"requests": {}}})
    document = copied(deployment(containers=containers, annotations=named))
    memory = memory_of(mutated(document, settings=resources))

    assert memory.get("items") == items
    assert Memory(**memory).server == server


def read_twice(text: str) -> tuple[Memory | None, Memory | None]:
    one, other = ({INJECTED: text} for _ in range(2))
    return read_memory(Fields(one, Patch())), read_memory(Fields(other, Patch()))


def test_what_all_pods_of_a_template_carry_is_read_once() -> None:
    short, other = read_twice('{"set":{"":{"hostUsers":false}}}')
    long, again = read_twice(json.dumps({"set": {"": {"later": "x" * 4_000}}}))

    assert short is other
    assert long == again
    assert long is not again


def test_what_a_review_makes_of_a_memory_is_not_in_the_next_one() -> None:
    carried = {"set": {"": {"nodeSelector": {"a": "b"}}}, "was": {"": {"nodeSelector": {"c": "d"}}}}
    document = pod(annotations={INJECTED: json.dumps(carried)}, nodeSelector={"a": "b"})

    first = mutated(document, settings=EVERYTHING)

    assert first["spec"]["nodeSelector"] == {"c": "d", "pool": "mcp"}
    assert mutated(document, settings=EVERYTHING) == first
