"""The reference deployment's variables: their names, Go's booleans, and typing mistakes."""

from pathlib import Path
from typing import Any

import pytest

from webhook.settings.environment import VARIABLES, environment_layer, not_read
from webhook.settings.faults import SettingsError
from webhook.settings.load import load_settings

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
    found: Any = load_settings(None, {name: value}).model_dump(by_alias=True)
    for step in key.split("."):
        found = found[step]

    assert found == value
    assert environment_layer({name: value}).place(tuple(key.split("."))) == name


@pytest.mark.parametrize("value", ["1", "t", "T", "TRUE", "true", "True"])
def test_a_variable_is_true_as_go_reads_it(value: str) -> None:
    assert (
        load_settings(None, {f"{SECURITY}ENABLED": value}).mcp_namespace.pod_security.enabled
        is True
    )


@pytest.mark.parametrize("value", ["0", "f", "F", "FALSE", "false", "False"])
def test_a_variable_is_false_as_go_reads_it(value: str) -> None:
    assert (
        load_settings(None, {f"{SECURITY}ENABLED": value}).mcp_namespace.pod_security.enabled
        is False
    )


@pytest.mark.parametrize("value", ["yes", "on", "tRUE", " true", "2"])
def test_other_booleans_are_refused(value: str) -> None:
    with pytest.raises(SettingsError) as error:
        environment_layer({f"{SECURITY}ENABLED": value})

    assert str(error.value) == (
        f'{SECURITY}ENABLED: "{value}" is not accepted: write true or false'
    )


def test_an_empty_value_is_not_set() -> None:
    names = ("ENABLED", "ENFORCE", "ENFROCE")

    assert (
        environment_layer({SECURITY + name: "" for name in names} | {RUNTIME_CLASS: ""}).values
        == {}
    )


def test_both_spellings_may_agree_but_not_differ() -> None:
    agreed = load_settings(None, {RUNTIME_CLASS: "gvisor", RUNTIME_CLASS_LATER: "gvisor"})
    assert agreed.mcp_server_defaults.runtime_class_name == "gvisor"

    with pytest.raises(SettingsError) as error:
        environment_layer({RUNTIME_CLASS: "gvisor", RUNTIME_CLASS_LATER: "kata"})

    assert str(error.value) == (
        f'{RUNTIME_CLASS} ("gvisor") and {RUNTIME_CLASS_LATER} ("kata") differ: set one of them'
    )


def test_a_typing_mistake_is_no_silent_default() -> None:
    with pytest.raises(SettingsError) as error:
        environment_layer(
            {f"{SECURITY}ENFROCE": "baseline", f"{SECURITY}": "x", "OBOT_SERVER_OTHER": "x"}
        )

    assert str(error.value).splitlines() == [
        f"{SECURITY}: unknown variable, did you mean {SECURITY}WARN?",
        f"{SECURITY}ENFROCE: unknown variable, did you mean {SECURITY}ENFORCE?",
    ]


def test_a_fault_without_a_variable_of_its_own_names_the_key() -> None:
    assert environment_layer({}).place(("replicas", "policy")) == "replicas.policy"


PREFIX = "OBOT_SERVER_MCP"
K8S = f"{PREFIX}K8S_"
MISSPELLED = [
    (f"{K8S}SETTINGS_RUNTIMECLASS", f"{K8S}SETTINGS_RUNTIME_CLASS_NAME"),
    (f"{K8S}SETTINGS_TOLERATION", f"{K8S}SETTINGS_TOLERATIONS"),
    (f"{K8S}AFFINITY", f"{K8S}SETTINGS_AFFINITY"),
    (f"{K8S}MAX_CPU_LIMIT", f"{K8S}MAX_CPULIMIT"),
    (f"{K8S}MAX_MEM_LIMIT", f"{K8S}MAX_MEMORY_LIMIT"),
    (f"{PREFIX}TOLERATIONS", f"{K8S}SETTINGS_TOLERATIONS"),
    (f"{PREFIX}_BASE_IMAGE", f"{PREFIX}BASE_IMAGE"),
    (f"{PREFIX}BASE_IMAGES", f"{PREFIX}BASE_IMAGE"),
    (f"{PREFIX}base_image", f"{PREFIX}BASE_IMAGE"),
    (f"{PREFIX}IMAGE_PULL_SECRET", f"{PREFIX}IMAGE_PULL_SECRETS"),
]


@pytest.mark.parametrize(("name", "meant"), MISSPELLED)
def test_a_near_miss_of_ours_is_an_error(name: str, meant: str) -> None:
    with pytest.raises(SettingsError) as error:
        environment_layer({name: "x"})

    assert str(error.value) == f"{name}: unknown variable, did you mean {meant}?"


def test_an_unknown_name_of_pod_security_is_an_error_whatever_it_means() -> None:
    with pytest.raises(SettingsError, match=f"unset it, or use {SECURITY}ENABLED$"):
        environment_layer({f"{SECURITY}{'X' * 40}": "x"})


ALONE = "it is a setting of the reference deployment alone"
NOT_READ = [
    (f"{PREFIX}RUNTIME_BACKEND", ALONE),
    (f"{K8S}SETTINGS_STORAGE_CLASS_NAME", ALONE),
    (f"{PREFIX}HTTPWEBHOOK_BASE_IMAGE", ALONE),
    (f"{PREFIX}NAMESPACE", "the chart names the namespace, as mcpNamespace.name"),
    (f"{PREFIX}RUNTIME_BACKENDS", f"it is unknown, did you mean {PREFIX}RUNTIME_BACKEND?"),
    (f"{PREFIX}_SERVICE_HOST", "it is unknown"),
    (f"{PREFIX}{'X' * 2000}", "it is unknown"),
]


@pytest.mark.parametrize(("name", "why"), NOT_READ)
def test_what_is_not_ours_sets_nothing_and_is_told(name: str, why: str) -> None:
    assert environment_layer({name: "x"}).values == {}
    assert not_read({name: "x"}) == [f"{name} is not read: {why}"]


def test_what_is_read_empty_or_of_others_is_not_told() -> None:
    others = {"OBOT_SERVER_HOSTNAME": "x", "PATH": "x", f"{PREFIX}RUNTIME_BACKEND": ""}

    assert not_read({**dict.fromkeys(VARIABLES, "x"), **others}) == []


def test_few_of_many_are_told() -> None:
    told = not_read({f"{PREFIX}_{at}_SERVICE_HOST": "x" for at in range(30)})

    assert len(told) == 21
    assert told[-1] == "and 10 more variables are not read"


OF_PODS = [
    ("AFFINITY", '{"podAffinity": {}}', "affinity", {"podAffinity": {}}),
    (
        "TOLERATIONS",
        '[{"key": "a", "operator": "Exists", "tolerationSeconds": null}]',
        "tolerations",
        [{"key": "a", "operator": "Exists"}],
    ),
    ("RESOURCES", '{"requests": {"cpu": 1}}', "resources", {"requests": {"cpu": "1"}}),
]


@pytest.mark.parametrize(("name", "value", "key", "expected"), OF_PODS)
def test_json_is_read_as_the_reference_reads_it(
    name: str, value: str, key: str, expected: Any
) -> None:
    found = load_settings(None, {f"{K8S}SETTINGS_{name}": value}).mcp_server_defaults

    dumped = found.model_dump(by_alias=True, exclude_none=True, exclude_unset=True)
    assert dumped == {key: expected}


@pytest.mark.parametrize("value", ["{}", "[]", "null", " {} ", ""])
@pytest.mark.parametrize("name", ["AFFINITY", "TOLERATIONS", "RESOURCES"])
def test_json_without_anything_in_it_is_not_set(name: str, value: str) -> None:
    assert environment_layer({f"{K8S}SETTINGS_{name}": value}).values == {}


PARTS = "nodeAffinity, podAffinity and podAntiAffinity"
BAD = [
    ("AFFINITY", "{", ': "{" cannot be read: write JSON'),
    ("AFFINITY", "{} {}", ': "{} {}" cannot be read: write JSON'),
    ("AFFINITY", "[1]", ": a list is not accepted: write a mapping of keys and values"),
    (
        "AFFINITY",
        '{"nodeAffinit": {}}',
        f": nodeAffinit: unknown key, did you mean nodeAffinity? known here are {PARTS}",
    ),
    (
        "TOLERATIONS",
        '[{"key": "a", "operator": "In"}]',
        ': [0].operator: "In" is not accepted: write Equal, Exists, Lt or Gt',
    ),
]


@pytest.mark.parametrize(("name", "value", "said"), BAD)
def test_json_that_makes_no_sense_names_the_variable(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(None, {f"{K8S}SETTINGS_{name}": value})

    assert str(error.value) == f"{K8S}SETTINGS_{name}{said}"


def test_pull_secrets_are_names() -> None:
    found = load_settings(None, {f"{PREFIX}IMAGE_PULL_SECRETS": "one, two,"}).mcp_server_defaults

    assert [each.name for each in found.image_pull_secrets or ()] == ["one", "two"]


def test_ceilings_join_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("mcpServerMaximums: {limits: {cpu: 2, memory: 1Gi}}", encoding="utf-8")
    variables = {f"{K8S}MAX_MEMORY_LIMIT": "4Gi", f"{K8S}MAX_CPUREQUEST": "1"}

    found = load_settings(file, variables).mcp_server_maximums

    assert (found.requests, found.limits) == ({"cpu": "1"}, {"cpu": "2", "memory": "4Gi"})


@pytest.mark.parametrize("text", ["{}", "mcpServerMaximums: 3", "mcpServerMaximums: {limits: 3}"])
def test_ceilings_of_an_odd_file_are_refused_there_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text, encoding="utf-8")
    variables = {f"{K8S}MAX_MEMORY_LIMIT": "4Gi"}

    if text == "{}":
        assert load_settings(file, variables).mcp_server_maximums.limits == {"memory": "4Gi"}
    else:
        with pytest.raises(SettingsError, match=r"settings\.yaml:1: mcpServerMaximums"):
            load_settings(file, variables)
