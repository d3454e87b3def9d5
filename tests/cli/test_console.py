"""The options of `console`, and how it ends."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from webhook.cli import console
from webhook.cli.console import header_name, host_name, https_url, port_number
from webhook.cli.main import main
from webhook.console import cluster_process
from webhook.console.cluster_process import ClusterOptions
from webhook.console.console_process import ConsoleError, LaptopOptions
from webhook.server.listener import Address


@pytest.fixture
def run_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, LaptopOptions]]:
    """Run the command; returns its exit code, and what it would have run."""

    def run(*words: str) -> tuple[int, LaptopOptions]:
        seen: list[LaptopOptions] = []
        monkeypatch.setattr(console, "run_on_laptop", lambda options, _: seen.append(options))
        return main(["console", *words]), seen[0]

    return run


def test_it_opens_a_browser_on_a_free_port(
    run_with: Callable[..., tuple[int, LaptopOptions]],
) -> None:
    code, options = run_with()

    assert (code, options.port, options.open_browser) == (0, 0, True)
    assert options.installation.host == "mcp-admission.mcp-admission-system.svc"


def test_it_acts_as_it_is_told(run_with: Callable[..., tuple[int, LaptopOptions]]) -> None:
    words = ("--no-browser", "--port", "8600", "--as", "alice", "--context", "staging")
    _, options = run_with(*words)

    assert (options.port, options.open_browser) == (8600, False)
    assert (options.overrides.user, options.overrides.context) == ("alice", "staging")


def test_what_keeps_it_from_starting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise ConsoleError("no way")

    monkeypatch.setattr(console, "run_on_laptop", refuse)

    assert main(["console"]) == 2
    assert capsys.readouterr().err == "mcp-admission console: no way\n"


def test_a_sentence_is_printed_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    console._say("open this")

    assert capsys.readouterr().out == "open this\n"


@pytest.mark.parametrize("text", ["-1", "65536", "x", "", "8.0", "²"])
def test_a_port_is_a_number(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no port from 0 to 65535"):
        port_number(text)


CLUSTER = ("--in-cluster", "--api-server-ca", "ca.crt")


def test_in_a_cluster_it_listens_everywhere_and_asks_the_pods_api_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[ClusterOptions] = []
    monkeypatch.setattr(cluster_process, "run_in_cluster", seen.append)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.delenv("KUBERNETES_SERVICE_PORT", raising=False)

    assert main(["console", *CLUSTER, "--host", "Console.example", "--drain-seconds", "0"]) == 0

    (options,) = seen
    assert options.listen == Address("0.0.0.0", 8443)
    assert options.api_server == "https://10.96.0.1:443"
    assert options.api_server_ca == Path("ca.crt")
    assert (options.hosts, options.token_header) == (("console.example",), "")
    assert options.drain_seconds == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--host", "a"), "--host is for a cluster"),
        (("--listen", ":80"), "--listen is for a cluster"),
        ((*CLUSTER, "--as", "alice"), "--as is for your own machine"),
        ((*CLUSTER, "--kubeconfig", "x"), "--kubeconfig is for your own machine"),
        (("--in-cluster",), "needs --api-server-ca"),
        ((*CLUSTER, "--tls-cert", "x"), "belong together"),
        (CLUSTER, "add --api-server URL"),
    ],
    ids=range(7),
)
def test_what_cannot_be_meant_is_said(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    assert main(["console", *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((host_name, text) for text in ("", "a b", "a:80", "-a", "https://a", "*")),
        *((header_name, text) for text in ("", "a b", "X:", "Cookie", "Host", "ü")),
        *((https_url, text) for text in ("http://a", "https://", "https://u@a", "https://a?b")),
    ],
)  # fmt: skip
def test_names_of_another_form_are_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        read(text)


def test_names_are_read() -> None:
    assert [host_name(text) for text in ("A.example", "::1")] == ["a.example", "::1"]
    assert header_name("X-Forwarded-Access-Token") == "X-Forwarded-Access-Token"
    assert https_url("https://[fd00::1]:6443/") == "https://[fd00::1]:6443"
