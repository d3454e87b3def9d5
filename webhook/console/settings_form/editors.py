"""How a value of the settings is typed: an editor for each type that the model has.

What is typed is text. An editor reads it as what a settings file would hold, and the model judges
that: an editor objects only to what it cannot read. Nothing typed means "not set". What is empty
on purpose is written as in YAML, `[]` or `{}`: it takes a default away.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, get_args, get_origin

from webhook import documents
from webhook.settings import LocalObjectReference, model_keys
from webhook.settings.model_keys import Key, dotted, plain_type

SELECT, LINE, AREA = "select", "line", "area"
NONE_IN_LIST, NONE_IN_MAPPING = "[]", "{}"
_LONGEST_NUMBER = 18
_BOOLEANS = {True: "true", False: "false"}

Texts = Mapping[str, str]
"""What is typed, by the name of the input."""


class FormInput(NamedTuple):
    """One input: its name, what it is called inside its field, and what stands in it.

    `kind` is SELECT, LINE or AREA; a SELECT has options, each a value and how it is called.
    """

    name: str
    label: str
    kind: str
    text: str
    options: tuple[tuple[str, str], ...] = ()


class InputRow(NamedTuple):
    """A row of a table: an input for each column, and the box that takes the row out.

    The row for a further item has no box.
    """

    cells: tuple[FormInput, ...]
    removal: FormInput | None


class InputTable(NamedTuple):
    """Inputs as a table: what its columns are called, and a row for each item."""

    columns: tuple[str, ...]
    rows: tuple[InputRow, ...]


class UnreadableText(ValueError):  # noqa: N818 - it is told as a fault of what was typed
    """Typed text that is no value at all; one sentence that says what to type."""


@dataclass(frozen=True)
class TextEditor:
    """Shows a value in one line, and reads it back; its inputs have names that begin alike."""

    label: ClassVar[str] = ""
    kind: ClassVar[str] = LINE
    told: ClassVar[str] = ""
    """What the rows mean, of an editor that has some."""

    def written(self, name: str, value: Any) -> Texts:
        """A value as it would be typed; None is "not set"."""
        return {name: "" if value is None else self._text(value)}

    def read(self, name: str, typed: Texts) -> Any:
        """The value of what is typed, None for "not set"; raises UnreadableText."""
        text = typed.get(name, "").strip()
        return self._value(text) if text else None

    def inputs(self, name: str, typed: Texts) -> tuple[FormInput, ...]:
        """The inputs with what is typed in them."""
        return (FormInput(name, self.label, self.kind, typed.get(name, "")),)

    def table(self, name: str, typed: Texts) -> InputTable | None:  # noqa: ARG002 - of some editors
        """The inputs that are a table, in which each row is an item."""
        return None

    def laid_over(self, name: str, stored: Texts, typed: Texts) -> Texts:  # noqa: ARG002 - of some
        """What stands in the inputs: what is typed, and what is stored where nothing is."""
        return {**stored, **{name: typed[name] for name in stored if name in typed}}

    def objections(self, value: Any) -> Iterator[tuple[Key, str]]:  # noqa: ARG002 - of some editors
        """What is wrong with a value that the model accepts: keys inside it, and sentences."""
        return iter(())

    def row(self, name: str, typed: Texts, key: Key) -> int | None:  # noqa: ARG002 - of some editors
        """The row of the table in which a key inside the value is typed."""
        return None

    def place(self, name: str, typed: Texts, key: Key) -> str:  # noqa: ARG002 - of some editors
        """Where in what is typed a key inside the value is; empty for the value itself."""
        return dotted(key)

    def _text(self, value: Any) -> str:
        return str(value)

    def _value(self, text: str) -> Any:
        return text


@dataclass(frozen=True)
class NumberEditor(TextEditor):
    """A whole number; of what is none, the model says what to write."""

    def _value(self, text: str) -> Any:
        return number_or_text(text)


@dataclass(frozen=True)
class ChoiceEditor(TextEditor):
    """One of some values; `otherwise` is what is in force where none is chosen."""

    options: tuple[Any, ...]
    otherwise: str = ""

    def inputs(self, name: str, typed: Texts) -> tuple[FormInput, ...]:
        """A list to choose from; what it does not have and is typed stays in it."""
        text = typed.get(name, "")
        known = ("", *map(self._text, self.options))
        nothing = f"not set ({self.otherwise})" if self.otherwise else "not set"
        offered = known if text in known else (*known, text)
        options = tuple((each, each or nothing) for each in offered)
        return (FormInput(name, self.label, SELECT, text, options),)

    def _text(self, value: Any) -> str:
        return _BOOLEANS[value] if isinstance(value, bool) else str(value)

    def _value(self, text: str) -> Any:
        return next((each for each in self.options if self._text(each) == text), text)


@dataclass(frozen=True)
class ListEditor(TextEditor):
    """A list, one item a line; `item` makes a value of a line, and `line` a line of it."""

    label: ClassVar[str] = f"one a line, {NONE_IN_LIST} for none"
    kind: ClassVar[str] = AREA
    item: Callable[[str], Any] = str
    line: Callable[[Any], str] = str

    def place(self, name: str, typed: Texts, key: Key) -> str:
        """The line of the item."""
        at = [number for number, _ in typed_lines(typed.get(name, ""))]
        inside = bool(key) and isinstance(key[0], int)
        return f"line {at[int(key[0])]}" if inside else dotted(key)

    def _text(self, value: Any) -> str:
        return "\n".join(map(self.line, value)) or NONE_IN_LIST

    def _value(self, text: str) -> Any:
        found = [line for _, line in typed_lines(text)]
        return [] if found == [NONE_IN_LIST] else [self.item(line) for line in found]


@dataclass(frozen=True)
class PairsEditor(TextEditor):
    """A mapping of texts, `name=value` on each line, as kubectl takes labels."""

    label: ClassVar[str] = f"name=value, one a line, {NONE_IN_MAPPING} for none"
    kind: ClassVar[str] = AREA

    def _text(self, value: Any) -> str:
        return "\n".join(f"{key}={held}" for key, held in value.items()) or NONE_IN_MAPPING

    def _value(self, text: str) -> Any:
        return {} if text == NONE_IN_MAPPING else dict(typed_pairs(text))


@dataclass(frozen=True)
class YamlEditor(TextEditor):
    """A structured value as YAML."""

    label: ClassVar[str] = "YAML"
    kind: ClassVar[str] = AREA

    def place(self, name: str, typed: Texts, key: Key) -> str:
        """The line on which the key stands, or else what is around it."""
        line = _document(typed[name]).line(documents.pointer_to(key))
        return f"line {line}, {dotted(key)}" if key else f"line {line}"

    def _text(self, value: Any) -> str:
        return "\n".join(line.text for line in documents.lines(value))

    def _value(self, text: str) -> Any:
        return deepcopy(_document(text).value)


def editor_by_type(key: Key, otherwise: str = "") -> TextEditor:
    """The editor for the type that stands at a key; `otherwise` is in force where none is set."""
    held = model_keys.type_at(key)
    inner = plain_type(get_args(held)[-1]) if get_origin(held) in {list, dict} else None
    known = (True, False) if held is bool else model_keys.choices(held)
    if known:
        return ChoiceEditor(known, otherwise)
    if held in {int, str}:
        return NumberEditor() if held is int else TextEditor()
    if get_origin(held) is list and inner in {int, str}:
        return ListEditor(number_or_text if inner is int else str)
    if inner is LocalObjectReference:
        return ListEditor(lambda line: {"name": line}, lambda value: str(value["name"]))
    return PairsEditor() if inner is str else YamlEditor()


def number_or_text(text: str) -> int | str:
    """The number that a text is; the text itself where it is none."""
    whole = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return int(text) if whole else text


def typed_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line.strip()


def typed_pairs(text: str) -> Iterator[tuple[str, str]]:
    """The lines `name=value`; raises UnreadableText."""
    seen = set[str]()
    for number, line in typed_lines(text):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not sign or not name:
            raise UnreadableText(f"line {number}: write name=value")
        if name in seen:
            raise UnreadableText(f"line {number}: the name stands above already: keep one")
        seen.add(name)
        yield name, value


@lru_cache(maxsize=1)
def _document(text: str) -> documents.Document:
    """The document that is typed; it is read once for its value, and for the places of faults."""
    try:
        first, *more = documents.read_documents(text, "")
    except documents.DocumentError as error:
        place = f"line {error.line}: " if error.line else ""
        raise UnreadableText(f"{place}{error.sentence}") from None
    if more:
        raise UnreadableText("a second document starts here: keep one")
    return first
