"""What a server names and is not there, by what is known to exist."""

from webhook.health import (
    INCOMPLETE,
    missing_runtime_class,
    missing_secrets,
    refusal_causes,
    secrets_asked_for,
)
from webhook.objects import Refused

SPEC = {
    "runtimeClassName": "gvisor",
    "initContainers": [{"name": "first", "envFrom": [{"secretRef": {"name": "a"}}]}],
    "containers": [
        {
            "name": "mcp",
            "env": [
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": "b", "key": "k"}}},
                {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "no", "key": "k"}}},
                {"name": "D", "value": "no"},
            ],
            "envFrom": [
                {"secretRef": {"name": "no", "optional": True}},
                {"configMapRef": {"name": "no"}},
            ],
        }
    ],
    "volumes": [
        {"name": "v", "secret": {"secretName": "d"}},
        {"name": "w", "projected": {"sources": [{"secret": {"name": "e"}}, {"downwardAPI": {}}]}},
        {"name": "x", "secret": {"secretName": "no", "optional": True}},
        {"name": "y", "emptyDir": {}},
    ],
}


def test_every_secret_that_a_pod_cannot_start_without() -> None:
    assert [tuple(each) for each in secrets_asked_for(SPEC)] == [
        ("a", "spec.initContainers[first].envFrom"),
        ("b", "spec.containers[mcp].env[B]"),
        ("d", "spec.volumes[v]"),
        ("e", "spec.volumes[w]"),
    ]


def test_one_that_is_not_there_is_told_once_and_one_that_is_not_known_never() -> None:
    known = {"a": True, "b": False, "d": None, "e": False}
    asked = [*secrets_asked_for(SPEC), *secrets_asked_for(SPEC)]

    causes = list(missing_secrets(asked, known.get))

    assert {each.state for each in causes} == {INCOMPLETE}
    assert [(each.reason, each.message, each.seen) for each in causes] == [
        ("SecretMissing", 'secret "b" not found', "spec.containers[mcp].env[B]"),
        ("SecretMissing", 'secret "e" not found', "spec.volumes[w]"),
    ]


def test_a_runtime_class_that_is_not_there_is_final() -> None:
    (cause,) = missing_runtime_class(SPEC, lambda _: False)

    assert (cause.reason, cause.message) == (
        "RuntimeClassMissing",
        'RuntimeClass "gvisor" not found',
    )
    assert cause.final


def test_a_runtime_class_that_is_there_or_not_known_or_not_asked_for_is_no_cause() -> None:
    assert not list(missing_runtime_class(SPEC, lambda _: True))
    assert not list(missing_runtime_class(SPEC, lambda _: None))
    assert not list(missing_runtime_class({}, lambda _: False))


def test_an_object_that_cannot_be_made_is_a_cause_with_its_reason() -> None:
    (cause,) = refusal_causes([Refused("PortUnknown", "declares no port", "name one")])

    assert (cause.state, cause.reason) == (INCOMPLETE, "PortUnknown")
    assert cause.message == "declares no port; name one"
