"""The environment variables of the reference page set what the page says, or are refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.builders import SERVERS, server
from tests.in_memory.api_server import ApiServer
from tests.in_memory.places import ABSENT, found
from webhook.settings.faults import SettingsError
from webhook.settings.load import load_settings, parse_settings
from webhook.settings.model import Settings

RUNTIME_CLASS = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME"
RUNTIME_CLASS_LATER = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIME_CLASS_NAME"
BASE_IMAGE = "OBOT_SERVER_MCPBASE_IMAGE"
POD_SECURITY = [
    ("OBOT_SERVER_MCPPOD_SECURITY_ENABLED", "enabled", True, ("false", False)),
    ("OBOT_SERVER_MCPPOD_SECURITY_ENFORCE", "enforce", "restricted", ("baseline", "baseline")),
    ("OBOT_SERVER_MCPPOD_SECURITY_ENFORCE_VERSION", "enforceVersion", "latest", ("v1.30", "v1.30")),
    ("OBOT_SERVER_MCPPOD_SECURITY_AUDIT", "audit", "restricted", ("baseline", "baseline")),
    ("OBOT_SERVER_MCPPOD_SECURITY_AUDIT_VERSION", "auditVersion", "latest", ("v1.30", "v1.30")),
    ("OBOT_SERVER_MCPPOD_SECURITY_WARN", "warn", "restricted", ("privileged", "privileged")),
    ("OBOT_SERVER_MCPPOD_SECURITY_WARN_VERSION", "warnVersion", "latest", ("v1.30", "v1.30")),
]


@pytest.mark.parametrize(
    ("settings", "environment", "image"),
    [
        ("{}", {}, "ghcr.io/obot-platform/mcp-images/phat:main"),
        ("mcpServerDefaults: {image: example.test/base:1}", {}, "example.test/base:1"),
        ("{}", {BASE_IMAGE: "example.test/base:2"}, "example.test/base:2"),
        (
            "mcpServerDefaults: {image: example.test/base:1}",
            {BASE_IMAGE: "example.test/base:2"},
            "example.test/base:2",
        ),
    ],
)
def test_the_base_image_of_the_environment_comes_before_that_of_the_file(
    tmp_path: Path, settings: str, environment: dict[str, str], image: str
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(settings)

    stored = (
        ApiServer(load_settings(path, environment)).create(server(container={"image": ""})).stored
    )

    assert found(stored, "containers[mcp].image") == image


@pytest.mark.parametrize(
    ("settings", "runtime_class"),
    [
        pytest.param(Settings(), ABSENT, id="empty"),
        pytest.param(
            parse_settings("mcpServerDefaults: {runtimeClassName: gvisor}", "settings.yaml"),
            "gvisor",
            id="settings-file",
        ),
        pytest.param(load_settings(None, {RUNTIME_CLASS: "gvisor"}), "gvisor", id=RUNTIME_CLASS),
        pytest.param(
            load_settings(None, {RUNTIME_CLASS_LATER: "kata"}), "kata", id=RUNTIME_CLASS_LATER
        ),
        pytest.param(load_settings(None, {RUNTIME_CLASS: ""}), ABSENT, id="empty-variable"),
    ],
)
@pytest.mark.parametrize("kind", SERVERS)
def test_the_runtime_class_is_that_of_the_file_or_of_a_variable(
    kind: str, settings: Settings, runtime_class: Any
) -> None:
    outcome = ApiServer(settings).create(SERVERS[kind]())

    assert outcome.allowed
    assert found(outcome.stored, "runtimeClassName") == runtime_class


@pytest.mark.parametrize(("variable", "key", "default", "other"), POD_SECURITY)
def test_each_variable_of_pod_security_sets_its_key(
    variable: str, key: str, default: Any, other: tuple[str, Any]
) -> None:
    text, value = other

    def setting(environment: dict[str, str]) -> Any:
        settings = load_settings(None, environment).model_dump(by_alias=True)
        return settings["mcpNamespace"]["podSecurity"][key]

    assert setting({}) == default
    assert setting({variable: ""}) == default
    assert setting({variable: text}) == value


@pytest.mark.parametrize("name", ["ENFORCE", "AUDIT", "WARN"])
def test_an_unknown_level_of_pod_security_is_an_error(name: str) -> None:
    variable = f"OBOT_SERVER_MCPPOD_SECURITY_{name}"

    with pytest.raises(SettingsError, match=f"{variable}.*privileged, baseline or restricted"):
        load_settings(None, {variable: "strict"})
