"""`settings show` by files and by a cluster: values with their origins, and the exit code."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.cli import settings_in_cluster
from webhook.cli.main import main
from webhook.settings import Settings, origins

CLUSTER = "mode: enforce\nonConflict: warn\n"
TEAM = """\
apiVersion: mcp-admission.dev/v1alpha1
kind: MCPNamespaceSettings
metadata: {name: default, namespace: team-a}
spec:
  onConflict: deny
  mode: observe
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("settings.yaml").write_text(CLUSTER)
    Path("team.yaml").write_text(TEAM)


def show(*words: str) -> int:
    return main(["settings", "show", *words])


def test_a_table_has_a_row_for_each_key_that_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("--settings", "settings.yaml") == 0

    assert capsys.readouterr().out.splitlines() == [
        "KEY          VALUE     FROM   WHERE",
        "mode         enforce   file   settings.yaml:1",
        "onConflict   warn      file   settings.yaml:2",
    ]


def test_what_is_not_in_force_follows_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("--settings", "settings.yaml", "--namespace-settings", "team.yaml") == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "onConflict   deny      namespace   team.yaml:5"
    said = (
        "  team.yaml:6: mode: observe is looser than enforce, which the cluster has: the cluster's "
        "settings have to list mode under delegated for that"
    )
    assert lines[3:] == ["", "not in force:", said]


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_programs_read_the_same(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--settings", "settings.yaml", "--namespace-settings", "team.yaml", "-o", form)
    assert show(*words) == 1

    found = yaml.safe_load(capsys.readouterr().out)
    assert found["namespace"] == "team-a"
    assert found["values"][1] == {
        "key": "onConflict", "value": "deny", "from": "namespace", "where": "team.yaml:5",
    }  # fmt: skip
    (other,) = found["not_in_force"]
    assert (other["key"], other["value"], other["from"]) == ("mode", "observe", "namespace")


def test_a_variable_is_stronger_than_the_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("settings.yaml").write_text("mcpServerDefaults: {image: a}\n")
    monkeypatch.setenv("OBOT_SERVER_MCPBASE_IMAGE", "b")
    monkeypatch.setenv("OBOT_SERVER_MCPRUNTIME_BACKEND", "kubernetes")

    assert show("--settings", "settings.yaml") == 1

    told = capsys.readouterr()
    assert "mcpServerDefaults.image   b       environment   OBOT_SERVER_MCPBASE_IMAGE" in told.out
    assert "the environment sets it, too, and is stronger (OBOT_SERVER_MCPBASE_IMAGE)" in told.out
    assert told.err.startswith("OBOT_SERVER_MCPRUNTIME_BACKEND is not read: ")


def test_all_keys_are_shown_where_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("--settings", "settings.yaml", "--all") == 0

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["isolation.gate", "true", "built-in", "-"] in lines
    assert ["mcpServerDefaults.runtimeClassName", "not", "set", "built-in", "-"] in lines


def test_where_nobody_sets_anything_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Path("settings.yaml").write_text("{}")

    assert show("--settings", "settings.yaml") == 0
    assert capsys.readouterr().out.startswith("no key is set: every value is built in")


def test_settings_that_are_out_as_a_whole_have_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    Path("team.yaml").write_text(f"mcpServerDefaults: {{image: {'a' * 20_000}}}")

    assert show("--settings", "settings.yaml", "--namespace-settings", "team.yaml") == 1
    assert "  team.yaml:1: all keys: has 200" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--settings", "none.yaml"], "none.yaml"),
        (["--settings", "settings.yaml", "--namespace-settings", "settings.yaml.old"], "old"),
        (
            ["-n", "b", "--settings", "settings.yaml", "--namespace-settings", "team.yaml"],
            "team.yaml: is for namespace team-a: say -n team-a, or name another file",
        ),
    ],
)
def test_what_cannot_be_read_is_an_error(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(*words) == 2

    assert said in capsys.readouterr().err


@pytest.mark.parametrize("reached", [True, False])
def test_without_a_file_the_cluster_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, reached: bool
) -> None:
    asked: list[Any] = []

    def cluster(args: Any, source: Any) -> origins.SettingsOrigins | None:
        asked.append((args.namespace, source))
        return origins.SettingsOrigins(Settings(), ()) if reached else None

    monkeypatch.setattr(settings_in_cluster, "settings_in_cluster", cluster)

    assert show("-n", "team-b", "-o", "json") == (0 if reached else 2)
    assert asked == [("team-b", None)]
    if reached:
        found = json.loads(capsys.readouterr().out)
        assert found == {"namespace": "team-b", "values": [], "not_in_force": []}
