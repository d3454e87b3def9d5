"""YAML as Kubernetes reads it: YAML 1.1 narrowed to what JSON can say.

Nothing of PyYAML but its event stream is used: its composer recurses (in C with libyaml), and
its constructors know dates, sets and Python objects.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from webhook.documents.builder import Builder
from webhook.documents.dialect import ScalarError, plain
from webhook.documents.nodes import Mark, Node, NodeError, quoted

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PREFIX = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_PREFIX}null": (type(None),),
    f"{_PREFIX}bool": (bool,),
    f"{_PREFIX}int": (int,),
    f"{_PREFIX}float": (float, int),
}
# The tag `!`, which libyaml does not report, perhaps behind an anchor.
_SAYS_TEXT = re.compile(r"(?:&\S++(?:\s|#.*+)*+)?!")
_ESCAPED_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")
_DROPPED = "kubectl drops what stands here, behind the end of a document: put --- above it"
_DIRECTIVE = re.compile(r"(?:[ \t]*+(?:#.*+)?\n)*+%")


def yaml_nodes(
    text: str, builder: Builder, first: int = 1, loader: Any = LOADER
) -> list[Node | NodeError]:
    """Return the one document of a text, null if it is empty, and what keeps it from being read.

    The text starts on the line `first` of its file. Where it holds comments alone, nothing is
    returned. What follows the document is an error, because kubectl drops it in silence.
    """
    found: list[Node | NodeError] = []
    reading = _Reading(text, builder, first)
    try:
        event: Any
        for event in _events(text, first, loader):
            line = first + event.start_mark.line
            if isinstance(event, yaml.DocumentEndEvent):
                found.append(builder.document())
            elif found and isinstance(event, yaml.DocumentStartEvent):
                return [*found, NodeError(line, _DROPPED)]
            else:
                reading.take(event)
    except NodeError as error:
        found.append(NodeError(error.line, _DROPPED) if found else error)
        builder.reset()
    return found


def _events(text: str, first: int, loader: Any) -> Iterator[Any]:
    """The events of PyYAML; raises NodeError, and nothing else."""
    line = first
    try:
        event: Any
        for event in yaml.parse(text, Loader=loader):
            line = first + event.start_mark.line
            yield event
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, first) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise NodeError(line, f"this is not YAML: {_one_line(error)} after this line") from None


class _Reading:
    """Feeds the builder with the events of a text, and refuses what go-yaml refuses."""

    def __init__(self, text: str, builder: Builder, first: int) -> None:
        self._text = text
        self._builder = builder
        self._first = first
        self._brackets = 0

    def take(self, event: Any) -> None:
        """Pass one event on; raises NodeError for what has no place in JSON."""
        line = self._first + event.start_mark.line
        mark = Mark(line, event.start_mark.column + 1)
        match event:
            case yaml.ScalarEvent():
                # kubectl merges at `! "<<"`, too.
                is_merge = event.value == "<<" and event.implicit[0]
                value = self._scalar(event, line)
                self._builder.scalar(value, mark, event.anchor, merge=is_merge)
            case yaml.MappingStartEvent():
                _check_tag(event.tag, "map", line)
                self._brackets += event.flow_style or self._brackets > 0
                self._builder.open_mapping(mark, event.anchor)
            case yaml.SequenceStartEvent():
                _check_tag(event.tag, "seq", line)
                self._brackets += event.flow_style or self._brackets > 0
                self._builder.open_list(mark, event.anchor)
            case yaml.CollectionEndEvent():
                self._brackets -= self._brackets > 0
                self._builder.close()
            case yaml.AliasEvent():
                self._builder.alias(str(event.anchor), mark)

    def _scalar(self, event: Any, line: int) -> Any:
        start, end = event.start_mark.index, event.end_mark.index
        if event.style == '"' and _ESCAPED_SLASH.search(self._text, start, end):
            raise NodeError(line, "kubectl cannot read \\/ in YAML: write / without the backslash")
        if self._brackets and not event.style and "?" in event.value:
            raise NodeError(line, "kubectl cannot read ? between brackets: put the text in quotes")
        if not event.implicit[0]:
            return _tagged(event, line)
        if event.style or _SAYS_TEXT.match(self._text, start):
            return event.value
        return _plain(event.value, line)


def _check_tag(tag: str | None, kind: str, line: int) -> None:
    if tag not in (None, "!", _PREFIX + kind):
        raise _unknown_tag(str(tag), line)


def _unknown_tag(tag: str, line: int) -> NodeError:
    short = tag.replace(_PREFIX, "!!")
    return NodeError(line, f"the tag {quoted(short)} has no meaning in JSON: remove it")


def _tagged(event: Any, line: int) -> Any:
    if event.tag in (None, "!", f"{_PREFIX}str"):
        return event.value
    if event.tag not in _TYPES:
        raise _unknown_tag(event.tag, line)
    value = _plain(event.value, line)
    if type(value) not in _TYPES[event.tag]:
        short = event.tag.replace(_PREFIX, "!!")
        raise NodeError(line, f"{short} cannot hold {quoted(event.value)}: remove the tag")
    return value


def _plain(value: str, line: int) -> Any:
    try:
        return plain(value)
    except ScalarError as error:
        raise NodeError(line, str(error)) from None


def _syntax_error(error: yaml.MarkedYAMLError, text: str, first: int) -> NodeError:
    directive = _DIRECTIVE.match(text)
    if directive:
        return NodeError(
            first + text.count("\n", 0, directive.end()),
            "kubectl cannot read the directives %YAML and %TAG: remove this line",
        )
    mark = error.problem_mark or error.context_mark
    assert mark is not None
    lines = text.splitlines()
    line = first + min(mark.line, text.rstrip().count("\n"))
    shown = lines[mark.line] if mark.line < len(lines) else ""
    indentation = shown[: len(shown) - len(shown.lstrip())]
    if "\t" in indentation or shown[mark.column : mark.column + 1] == "\t":
        return NodeError(line, "a tab stands where YAML wants spaces: indent with spaces")
    where = f" {error.context}" if error.context else ""
    return NodeError(
        line,
        f"this is not YAML: {_one_line(error.problem)}{where}; "
        "check the indentation, colons and quotes",
    )


def _one_line(problem: object) -> str:
    return " ".join(str(problem).split())
