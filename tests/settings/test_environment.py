"""The reference deployment's variables: their names, Go's booleans, and typing mistakes."""

from typing import Any

import pytest

from webhook.settings.environment import layer
from webhook.settings.errors import SettingsError
from webhook.settings.load import load

SECURITY = "OBOT_SERVER_MCPPOD_SECURITY_"
RUNTIME_CLASS = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME"
RUNTIME_CLASS_LATER = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIME_CLASS_NAME"


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        (RUNTIME_CLASS, "gvisor", "mcpServerDefaults.runtimeClassName"),
        (RUNTIME_CLASS_LATER, "gvisor", "mcpServerDefaults.runtimeClassName"),
        ("OBOT_SERVER_MCPBASE_IMAGE", "example.test/base:1", "mcpServerDefaults.image"),
        (f"{SECURITY}ENFORCE", "baseline", "mcpNamespace.podSecurity.enforce"),
        (f"{SECURITY}ENFORCE_VERSION", "v1.30", "mcpNamespace.podSecurity.enforceVersion"),
        (f"{SECURITY}AUDIT", "baseline", "mcpNamespace.podSecurity.audit"),
        (f"{SECURITY}AUDIT_VERSION", "v1.30", "mcpNamespace.podSecurity.auditVersion"),
        (f"{SECURITY}WARN", "baseline", "mcpNamespace.podSecurity.warn"),
        (f"{SECURITY}WARN_VERSION", "v1.30", "mcpNamespace.podSecurity.warnVersion"),
    ],
)
def test_each_variable_sets_one_key(name: str, value: str, key: str) -> None:
    found: Any = load(None, {name: value}).model_dump(by_alias=True)
    for step in key.split("."):
        found = found[step]

    assert found == value
    assert layer({name: value}).place(tuple(key.split("."))) == name


@pytest.mark.parametrize("value", ["1", "t", "T", "TRUE", "true", "True"])
def test_true_as_go_reads_it(value: str) -> None:
    assert load(None, {f"{SECURITY}ENABLED": value}).mcp_namespace.pod_security.enabled is True


@pytest.mark.parametrize("value", ["0", "f", "F", "FALSE", "false", "False"])
def test_false_as_go_reads_it(value: str) -> None:
    assert load(None, {f"{SECURITY}ENABLED": value}).mcp_namespace.pod_security.enabled is False


@pytest.mark.parametrize("value", ["yes", "on", "tRUE", " true", "2"])
def test_other_booleans_are_refused(value: str) -> None:
    with pytest.raises(SettingsError) as error:
        layer({f"{SECURITY}ENABLED": value})

    assert str(error.value) == (
        f'{SECURITY}ENABLED: "{value}" is not accepted: write true or false'
    )


def test_an_empty_value_is_not_set() -> None:
    names = ("ENABLED", "ENFORCE", "ENFROCE")

    assert layer({SECURITY + name: "" for name in names} | {RUNTIME_CLASS: ""}).values == {}


def test_both_spellings_may_agree_but_not_differ() -> None:
    agreed = load(None, {RUNTIME_CLASS: "gvisor", RUNTIME_CLASS_LATER: "gvisor"})
    assert agreed.mcp_server_defaults.runtime_class_name == "gvisor"

    with pytest.raises(SettingsError) as error:
        layer({RUNTIME_CLASS: "gvisor", RUNTIME_CLASS_LATER: "kata"})

    assert str(error.value) == (
        f'{RUNTIME_CLASS} ("gvisor") and {RUNTIME_CLASS_LATER} ("kata") differ: set one of them'
    )


def test_a_typing_mistake_is_no_silent_default() -> None:
    with pytest.raises(SettingsError) as error:
        layer({f"{SECURITY}ENFROCE": "baseline", f"{SECURITY}": "x", "OBOT_SERVER_OTHER": "x"})

    assert str(error.value).splitlines() == [
        f"{SECURITY}: unknown variable, did you mean {SECURITY}WARN?",
        f"{SECURITY}ENFROCE: unknown variable, did you mean {SECURITY}ENFORCE?",
    ]


def test_a_fault_without_a_variable_of_its_own_names_the_key() -> None:
    assert layer({}).place(("replicas", "policy")) == "replicas.policy"
