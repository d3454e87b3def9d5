"""The completion scripts for bash (3.2 and later), zsh and fish, made from the parsers."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

_BASH = """\
# Completes mcp-admission in bash. Made by `mcp-admission completion bash`.
_mcp_admission() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} place="" word
    if [[ $current == "=" ]]; then
        current=""
    elif [[ $before == "=" ]]; then
        before=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$place/$word" in
            {places}) place="$place/$word" ;;
        esac
    done
    COMPREPLY=()
    case "$place $before" in
{values}
    esac
    case "$place" in
{words}
    esac
}}
complete -o default -F _mcp_admission mcp-admission
"""

_ZSH = """\
#compdef mcp-admission
# Completes mcp-admission in zsh. Made by `mcp-admission completion zsh`.
_mcp_admission() {{
    local place="" word before="$words[CURRENT-1]"
    local -a found
    for word in "${{(@)words[2,CURRENT-1]}}"; do
        case "$place/$word" in
            {places}) place="$place/$word" ;;
        esac
    done
    case "$place $before" in
{values}
    esac
    case "$place" in
{words}
    esac
}}
if [ "$funcstack[1]" = "_mcp-admission" ] || [ "$funcstack[1]" = "_mcp_admission" ]; then
    _mcp_admission "$@"
else
    compdef _mcp_admission mcp-admission
fi
"""

_FISH = """\
# Completes mcp-admission in fish. Made by `mcp-admission completion fish`.
function __mcp_admission_at
    set -l place ''
    for word in (commandline -opc)[2..-1]
        if contains -- "$place/$word" {places}
            set place "$place/$word"
        end
    end
    test "$place" = "$argv[1]"
end
"""


class CommandOption(NamedTuple):
    """An option: its spellings, its help, and the values it takes where they are known."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    values: tuple[str, ...]


class CommandPath(NamedTuple):
    """A command or action: the words that lead to it, and the words that may follow."""

    words: tuple[str, ...]
    help: str
    options: tuple[CommandOption, ...]
    values: tuple[str, ...]

    @property
    def path(self) -> str:
        """The words as one: `/certs/init`, and nothing for the command line itself."""
        return "".join(f"/{word}" for word in self.words)

    def before_value(self, option: CommandOption) -> str:
        """A shell's pattern for this path, followed by a spelling of the option."""
        return "|".join(f'"{self.path} {name}"' for name in option.names)


def bash_script(places: Sequence[CommandPath]) -> str:
    """A function and its registration; without a known value, bash completes file names."""
    named = "|".join(shlex.quote(place.path) for place in places if place.words)
    values = [line for place in places for line in _bash_values(place)]
    words = [line for place in places for line in _bash_words(place)]
    return _BASH.format(places=named, values="\n".join(values), words="\n".join(words))


def _bash_values(place: CommandPath) -> Iterator[str]:
    for option in place.options:
        if option.takes_value:
            pattern = place.before_value(option)
            yield f"        {pattern}) {_bash_reply(option.values)} ;;"


def _bash_words(place: CommandPath) -> Iterator[str]:
    options = [name for option in place.options for name in _bash_shown(option)]
    yield f'        "{place.path}")'
    yield f"            if [[ $current == -* ]]; then {_bash_reply(options)}; fi"
    yield f"            {_bash_reply(place.values)} ;;"


def _bash_shown(option: CommandOption) -> tuple[str, ...]:
    return tuple(name for name in option.names if name.startswith("--"))


def _bash_reply(words: Sequence[str]) -> str:
    if not words:
        return "return"
    return f'COMPREPLY=($(compgen -W {shlex.quote(" ".join(words))} -- "$current")); return'


def zsh_script(places: Sequence[CommandPath]) -> str:
    """A function for `fpath`, which may be sourced as well."""
    named = "|".join(shlex.quote(place.path) for place in places if place.words)
    helps = {place.words: place.help for place in places}
    values = [line for place in places for line in _zsh_values(place)]
    words = [line for place in places for line in _zsh_words(place, helps)]
    return _ZSH.format(places=named, values="\n".join(values), words="\n".join(words))


def _zsh_values(place: CommandPath) -> Iterator[str]:
    for option in place.options:
        if option.takes_value:
            pattern = place.before_value(option)
            known = " ".join(map(shlex.quote, option.values))
            yield f"        {pattern}) {f'compadd -- {known}' if known else '_files'}; return ;;"


def _zsh_words(place: CommandPath, helps: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    options = [
        _zsh_item(name, option.help)
        for option in place.options
        for name in option.names
        if name.startswith("--")
    ]
    values = [_zsh_item(each, helps.get((*place.words, each), "")) for each in place.values]
    yield f'        "{place.path}")'
    yield '            if [[ "$words[CURRENT]" == -* ]]; then'
    yield f"                found=({' '.join(options)}); _describe -o option found"
    if values:
        yield f"            else found=({' '.join(values)}); _describe value found"
    else:
        yield "            else _files"
    yield "            fi ;;"


def _zsh_item(word: str, text: str) -> str:
    escaped = word.replace(":", "\\:")
    return shlex.quote(f"{escaped}:{text}" if text else escaped)


def fish_script(places: Sequence[CommandPath]) -> str:
    """A function that finds the place on the command line, and one line for each word."""
    helps = {place.words: place.help for place in places}
    named = " ".join(_fish_quoted(place.path) for place in places if place.words)
    lines = [line for place in places for line in _fish_lines(place, helps)]
    return _FISH.format(places=named) + "\n".join(lines) + "\n"


def _fish_lines(place: CommandPath, helps: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    begin = f"complete -c mcp-admission -n {_fish_quoted(f'__mcp_admission_at {place.path!r}')}"
    for value in place.values:
        said = helps.get((*place.words, value), "")
        yield f"{begin} -f -a {_fish_quoted(value)}{_fish_described(said)}"
    for option in place.options:
        yield f"{begin}{_fish_spelled(option)}{_fish_described(option.help)}"


def _fish_spelled(option: CommandOption) -> str:
    long = [f" -l {name[2:]}" for name in option.names if name.startswith("--")]
    short = [f" -s {name[1:]}" for name in option.names if not name.startswith("--")]
    values = f" -x -a {_fish_quoted(' '.join(option.values))}" if option.values else ""
    takes = " -r" if option.takes_value and not values else ""
    return "".join([*long, *short, takes, values])


def _fish_described(text: str) -> str:
    return f" -d {_fish_quoted(text)}" if text else ""


def _fish_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


SCRIPTS = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}
