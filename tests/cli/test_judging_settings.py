"""The settings by which `audit` and `apply` judge, and what reports call them."""

import argparse
import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from webhook.cli.judging_settings import judging_settings
from webhook.fleet.settings_in_force import JudgingSettings
from webhook.kube.errors import ApiError, Forbidden, NotFound
from webhook.settings.by_namespace import Overlay
from webhook.settings.faults import SettingsError
from webhook.settings.model import Settings
from webhook.settings.server_exception import ServerException
from webhook.settings.written_settings import WrittenOverlays, compressed, overlays_json


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
    args = argparse.Namespace(service="webhook.platform", settings=file and [file])
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

    assert (found.settings.cluster.replicas.policy, found.source) == ("deny", IN_FORCE)


@pytest.mark.parametrize(
    ("answer", "why"),
    [(NOT_FOUND, "is not there"), (Forbidden(403, "Forbidden", "x"), "may not be read")],
)
def test_where_they_cannot_be_read_the_report_says_so(
    answer: ApiError, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME", "gvisor")
    found = judged(answer)

    assert found.settings.cluster.mcp_server_defaults.runtime_class_name == "gvisor"
    assert bool(found.unknown) == isinstance(answer, Forbidden)
    assert found.source == (
        "the defaults and the environment, which may not be what is in force: "
        f"{IN_FORCE} {why}, so name a file with --settings"
    )


def test_what_the_user_may_not_read_is_unknown_unless_a_file_says_it(tmp_path: Path) -> None:
    forbidden = Forbidden(403, "Forbidden", "x")
    cluster, team = tmp_path / "settings.yaml", tmp_path / "team.yaml"
    cluster.write_text(DENY, encoding="utf-8")
    team.write_text(NAMESPACE_SETTINGS, encoding="utf-8")

    assert judged(forbidden, cluster).known.settings.cluster.replicas.policy == "deny"
    assert judged({"data": {"settings.yaml": DENY}}).known
    for file in (team, None):
        with pytest.raises(SettingsError) as raised:
            assert judged(forbidden, file).known
        assert str(raised.value) == (
            f"the settings in force are not known to you: {IN_FORCE} may not be read; ask for the "
            "Role mcp-admission-settings-view beside it, or name the settings of the cluster with "
            "--settings"
        )


def test_a_file_counts_where_the_cluster_has_no_settings(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(DENY, encoding="utf-8")
    found = judged(NOT_FOUND, file)

    assert (found.settings.cluster.replicas.policy, found.source) == (
        "deny",
        f"{file} and the environment",
    )


NAMESPACE_SETTINGS = """
apiVersion: mcp-admission.dev/v1alpha1
kind: MCPNamespaceSettings
metadata: {name: default, namespace: team}
spec: {mode: warn, isolation: {gate: true}}
"""


def packed(overlays: dict[str, Overlay]) -> dict[str, Any]:
    content = compressed(overlays_json(WrittenOverlays(overlays)))
    return {"namespaces.json.gz": base64.b64encode(content).decode()}


def test_namespaces_have_their_own_settings_and_exceptions() -> None:
    granted = ServerException("e", "shop", "crm", frozenset({"host"}), (), "", 2e10)
    ended = granted._replace(name="f", expires=1.0)
    overlays = {
        "team": Overlay({"replicas": {"policy": "deny"}}),
        "shop": Overlay({}, (granted, ended)),
    }
    found = judged({"data": {"settings.yaml": "{}"}, "binaryData": packed(overlays)})

    policies = [found.settings.of(each).replicas.policy for each in ("team", "shop")]
    assert policies == ["deny", Settings().replicas.policy]
    assert found.settings.of("shop").exceptions_of("crm") == (granted,)


def test_a_file_for_namespaces_changes_what_is_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(NAMESPACE_SETTINGS, encoding="utf-8")
    in_force = {"data": {"settings.yaml": f"{{{DENY}, mode: observe}}"}}
    found = judged(in_force, file)

    assert (found.settings.of("team").mode, found.settings.of("shop").mode) == ("warn", "observe")
    assert found.settings.of("team").replicas.policy == "deny"
    assert found.source == f"{file} over {IN_FORCE}"
    assert found.in_force is not None
    assert found.in_force.of("team").mode == "observe"

    judged({"data": {"settings.yaml": "mode: enforce"}}, file)
    assert f"{file}:5: spec.mode is not in force: " in capsys.readouterr().err


def test_what_namespaces_have_stays_under_new_settings_of_the_cluster(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("mode: observe", encoding="utf-8")
    overlays = {"team": Overlay({"mode": "enforce"})}
    found = judged({"data": {"settings.yaml": "{}"}, "binaryData": packed(overlays)}, file)

    assert (found.settings.of("team").mode, found.settings.of("shop").mode) == (
        "enforce",
        "observe",
    )
    assert found.source == f"{file} and the environment, and what namespaces have by {IN_FORCE}"


@pytest.mark.parametrize("content", ["!", base64.b64encode(b"no gzip").decode()])
def test_overlays_that_cannot_be_read_are_an_error(content: str) -> None:
    with pytest.raises(SettingsError, match="is not what control writes"):
        judged({"data": {"settings.yaml": "{}"}, "binaryData": {"namespaces.json.gz": content}})


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
