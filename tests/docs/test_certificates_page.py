"""The commands on the page about certificates are commands."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from webhook.cli import certs, serve
from webhook.cli.main import _parser
from webhook.observe.metrics import Metrics

PAGE = Path("docs/certificates.md").read_text()
COMMANDS = [line.strip() for line in PAGE.splitlines() if line.startswith("    mcp-admission ")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_understood(command: str) -> None:
    name, *words = shlex.split(command)

    assert name == "mcp-admission"
    assert _parser([certs, serve]).parse_args(words)


def test_there_are_commands_and_metrics() -> None:
    assert len(COMMANDS) == 5
    names = {line.split()[2] for line in Metrics().render().decode().splitlines() if "HELP" in line}
    assert {
        "mcp_admission_certificate_expiry_timestamp_seconds",
        "mcp_admission_file_refused",
    } <= names
