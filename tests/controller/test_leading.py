"""A process that cannot start: one line of its log says why, and nothing is left running."""

import json
from pathlib import Path

import pytest

from tests.observe.collector import environment
from tools.cluster.ports import free_ports
from webhook.controller.installation import Installation
from webhook.controller.leading import Leading, ProcessOptions, Work, run_process
from webhook.kube.access.client_config import NONE
from webhook.observe.traces import TRACES
from webhook.server.listener import Address


class UnusableError(Exception):
    """What the work needs cannot be used."""


async def work(_: Leading) -> None:
    """Never done: nobody leads here."""


def options(folder: Path) -> ProcessOptions:
    return ProcessOptions(
        kubeconfig=folder / "missing",
        overrides=NONE,
        installation=Installation(),
        lease="lease",
        metrics_listen=Address("127.0.0.1", 0),
    )


def test_work_that_cannot_be_prepared_is_a_line_of_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def prepare() -> Work:
        raise UnusableError("no settings")

    assert run_process(options(tmp_path), prepare, UnusableError) == 2

    told = json.loads(capsys.readouterr().err)
    assert (told["message"], told["reason"]) == ("cannot start", "no settings")


def test_no_way_to_a_cluster_is_a_line_of_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_process(options(tmp_path), lambda: work) == 2

    told = json.loads(capsys.readouterr().err)
    assert told["message"] == "cannot start"
    assert f"{tmp_path / 'missing'} shows no way to a cluster" in told["reason"]


def test_traces_are_those_of_the_process_and_end_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(*free_ports(1)).items():
        monkeypatch.setenv(name, value)

    assert run_process(options(tmp_path), lambda: work) == 2

    started, ended = map(json.loads, capsys.readouterr().err.splitlines())
    assert (started["message"], started["service"]) == ("traces on", "lease")
    assert ended["message"] == "cannot start"
    assert not TRACES.on
