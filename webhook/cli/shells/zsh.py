"""Completion for zsh, as a function of its completion system."""

import shlex
from collections.abc import Iterator, Mapping, Sequence

from webhook.cli.completion import Place

SCRIPT = """\
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


def script(places: Sequence[Place]) -> str:
    """A function for `fpath`, which may be sourced as well."""
    named = "|".join(shlex.quote(place.path) for place in places if place.words)
    told = {place.words: place.help for place in places}
    values = [line for place in places for line in _values(place)]
    words = [line for place in places for line in _words(place, told)]
    return SCRIPT.format(places=named, values="\n".join(values), words="\n".join(words))


def _values(place: Place) -> Iterator[str]:
    for option in place.options:
        if option.takes_value:
            pattern = place.before_value(option)
            known = " ".join(map(shlex.quote, option.values))
            yield f"        {pattern}) {f'compadd -- {known}' if known else '_files'}; return ;;"


def _words(place: Place, told: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    options = [
        _item(name, option.help)
        for option in place.options
        for name in option.names
        if name.startswith("--")
    ]
    values = [_item(each, told.get((*place.words, each), "")) for each in place.values]
    yield f'        "{place.path}")'
    yield '            if [[ "$words[CURRENT]" == -* ]]; then'
    yield f"                found=({' '.join(options)}); _describe -o option found"
    if values:
        yield f"            else found=({' '.join(values)}); _describe value found"
    else:
        yield "            else _files"
    yield "            fi ;;"


def _item(word: str, text: str) -> str:
    escaped = word.replace(":", "\\:")
    return shlex.quote(f"{escaped}:{text}" if text else escaped)
