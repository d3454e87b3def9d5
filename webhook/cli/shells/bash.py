"""Completion for bash, version 3.2 and later."""

import shlex
from collections.abc import Iterator, Sequence

from webhook.cli.completion import Option, Place

SCRIPT = """\
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


def script(places: Sequence[Place]) -> str:
    """A function, and its registration; where it knows nothing, bash completes file names."""
    named = "|".join(shlex.quote(place.path) for place in places if place.words)
    values = [line for place in places for line in _values(place)]
    words = [line for place in places for line in _words(place)]
    return SCRIPT.format(places=named, values="\n".join(values), words="\n".join(words))


def _values(place: Place) -> Iterator[str]:
    for option in place.options:
        if option.takes_value:
            pattern = place.before_value(option)
            yield f"        {pattern}) {_reply(option.values)} ;;"


def _words(place: Place) -> Iterator[str]:
    options = [name for option in place.options for name in _shown(option)]
    yield f'        "{place.path}")'
    yield f"            if [[ $current == -* ]]; then {_reply(options)}; fi"
    yield f"            {_reply(place.values)} ;;"


def _shown(option: Option) -> tuple[str, ...]:
    return tuple(name for name in option.names if name.startswith("--"))


def _reply(words: Sequence[str]) -> str:
    if not words:
        return "return"
    return f'COMPREPLY=($(compgen -W {shlex.quote(" ".join(words))} -- "$current")); return'
