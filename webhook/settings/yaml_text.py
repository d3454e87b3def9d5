"""YAML as Kubernetes reads it: YAML 1.1 narrowed to what JSON can say.

Nothing of PyYAML but its event stream is used: its composer recurses (in C with libyaml), and
its constructors know dates, sets and Python objects.
"""

from types import NoneType
from typing import Any

import yaml

from webhook.settings.nodes import Builder, Mark, Node, NodeError, quoted
from webhook.settings.scalars import ScalarError, plain

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PREFIX = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_PREFIX}null": (NoneType,),
    f"{_PREFIX}bool": (bool,),
    f"{_PREFIX}int": (int,),
    f"{_PREFIX}float": (float, int),
}


def nodes(text: str, loader: Any = LOADER) -> list[tuple[int, Node]]:
    """Return the documents of a YAML stream that hold something, each with its position.

    Raises NodeError, and nothing else, for text that is not YAML or goes beyond JSON.
    """
    builder = Builder()
    found: list[tuple[int, Node]] = []
    position = 0
    line = 1
    try:
        event: Any
        for event in yaml.parse(text, Loader=loader):
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentEndEvent):
                position += 1
                node = builder.document()
                if node.value is not None:
                    found.append((position, node))
            else:
                _feed(builder, event, line)
    except ScalarError as error:
        raise NodeError(line, str(error)) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise NodeError(line, f"this is not YAML: {_one_line(error)} after this line") from None
    return found


def _feed(builder: Builder, event: Any, line: int) -> None:
    mark = Mark(line, event.start_mark.column + 1)
    match event:
        case yaml.ScalarEvent():
            plain_key = event.value == "<<" and event.implicit[0] and not event.style
            builder.scalar(_scalar(event, line), mark, event.anchor, merge=plain_key)
        case yaml.MappingStartEvent():
            _check_tag(event.tag, "map", line)
            builder.open_mapping(mark, event.anchor)
        case yaml.SequenceStartEvent():
            _check_tag(event.tag, "seq", line)
            builder.open_list(mark, event.anchor)
        case yaml.CollectionEndEvent():
            builder.close()
        case yaml.AliasEvent():
            builder.alias(str(event.anchor), mark)


def _check_tag(tag: str | None, kind: str, line: int) -> None:
    if tag not in (None, "!", _PREFIX + kind):
        raise _unknown_tag(str(tag), line)


def _unknown_tag(tag: str, line: int) -> NodeError:
    short = tag.replace(_PREFIX, "!!")
    return NodeError(line, f"the tag {quoted(short)} has no meaning in JSON: remove it")


def _scalar(event: Any, line: int) -> Any:
    if event.implicit[0]:
        return plain(event.value)
    if event.tag in (None, f"{_PREFIX}str"):
        return event.value
    if event.tag not in _TYPES:
        raise _unknown_tag(event.tag, line)
    value = plain(event.value)
    if type(value) not in _TYPES[event.tag]:
        short = event.tag.replace(_PREFIX, "!!")
        raise NodeError(line, f"{short} cannot hold {quoted(event.value)}: remove the tag")
    return value


def _syntax_error(error: yaml.MarkedYAMLError, text: str) -> NodeError:
    mark = error.problem_mark or error.context_mark
    assert mark is not None
    lines = text.splitlines()
    shown = lines[mark.line] if mark.line < len(lines) else ""
    indentation = shown[: len(shown) - len(shown.lstrip())]
    if "\t" in indentation or shown[mark.column : mark.column + 1] == "\t":
        return NodeError(mark.line + 1, "a tab stands where YAML wants spaces: indent with spaces")
    where = f" {error.context}" if error.context else ""
    return NodeError(
        mark.line + 1,
        f"this is not YAML: {_one_line(error.problem)}{where}; "
        "check the indentation, colons and quotes",
    )


def _one_line(problem: object) -> str:
    return " ".join(str(problem).split())
