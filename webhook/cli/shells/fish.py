"""Completion for fish: a line for each thing that it may propose."""

from collections.abc import Iterator, Mapping, Sequence

from webhook.cli.completion import Option, Place

HEAD = """\
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


def script(places: Sequence[Place]) -> str:
    """A function that says where on the command line it is, and the lines that ask it."""
    told = {place.words: place.help for place in places}
    named = " ".join(_quoted(place.path) for place in places if place.words)
    lines = [line for place in places for line in _lines(place, told)]
    return HEAD.format(places=named) + "\n".join(lines) + "\n"


def _lines(place: Place, told: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    begin = f"complete -c mcp-admission -n {_quoted(f'__mcp_admission_at {place.path!r}')}"
    for value in place.values:
        said = told.get((*place.words, value), "")
        yield f"{begin} -f -a {_quoted(value)}{_described(said)}"
    for option in place.options:
        yield f"{begin}{_spelled(option)}{_described(option.help)}"


def _spelled(option: Option) -> str:
    long = [f" -l {name[2:]}" for name in option.names if name.startswith("--")]
    short = [f" -s {name[1:]}" for name in option.names if not name.startswith("--")]
    values = f" -x -a {_quoted(' '.join(option.values))}" if option.values else ""
    takes = " -r" if option.takes_value and not values else ""
    return "".join([*long, *short, takes, values])


def _described(text: str) -> str:
    return f" -d {_quoted(text)}" if text else ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
