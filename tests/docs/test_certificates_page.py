"""The commands on the page about certificates are commands."""

import re
import shlex
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from webhook.cli import certs, control, serve
from webhook.cli.main import _parser
from webhook.observe.metrics import ControllerMetrics, Metrics

PAGE = Path("docs/certificates.md").read_text()
COMMANDS = [line.strip() for line in PAGE.splitlines() if line.startswith("    mcp-admission ")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_understood(command: str) -> None:
    name, *words = shlex.split(command, comments=True)

    assert name == "mcp-admission"
    assert _parser([certs, control, serve]).parse_args(words)


def test_there_are_commands_and_metrics() -> None:
    assert len(COMMANDS) == 12
    shown = "".join(
        generate_latest(metrics.registry).decode() for metrics in (Metrics(), ControllerMetrics())
    )
    names = {line.split()[2] for line in shown.splitlines() if "HELP" in line}
    assert set(re.findall(r"mcp_admission_[a-z_]+", PAGE)) <= names
