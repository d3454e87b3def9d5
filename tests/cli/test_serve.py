"""What `serve` reads from its command line."""

from pathlib import Path
from typing import Any

import pytest

from webhook.cli import main as command_line
from webhook.cli import serve
from webhook.server.lifecycle import Options
from webhook.server.listener import Address
from webhook.server.settings_file import SettingsFiles

PAIR = ["--tls-cert", "tls.crt", "--tls-key", "tls.key"]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """The options of the servers that would have been started."""
    options: list[Options] = []

    def start(given: Options) -> int:
        options.append(given)
        return 0

    monkeypatch.setattr(serve, "serve", start)
    return options


def _expected(**tweak: Any) -> Options:
    defaults: dict[str, Any] = {
        "listen": Address("0.0.0.0", 8443),
        "metrics_listen": Address("0.0.0.0", 8080),
        "tls_cert": Path("tls.crt"),
        "tls_key": Path("tls.key"),
        "ca_bundle": None,
        "service": None,
        "client_ca": None,
        "client_names": frozenset(),
        "settings": None,
        "drain_seconds": 5.0,
    }
    return Options(**defaults | tweak)


@pytest.mark.parametrize(
    ("words", "tweak"),
    [
        ([], {}),
        (["--listen", "[::]:9443"], {"listen": Address("::", 9443)}),
        (["--listen", ":0"], {"listen": Address("", 0)}),
        (["--metrics-listen", "localhost:9090"], {"metrics_listen": Address("localhost", 9090)}),
        (["--client-ca", "ca.crt"], {"client_ca": Path("ca.crt")}),
        (["--ca-bundle", "ca.crt"], {"ca_bundle": Path("ca.crt")}),
        (["--service", "webhook.mcp"], {"service": "webhook.mcp"}),
        (["--service", "webhook.mcp.svc"], {"service": "webhook.mcp"}),
        (
            ["--client-ca", "ca.crt", "--client-name", "a", "--client-name", "b"],
            {"client_ca": Path("ca.crt"), "client_names": frozenset("ab")},
        ),
        (["--settings", "a.yaml"], {"settings": SettingsFiles(Path("a.yaml"))}),
        (
            ["--settings", "a.yaml", "--accepted-settings", "b.yaml"],
            {"settings": SettingsFiles(Path("a.yaml"), Path("b.yaml"))},
        ),
        (
            ["--settings", "a.yaml", "--namespace-settings", "b.gz", "--locked-settings", "c.yaml"],
            {"settings": SettingsFiles(Path("a.yaml"), None, Path("b.gz"), Path("c.yaml"))},
        ),
        (
            ["--settings", "a.yaml", "--runtime-classes", "b.json"],
            {"settings": SettingsFiles(Path("a.yaml"), classes=Path("b.json"))},
        ),
        (["--drain-seconds", "0"], {"drain_seconds": 0.0}),
        (["--drain-seconds", "2.5"], {"drain_seconds": 2.5}),
    ],
)
def test_serve_hands_its_options_to_the_server(
    words: list[str], tweak: dict[str, Any], served: list[Options]
) -> None:
    assert command_line.main(["serve", *PAIR, *words]) == 0
    assert served == [_expected(**tweak)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the following arguments are required: --tls-cert, --tls-key"),
        ([*PAIR, "--listen", "8443"], "'8443' is no HOST:PORT, such as 0.0.0.0:8443 or [::]:8443"),
        ([*PAIR, "--listen", "::1:8443"], "'::1:8443' is no HOST:PORT"),
        ([*PAIR, "--listen", "[a]:8443"], "'[a]:8443' is no HOST:PORT"),
        ([*PAIR, "--listen", "a:65536"], "'a:65536' is no HOST:PORT"),
        ([*PAIR, "--listen", "a:-1"], "'a:-1' is no HOST:PORT"),
        ([*PAIR, "--listen", "a:²"], "'a:²' is no HOST:PORT"),
        ([*PAIR, "--drain-seconds", "soon"], "'soon' is no number of seconds, such as 5 or 0.5"),
        ([*PAIR, "--drain-seconds", "nan"], "'nan' is no number of seconds"),
        ([*PAIR, "--drain-seconds", "inf"], "'inf' is no number of seconds"),
        ([*PAIR, "--drain-seconds=-1"], "'-1' is no number of seconds"),
        ([*PAIR, "--service", "webhook"], "'webhook' is no NAME.NAMESPACE, such as mcp-admission."),
        ([*PAIR, "--tls", "x"], "unrecognized arguments: --tls"),
        ([*PAIR, "extra"], "unrecognized arguments: extra"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], told: str, served: list[Options], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(["serve", *words])

    assert (ended.value.code, served) == (2, [])
    assert told in capsys.readouterr().err


def test_names_of_clients_need_their_authority(
    served: list[Options], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without one, no client has to show a certificate."""
    assert command_line.main(["serve", *PAIR, "--client-name", "kube-apiserver"]) == 2
    told = "mcp-admission serve: --client-name needs --client-ca FILE: add it\n"
    assert (served, capsys.readouterr().err) == ([], told)


@pytest.mark.parametrize("option", ["accepted", "namespace", "locked"])
def test_settings_beside_others_need_settings(
    option: str, served: list[Options], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["serve", *PAIR, f"--{option}-settings", "accepted.yaml"]) == 2
    told = f"mcp-admission serve: --{option}-settings needs --settings FILE: add it\n"
    assert (served, capsys.readouterr().err) == ([], told)


def test_help_of_serve_shows_an_example_each_option_and_the_signal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(["serve", "--help"])

    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert "mcp-admission serve --tls-cert tls.crt --tls-key tls.key\n" in told
    for option in ("--listen", "--metrics-listen", "--client-ca", "--settings", "--drain-seconds"):
        assert option in told
    assert "0.0.0.0:8443" in told
    assert "SIGTERM" in told
