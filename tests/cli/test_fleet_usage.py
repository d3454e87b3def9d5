"""`audit` and `apply` without a cluster: their usage, their settings, and how far they are."""

import argparse
import asyncio
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from webhook.cli.judging import Judging, judging
from webhook.cli.main import main
from webhook.cli.progress import Progress
from webhook.kube.errors import ApiError, Forbidden, NotFound
from webhook.settings.faults import SettingsError


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["apply"], "name Deployments, or say --all"),
        (["apply", "crm", "--all"], "name Deployments or say --all, not both"),
        (["apply", "crm"], "say in which namespace they are: -n NS"),
        (["audit", "-n", "team", "-A"], "not allowed with argument"),
        (["apply", "-n", "team", "--all", "-A"], "not allowed with argument"),
        (["apply", "crm", "-A"], "say in which namespace they are: -n NS"),
        (["audit", "-o", "yml"], "invalid choice: 'yml': did you mean yaml?"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["audit"], ["apply", "--all"], ["apply", "--all", "-A"]])
def test_no_way_to_a_cluster_is_exit_code_2(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--kubeconfig", str(tmp_path / "none")]) == 2

    told = capsys.readouterr()
    assert "shows no way to a cluster (there is no such file)" in told.err
    assert told.out == ""


class Cluster:
    """Has this ConfigMap, or the answer that it gives instead."""

    def __init__(self, found: dict[str, Any] | ApiError) -> None:
        self.found = found

    async def get(self, path: str) -> dict[str, Any]:
        assert path == "/api/v1/namespaces/platform/configmaps/mcp-admission-settings"
        if isinstance(self.found, ApiError):
            raise self.found
        return self.found


def judged(found: dict[str, Any] | ApiError, file: Path | None = None) -> Judging:
    args = argparse.Namespace(service="webhook.platform", settings=file)
    api: Any = Cluster(found)
    return asyncio.run(judging(api, args))


NOT_FOUND = NotFound(404, "NotFound", "x")
IN_FORCE = "ConfigMap platform/mcp-admission-settings"
DENY = "replicas: {policy: deny}"


@pytest.mark.parametrize("with_file", [True, False])
def test_variables_that_are_not_read_are_told_where_the_environment_counts(
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


def test_a_file_is_asked_for_and_nobody_else(tmp_path: Path) -> None:
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


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [False, True])
def test_how_far_it_is_takes_one_line_on_a_terminal(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "21")
    silent = Progress(1, quiet=True)
    silent.tell("nobody wants to know")
    silent.clear()
    progress = Progress(2)
    progress.clear()
    progress.turn_to("crm")
    for _ in range(2):
        progress.tell("0 of 1 new pods are there")
    progress.clear()
    progress.turn_to("search")
    progress.tell("1 old")
    progress.clear()

    begins = "\r\x1b[K"
    assert screen.getvalue() == (
        f"{begins}[1/2] crm: 0 of 1 ne{begins}{begins}[2/2] search: 1 old{begins}"
        if terminal
        else "[1/2] crm: 0 of 1 new pods are there\n[2/2] search: 1 old\n"
    )
