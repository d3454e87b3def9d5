"""The words of a command: what launchers start, what is run, and what is only said to a program."""

import pytest

from webhook.fleet.unlabelled.command_words import LAUNCHERS, MOST_TEXT, Run, runs

PACKAGE = "mcp-server-git"


def said(*command: object) -> list[tuple[str, str]]:
    return [(run.kind, run.value) for run in runs(command)]


@pytest.mark.parametrize("launcher", LAUNCHERS, ids=" ".join)
@pytest.mark.parametrize(
    "begin",
    [(), ("sh", "-c"), ("/usr/bin/env", "A=b"), ("exec",)],
    ids=["alone", "shell", "env", "exec"],
)
def test_a_launcher_starts_the_word_behind_its_options(
    launcher: tuple[str, ...], begin: tuple[str, ...]
) -> None:
    kind = "image" if launcher[0] in ("docker", "podman", "nerdctl") else "package"
    run = Run(kind, PACKAGE, " ".join(launcher))

    assert run in list(runs([*begin, *launcher, PACKAGE, "--verbose"]))
    assert run in list(runs([*begin, *launcher, "-y", "-e", "KEY", "--name=x", PACKAGE]))
    assert run in list(runs([*begin, f"cd /app && {' '.join(launcher)} '{PACKAGE}' | cat"]))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["npx", "-p", "@a/mcp", "start"], [("package", "@a/mcp"), ("package", "start")]),
        (["npx", "--package=@a/mcp", "x"], [("package", "@a/mcp"), ("package", "x")]),
        (["uvx", "--from", "git+a", "b"], [("package", "git+a"), ("package", "b")]),
        (["uv", "run", "--directory", "/app", "b"], [("package", "b")]),
        (["deno", "run", "-A", "npm:@a/mcp"], [("package", "@a/mcp")]),
        (["docker", "run", "-p", "80:80", "-e=A", "mcp/git"], [("image", "mcp/git")]),
        (["python3.12", "-m", "mcp_a"], [("package", "mcp_a")]),
        (["npx"], []),
        (["npx", "-y"], []),
        (["npm", "install", "mcp"], [("word", "npm"), ("word", "install"), ("word", "mcp")]),
    ],
)  # fmt: skip
def test_options_name_packages_or_values(
    command: list[str], expected: list[tuple[str, str]]
) -> None:
    assert said(*command) == expected


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/usr/local/bin/mcp-server", "--port", "80", "serve"], ["mcp-server", "serve"]),
        (["agent", "--server", "mcp-server"], ["agent"]),
        (["agent", "--server=mcp-server", "MCP=a"], ["agent"]),
        (["agent", "http://mcp-server/mcp", "mcp-server:8080"], ["agent"]),
        (["agent", "mcp.json", "/etc/mcp-servers.yaml"], ["agent"]),
        (["sh", "-c", "mcp-server --x y"], ["sh", "mcp-server"]),
        (["sh", "-ec", "mcp-server"], ["sh", "mcp-server"]),
        (["a", "--", "mcp"], ["a", "mcp"]),
        ([7, None], ["7", "None"]),
    ],
)
def test_words_that_are_values_addresses_or_files_are_no_programs(
    command: list[str], words: list[str]
) -> None:
    assert said(*command) == [("word", word) for word in words]


def test_a_launched_package_is_told_once() -> None:
    assert said("sh", "-c", f"npx {PACKAGE}; {PACKAGE}") == [("word", "sh"), ("package", PACKAGE)]


def test_no_more_is_read_than_has_room() -> None:
    long = "npx " * MOST_TEXT

    assert said("a", long, "b") == [("word", "a")]
    assert len(said(*["npx"] * (MOST_TEXT // 3))) < MOST_TEXT
