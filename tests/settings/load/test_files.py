"""Settings from a file and the environment: what wins, and what a person reads when it is wrong."""

from pathlib import Path

import pytest

from webhook.settings.faults import SettingsError
from webhook.settings.load import load_settings, parse_settings
from webhook.settings.model import Settings
from webhook.settings.server_defaults import DEFAULT_IMAGE

RUNTIME_CLASS = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME"
RUNTIME_CLASS_LATER = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIME_CLASS_NAME"
IMAGE = "OBOT_SERVER_MCPBASE_IMAGE"
SECURITY = "OBOT_SERVER_MCPPOD_SECURITY_"


def file(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(text: str) -> list[str]:
    with pytest.raises(SettingsError) as error:
        parse_settings(text, "settings.yaml")
    return str(error.value).splitlines()


def test_no_file_and_no_environment_are_the_built_in_values() -> None:
    assert load_settings(None) == load_settings(None, {}) == Settings()


@pytest.mark.parametrize("text", ["{}", b"{}", '{"replicas": null}', "mcpNamespace:\nrules:\n"])
def test_a_file_that_sets_nothing_is_all_defaults(text: str | bytes) -> None:
    assert parse_settings(text, "settings.yaml") == Settings()


def test_a_file_overrides_only_the_fields_that_it_names() -> None:
    settings = parse_settings("mcpNamespace: {podSecurity: {enforce: baseline}}", "settings.yaml")

    assert settings.mcp_namespace.pod_security.enforce == "baseline"
    assert settings.mcp_namespace.pod_security.warn == "restricted"
    assert settings.mcp_namespace.network_policy.enabled is True


def test_environment_overrides_the_file_field_by_field(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "mcpServerDefaults: {runtimeClassName: kata, image: example.test/base:1}\n"
        "mcpNamespace: {podSecurity: {enforce: privileged, warn: privileged}}\n",
    )

    settings = load_settings(path, {RUNTIME_CLASS: "gvisor", f"{SECURITY}ENFORCE": "baseline"})

    assert settings.mcp_server_defaults.runtime_class_name == "gvisor"
    assert settings.mcp_server_defaults.image == "example.test/base:1"
    assert settings.mcp_namespace.pod_security.enforce == "baseline"
    assert settings.mcp_namespace.pod_security.warn == "privileged"


def test_resources_are_replaced_as_a_whole() -> None:
    settings = parse_settings(
        "mcpServerDefaults: {resources: {limits: {cpu: 0.5}}}", "settings.yaml"
    )

    assert settings.mcp_server_defaults.resources.limits == {"cpu": "500m"}
    assert settings.mcp_server_defaults.resources.requests == {}


def test_null_is_not_set_at_any_depth() -> None:
    settings = parse_settings(
        "mcpServerDefaults: {image: null, affinity: null, resources: {requests: null}}\n"
        "rules: {sysctls: null}\nselectors: [{a: b}]\n",
        "settings.yaml",
    )

    assert settings.mcp_server_defaults.image == DEFAULT_IMAGE
    assert settings.mcp_server_defaults.resources.requests == {}
    assert settings.rules == {}
    assert settings.selectors == [{"a": "b"}]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1: there are no settings here: write {} for all defaults"),
        ("# nothing\n---\n", "1: there are no settings here: write {} for all defaults"),
        ("- a", "1: settings are a mapping of keys: write {} for all defaults"),
        ("text", "1: settings are a mapping of keys: write {} for all defaults"),
        (
            "{}\n---\nreplicas: {}",
            "3: a second document starts here: keep one, because settings are one mapping",
        ),
        (
            "platform: x\nplatform: y",
            '2: the key "platform" stands on line 1 already: keep one (kubectl takes the last)',
        ),
        ("replicas:\n\tpolicy: deny", "2: a tab stands where YAML wants spaces"),
        ("replicas: {}\n---\nreplicas: [", "3: this is not YAML"),
        ("%YAML 1.1\n---\n{}", "1: kubectl cannot read the directives %YAML and %TAG"),
        ("--- {}", "1: kubectl accepts nothing but a comment on a line that starts with ---"),
        (
            "replicas: {policy: deny, <<: {policy: scale}}",
            '1: the key "policy" stands on line 1 and comes with << too: kubectl and Helm take',
        ),
    ],
)
def test_what_is_no_settings_file(text: str, line: str) -> None:
    (message,) = refused(text)

    assert message.startswith(f"settings.yaml:{line}")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.yaml: cannot be read \(No such file"):
        load_settings(tmp_path / "gone.yaml")


def test_a_bad_variable_is_named_instead_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(file(tmp_path, "{}"), {f"{SECURITY}ENFORCE": "strict", IMAGE: "x"})

    assert str(error.value) == (
        f'{SECURITY}ENFORCE: "strict" is not accepted: write privileged, baseline or restricted'
    )
