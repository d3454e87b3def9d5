"""The six labels of a managed namespace."""

import pytest

from tests.objects.case import Json, assert_valid
from webhook.objects.made import POD_SECURITY_PREFIX, build_namespace_labels
from webhook.settings.model import Settings

RELEASE = "mcp-admission-system"


def labels_of(made: Json | None) -> dict[str, str]:
    assert made is not None
    assert_valid(made)
    found: dict[str, str] = made["metadata"]["labels"]
    return found


def settings_of(**pod_security: object) -> Settings:
    return Settings.model_validate({"mcpNamespace": {"podSecurity": pod_security}})


def test_the_defaults_are_those_of_the_reference() -> None:
    made = build_namespace_labels("tools", Settings(), RELEASE)

    assert labels_of(made) == {
        f"{POD_SECURITY_PREFIX}enforce": "restricted",
        f"{POD_SECURITY_PREFIX}enforce-version": "latest",
        f"{POD_SECURITY_PREFIX}audit": "restricted",
        f"{POD_SECURITY_PREFIX}audit-version": "latest",
        f"{POD_SECURITY_PREFIX}warn": "restricted",
        f"{POD_SECURITY_PREFIX}warn-version": "latest",
    }


@pytest.mark.parametrize(
    ("key", "label", "value"),
    [
        ("enforce", "enforce", "baseline"),
        ("enforceVersion", "enforce-version", "v1.34"),
        ("audit", "audit", "privileged"),
        ("auditVersion", "audit-version", "v1.35"),
        ("warn", "warn", "baseline"),
        ("warnVersion", "warn-version", "v1.36"),
    ],
)
def test_each_label_has_its_setting(key: str, label: str, value: str) -> None:
    defaults = labels_of(build_namespace_labels("tools", Settings(), RELEASE))

    changed = labels_of(build_namespace_labels("tools", settings_of(**{key: value}), RELEASE))

    assert changed == {**defaults, f"{POD_SECURITY_PREFIX}{label}": value}


@pytest.mark.parametrize("namespace", ["kube-system", RELEASE, "legacy"])
def test_some_namespaces_are_left_alone(namespace: str) -> None:
    settings = Settings.model_validate({"excludedNamespaces": ["legacy"]})

    assert build_namespace_labels(namespace, settings, RELEASE) is None


def test_none_of_it_is_ours_when_it_is_off() -> None:
    assert build_namespace_labels("tools", settings_of(enabled=False), RELEASE) is None
