"""The page about the command line names every command, and the options that several have."""

import re
from pathlib import Path

from webhook.cli.completion import command_paths
from webhook.cli.main import COMMANDS, whole_parser
from webhook.kube.access.kubeconfig import ClusterEntry, UserEntry

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
IN_COMMON = 3
ONLY_THERE = {
    # They are explained where they are needed.
    "--help", "--service", "--configuration", "--dry-run", "--kubeconfig", "--name", "--days",
    "--ca-days", "--metrics-listen", "--tls-cert", "--tls-key",
}  # fmt: skip


def test_every_command_is_there() -> None:
    first = [row.split("|")[1] for row in PAGE[: PAGE.index("## ")].splitlines() if row[:1] == "|"]

    assert set(re.findall(r"`([a-z]+)[ `]", "".join(first))) == COMMANDS.keys()


def test_options_of_several_commands_are_there() -> None:
    count: dict[str, int] = {}
    for place in command_paths(whole_parser()):
        for option in place.options:
            for name in option.names:
                count[name] = count.get(name, 0) + 1

    often = {name for name, times in count.items() if times >= IN_COMMON and name[:2] == "--"}
    assert {name for name in often - ONLY_THERE if name not in PAGE} == set()


def test_every_key_of_a_kubeconfig_is_known_or_named() -> None:
    """A key that is honoured may be told with others; nothing is told that is not known."""
    known = {field.alias or name for kind in (ClusterEntry, UserEntry) for name, field in
             kind.model_fields.items()}  # fmt: skip
    table = PAGE[PAGE.index("| key of a kubeconfig | |") : PAGE.index("Without `proxy-url`")]
    told = {
        key
        for row in table.strip().splitlines()[2:]
        for key in re.findall(r"`([a-zA-Z-]+)`", row.split("|")[1])
    }

    assert told <= known
    assert {"as", "as-groups", "as-uid", "as-user-extra", "exec", "auth-provider"} <= told
