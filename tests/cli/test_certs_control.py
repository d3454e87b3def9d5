"""`certs control`: what its options make of the process."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from webhook.cli import certs_control
from webhook.cli.main import main
from webhook.controller.certificates.certificates_control import CertificatesOptions
from webhook.controller.installation import Installation


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[CertificatesOptions]:
    """The options of each process that would have run."""
    found: list[CertificatesOptions] = []

    def run(options: CertificatesOptions) -> int:
        found.append(options)
        return 0

    monkeypatch.setattr(certs_control, "run_certificates", run)
    return found


def test_without_options_it_issues_the_certificates_of_the_installation(asked: list[Any]) -> None:
    assert main(["certs", "control"]) == 0

    (options,) = asked
    assert (options.mode, options.lease) == ("own", "mcp-admission-certificates")
    assert options.installation == Installation()
    assert options.plan.names[0] == "mcp-admission.mcp-admission-system.svc"
    assert options.console is None


def test_each_option_reaches_the_process(asked: list[Any]) -> None:
    words = "--mode cert-manager --service hook.platform --configuration ours --lease one"
    more = "--days 30 --ca-days 60 --metrics-listen [::1]:9090 --kubeconfig file --as alice"

    assert main(["certs", "control", *words.split(), *more.split()]) == 0

    (options,) = asked
    assert (options.mode, options.lease) == ("cert-manager", "one")
    assert options.installation == Installation("hook", "platform", "ours")
    assert options.plan.leaf_lifetime == timedelta(days=30)
    assert options.plan.authority_lifetime == timedelta(days=60)
    assert (options.metrics_listen.host, options.metrics_listen.port) == ("::1", 9090)
    assert (options.kubeconfig, options.overrides.user) == (Path("file"), "alice")


def test_the_console_gets_a_certificate_for_its_own_names(asked: list[Any]) -> None:
    words = "--console-name localhost --console-name console.example --days 30 --name other.example"

    assert main(["certs", "control", *words.split()]) == 0

    (options,) = asked
    assert options.console.names == ("localhost", "console.example")
    assert options.console.leaf_lifetime == timedelta(days=30)
    assert "localhost" not in options.plan.names
