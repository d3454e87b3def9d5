"""The settings by which `audit` and `apply` judge, and what reports call them."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

import pytest

from webhook.cli.judging_settings import JudgingSettings, judging_settings
from webhook.kube.errors import ApiError, Forbidden, NotFound
from webhook.settings.faults import SettingsError


class Cluster:
    """Has this ConfigMap, or the answer that it gives instead."""

    def __init__(self, found: dict[str, Any] | ApiError) -> None:
        self.found = found

    async def get(self, path: str) -> dict[str, Any]:
        assert path == "/api/v1/namespaces/platform/configmaps/mcp-admission-settings"
        if isinstance(self.found, ApiError):
            raise self.found
        return self.found


def judged(found: dict[str, Any] | ApiError, file: Path | None = None) -> JudgingSettings:
    args = argparse.Namespace(service="webhook.platform", settings=file)
    api: Any = Cluster(found)
    return asyncio.run(judging_settings(api, args))


NOT_FOUND = NotFound(404, "NotFound", "x")
IN_FORCE = "ConfigMap platform/mcp-admission-settings"
DENY = "replicas: {policy: deny}"


@pytest.mark.parametrize("with_file", [True, False])
def test_variables_that_are_not_read_are_reported_where_the_environment_counts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    with_file: bool,
) -> None:
    monkeypatch.setenv("OBOT_SERVER_MCPRUNTIME_BACKEND", "kubernetes")
    file = tmp_path / "settings.yaml"
    file.write_text("{}", encoding="utf-8")

    judged(NOT_FOUND, file if with_file else None)

    assert capsys.readouterr().err.startswith("OBOT_SERVER_MCPRUNTIME_BACKEND is not read: ")


def test_servers_are_judged_by_the_settings_in_force() -> None:
    found = judged({"data": {"settings.yaml": DENY}})

    assert (found.settings.replicas.policy, found.source) == ("deny", IN_FORCE)


@pytest.mark.parametrize(
    ("answer", "why"),
    [(NOT_FOUND, "is not there"), (Forbidden(403, "Forbidden", "x"), "may not be read")],
)
def test_where_they_cannot_be_read_the_report_says_so(
    answer: ApiError, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME", "gvisor")
    found = judged(answer)

    assert found.settings.mcp_server_defaults.runtime_class_name == "gvisor"
    assert found.source == (
        "the defaults and the environment, which may not be what is in force: "
        f"{IN_FORCE} {why}, so name a file with --settings"
    )


def test_a_file_is_asked_for_and_the_cluster_is_not(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(DENY, encoding="utf-8")
    found = judged({}, file)

    assert (found.settings.replicas.policy, found.source) == ("deny", f"{file} and the environment")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("replicas: {polisy: deny}", "replicas.polisy"),
        ("rules: {host-path: override}", "override is not accepted"),
        ("", "there are no settings here"),
    ],
)
def test_settings_that_make_no_sense_are_an_error(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=said):
        judged(NOT_FOUND, file)
    with pytest.raises(SettingsError, match=IN_FORCE):
        judged({"data": {"settings.yaml": text}})
