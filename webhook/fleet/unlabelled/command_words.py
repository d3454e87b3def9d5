"""What a container runs: the packages that launchers start, and the other words of its command.

A shell script is read as words, too. Values of options are no words of their own: a client is told
by them where a server is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

MOST_TEXT = 32_768
MOST_OPTIONS = 40
LONGEST = 200

_WORD = re.compile(r"[^\s;|&()<>\"'`]+")
_PYTHON = re.compile(r"python[0-9.]*")
_SCRIPT = re.compile(r"--|-[a-z]{0,3}c")
_NO_PROGRAM = re.compile(r"^-|=|://|:[0-9]+$|\.(?:json|ya?ml|toml|env|conf|md|txt|pem|crt|key)$")

LAUNCHERS: tuple[tuple[str, ...], ...] = (
    ("npx",),
    ("bunx",),
    ("uvx",),
    ("pnpx",),
    ("pnpm", "dlx"),
    ("pnpm", "exec"),
    ("yarn", "dlx"),
    ("npm", "exec"),
    ("npm", "x"),
    ("bun", "x"),
    ("bun", "run"),
    ("deno", "run"),
    ("pipx", "run"),
    ("uv", "run"),
    ("uv", "tool", "run"),
    ("python", "-m"),
    ("docker", "run"),
    ("podman", "run"),
    ("nerdctl", "run"),
)
"""How a package is started that no image holds; one line each."""
CONTAINER_ENGINES = frozenset({"docker", "podman", "nerdctl"})
NAMING = frozenset({"-p", "--package", "--from", "--with", "--spec"})
"""Options of launchers whose value is a package; a container engine's `-p` is a port."""
VALUED = frozenset(
    {
        *("--python", "--directory", "--project", "--index-url", "--registry", "--cache"),
        *("-e", "--env", "--env-file", "-v", "--volume", "--mount", "--publish", "--name"),
        *("--network", "-w", "--workdir", "-u", "--user", "--entrypoint", "--platform", "--label"),
    }
)
"""Options of launchers whose value is something else."""

_BY_FIRST: dict[str, list[tuple[str, ...]]] = {}
for _words in LAUNCHERS:
    _BY_FIRST.setdefault(_words[0], []).append(_words)


class Run(NamedTuple):
    """A thing that is run: a `package` or an `image` of a launcher, or a `word` of the command."""

    kind: str
    value: str
    launcher: str = ""


class _Word(NamedTuple):
    text: str
    is_value: bool


def runs(command: Iterable[object]) -> Iterator[Run]:
    """What the command, with its arguments, runs; a part that is too long is not read."""
    words = list(_words_of(command))
    texts = [each.text for each in words]
    launched: set[str] = set()
    for at, (word, is_value) in enumerate(words):
        launcher = _launcher(texts, at)
        if launcher:
            launched.update(launcher)
            begin = at + len(launcher)
            for run in _launched(texts[begin : begin + MOST_OPTIONS], launcher):
                launched.add(run.value)
                yield run
        elif not (is_value or word in launched or _NO_PROGRAM.search(word)):
            yield Run("word", _program(word))


def _words_of(command: Iterable[object]) -> Iterator[_Word]:
    """The words of all arguments; the first one of a script is no value of an option before it."""
    room, before = MOST_TEXT, ""
    for part in command:
        text = str(part)
        room -= len(text)
        if room < 0:
            return
        found = _WORD.findall(text)
        if len(found) > 1:
            before = ""
        for word in found:
            yield _Word(word, _takes_value(before))
            before = word


def _takes_value(word: str) -> bool:
    """Whether the next word may be its value; what a shell runs by `-c` is a script."""
    return word.startswith("-") and "=" not in word and not _SCRIPT.fullmatch(word)


def _program(word: str) -> str:
    return word.rpartition("/")[2][:LONGEST]


def _launcher(words: Sequence[str], at: int) -> tuple[str, ...]:
    """The words of a launcher that begins here; empty without one."""
    first = _program(words[at])
    first = "python" if _PYTHON.fullmatch(first) else first
    for launcher in _BY_FIRST.get(first, ()):
        if tuple(words[at + 1 : at + len(launcher)]) == launcher[1:]:
            return launcher
    return ()


def _launched(words: Sequence[str], launcher: tuple[str, ...]) -> Iterator[Run]:
    """The first word behind the options, and those that options name."""
    engine = launcher[0] in CONTAINER_ENGINES
    said = " ".join(launcher)
    before = ""
    for word in words:
        option, _, value = word.partition("=")
        naming = option in NAMING and not engine
        if before in NAMING and not engine:
            yield _run(word, said, engine=engine)
        elif word.startswith("-"):
            if naming and value:
                yield _run(value, said, engine=engine)
            before = "" if value else word
            continue
        elif not _is_value(before, engine=engine):
            yield _run(word, said, engine=engine)
            return
        before = ""


def _is_value(option: str, *, engine: bool) -> bool:
    return option in VALUED or (engine and option == "-p")


def _run(word: str, launcher: str, *, engine: bool) -> Run:
    package = word.removeprefix("npm:").removeprefix("jsr:")
    return Run("image" if engine else "package", package[:LONGEST], launcher)
