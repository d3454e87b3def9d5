"""The model is walked by the keys of the settings file."""

from typing import Any, get_args

import pytest

from webhook.settings.model import Settings
from webhook.settings.model_keys import (
    Key,
    chart_only_keys,
    choices,
    cluster_only_keys,
    delegable_keys,
    descriptions,
    dotted,
    held_type,
    known_keys,
    section_type,
    type_at,
)
from webhook.settings.rule_settings import RuleId
from webhook.settings.server_defaults import Affinity

TERMS: Key = (
    "mcpServerDefaults", "affinity", "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms",
)  # fmt: skip


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ((), ""),
        (
            ("mcpServerDefaults", "tolerations", 0, "effect"),
            "mcpServerDefaults.tolerations[0].effect",
        ),
        (("nodeSelector", "kubernetes.io/os"), "nodeSelector[kubernetes.io/os]"),
    ],
)
def test_a_key_is_written_as_people_write_it(key: Key, text: str) -> None:
    assert dotted(key) == text


@pytest.mark.parametrize(
    ("key", "known"),
    [
        (("replicas",), ["policy"]),
        (("mcpServerDefaults", "affinity"), ["nodeAffinity", "podAffinity", "podAntiAffinity"]),
        ((*TERMS, 3), ["matchExpressions", "matchFields"]),
        (("mcpNamespace", "networkPolicy", "egressProfiles", "db", "to", 0), [
            "ipBlock", "namespaceSelector", "podSelector",
        ]),
        (("mcpNamespace", "networkPolicy", "ingressProfiles", "db"), ["from", "ports"]),
    ],
)  # fmt: skip
def test_the_known_keys_at_a_key(key: Key, known: list[str]) -> None:
    assert list(known_keys(type_at(key)) or ()) == known


@pytest.mark.parametrize(
    "key", [(), ("mcpServerDefaults", "resources", "limits"), TERMS, ("platform",)]
)
def test_only_sections_and_mappings_of_kubernetes_have_known_keys(key: Key) -> None:
    assert (known_keys(type_at(key)) is None) is (key != ())


def test_the_choices_at_a_key() -> None:
    assert choices(type_at(("platform",))) == ("kubernetes", "openshift")
    assert choices(type_at(("rules", "capabilities"))) == ("deny", "override", "warn", "off")
    assert choices(type_at(("isolation", "gate"))) == ()
    assert get_args(type_at(("rules",)))[0] == RuleId


@pytest.mark.parametrize("key", [("unknown",), ("rules", "unknown"), ("platform", "a", 0, "b")])
def test_an_unknown_key_holds_nothing(key: Key) -> None:
    assert type_at(key) is None


@pytest.mark.parametrize("annotation", [None, Any, str, list[str]])
def test_other_types_are_no_sections(annotation: Any) -> None:
    assert section_type(annotation) is None
    assert held_type(annotation, "a") is None or annotation == list[str]


def test_a_section_that_may_be_absent_is_a_section() -> None:
    assert section_type(Affinity | None) is Affinity
    assert section_type(Settings) is Settings


def test_what_the_chart_alone_reads() -> None:
    assert chart_only_keys() == {"mcpNamespace.name", "selectors", "excludedNamespaces"}


def test_what_can_be_delegated_is_neither_the_charts_nor_the_whole_clusters() -> None:
    assert cluster_only_keys() == {
        "delegated", "exceptions.longestDays", "isolation.controllerUser",
    }  # fmt: skip
    assert not delegable_keys() & (cluster_only_keys() | chart_only_keys() | {"exceptions"})
    assert delegable_keys() > {"mode", "isolation", "isolation.gate", "rules", "rules.sysctls"}
    assert "mcpServerDefaults.resources.limits" not in delegable_keys()


def test_each_key_is_described_where_layers_replace_its_value_as_a_whole() -> None:
    found = dict(descriptions())

    assert found["mcpServerDefaults.resources"].startswith("Requests and limits of the server")
    assert "mcpServerDefaults" not in found
    assert "mcpServerDefaults.resources.requests" not in found
    assert all(found.values())
