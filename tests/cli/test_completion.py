"""What every shell is offered: each command, action and value that the parsers know."""

import pytest

from webhook.cli.completion_scripts import SCRIPTS
from webhook.cli.main import COMMANDS


@pytest.mark.parametrize("shell", SCRIPTS)
def test_every_command_and_action_is_there(shell: str, scripts: dict[str, str]) -> None:
    places = [f"/{name}" for name in COMMANDS]
    for place in (
        *places,
        "/certs/init",
        "/certs/verify",
        "/certs/status",
        "/certs/rotate",
        "/exception/draft",
    ):
        assert place in scripts[shell]
    for word in ("seccomp-profile", "cert-manager", "context"):
        assert word in scripts[shell]
