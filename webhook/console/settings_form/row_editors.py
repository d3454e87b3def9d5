"""Editors of lists as a table: a row for each item, an empty one for a further item.

Rows hold a value only if they give it back exactly as it is. Everything else is typed as YAML, and
so is what somebody would rather write as YAML: nothing is lost on the way from one to the other.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from webhook.console.settings_form import editors
from webhook.settings import model_keys
from webhook.settings.model_keys import Key

MOST_ROWS = 32
"""More items than these are typed as YAML."""
BOX, TICKED = "box", "on"
_REMOVE = "remove"
_TOLERATION: Key = ("mcpServerDefaults", "tolerations", 0)


def column_choices(item: Key, key: str) -> tuple[str, ...]:
    """What the model lists for a key of an item."""
    return model_keys.choices(model_keys.type_at((*item, key)))


class RowColumn(NamedTuple):
    """A column: the key that it is for, how it is called, and the choices that it has.

    `nothing` is how "not set" is called among choices; `read` makes a value of a text.
    """

    key: str
    label: str
    choices: tuple[str, ...] = ()
    nothing: str = ""
    read: Callable[[str], Any] = str


class TypedRow(NamedTuple):
    """What is typed in a row, by the keys of its columns, and whether it is to be taken out."""

    texts: Mapping[str, str]
    removed: bool = False


@dataclass(frozen=True)
class RowEditor(editors.YamlEditor):
    """A value as rows where they can hold it; YAML is typed where the input of its name is."""

    columns: ClassVar[tuple[RowColumn, ...]]
    beside: ClassVar[str] = ""
    """How the YAML beside the rows is called; empty where there is none."""

    @abstractmethod
    def value_of(self, rows: Sequence[TypedRow], beside: Any) -> Any:
        """The value of rows and of what stands beside them; None for "not set"."""

    @abstractmethod
    def rows_of(self, value: Any) -> tuple[list[TypedRow], Any]:
        """The rows of a value, and what stands beside them; raises what any value may."""

    @abstractmethod
    def row_at(self, rows: Sequence[TypedRow], key: Key) -> int | None:
        """Which of these rows a key inside their value is typed in."""

    def written(self, name: str, value: Any) -> editors.Texts:
        """The rows of a value; its YAML where they cannot hold it."""
        try:
            rows, beside = ([], None) if value is None else self.rows_of(value)
            texts = self._texts(name, rows, super().written("", beside)[""])
            if self.value_of(self.typed_rows(name, texts), beside) == value:
                return texts
        except (TypeError, KeyError, AttributeError, ValueError):
            pass
        return super().written(name, value)

    def read(self, name: str, typed: editors.Texts) -> Any:
        """The value of what is typed, None for "not set"; raises UnreadableText."""
        if self.is_yaml(name, typed):
            return super().read(name, typed)
        beside = super().read(_beside(name), typed)
        return self.value_of(_kept(self.typed_rows(name, typed)), beside)

    def is_yaml(self, name: str, typed: editors.Texts) -> bool:
        """Whether YAML is typed, and no rows."""
        return name in typed

    def switched(self, name: str, typed: editors.Texts) -> editors.Texts:
        """The same value in the other form, as far as rows can hold it; raises UnreadableText."""
        value = self.read(name, typed)
        if self.is_yaml(name, typed):
            return self.written(name, value)
        return super().written(name, value)

    def laid_over(self, name: str, stored: editors.Texts, typed: editors.Texts) -> editors.Texts:
        """Whoever has typed rows has typed all of them, and empty ones are none."""
        if not typed or self.is_yaml(name, typed):
            return typed or stored
        return self._texts(name, self.typed_rows(name, typed), typed.get(_beside(name), ""))

    def inputs(self, name: str, typed: editors.Texts) -> tuple[editors.FormInput, ...]:
        """The YAML, or what is typed beside the rows."""
        if self.is_yaml(name, typed):
            return super().inputs(name, typed)
        if not self.beside:
            return ()
        text = typed.get(_beside(name), "")
        return (editors.FormInput(_beside(name), self.beside, editors.AREA, text),)

    def table(self, name: str, typed: editors.Texts) -> editors.InputTable | None:
        """The rows that are typed, and an empty one where there is room; None for YAML."""
        if self.is_yaml(name, typed):
            return None
        rows = self.typed_rows(name, typed)
        shown = [*rows, TypedRow({})][:MOST_ROWS]
        return editors.InputTable(
            tuple(each.label for each in self.columns),
            tuple(
                self._input_row(name, at, row, has_box=at < len(rows))
                for at, row in enumerate(shown)
            ),
        )

    def row(self, name: str, typed: editors.Texts, key: Key) -> int | None:
        """The row that a key inside the value is typed in; None where it is typed elsewhere."""
        if self.is_yaml(name, typed):
            return None
        rows = self.typed_rows(name, typed)
        found = self.row_at(_kept(rows), key)
        numbers = [at for at, each in enumerate(rows) if not each.removed]
        return None if found is None or found >= len(numbers) else numbers[found]

    def place(self, name: str, typed: editors.Texts, key: Key) -> str:
        """The line of the YAML, or the row with the last part of the key."""
        if self.is_yaml(name, typed):
            return super().place(name, typed, key)
        found = self.row(name, typed, key)
        return model_keys.dotted(key) if found is None else f"row {found + 1}"

    def typed_rows(self, name: str, typed: editors.Texts) -> list[TypedRow]:
        """The rows in which something is typed."""
        rows = [
            TypedRow(
                {each.key: typed.get(_cell(name, at, each.key), "") for each in self.columns},
                bool(typed.get(_cell(name, at, _REMOVE))),
            )
            for at in range(MOST_ROWS)
        ]
        return [each for each in rows if any(text.strip() for text in each.texts.values())]

    def _texts(self, name: str, rows: Sequence[TypedRow], beside: str) -> editors.Texts:
        nothing = TypedRow({each.key: "" for each in self.columns})
        texts = {_beside(name): beside} if self.beside else {}
        for at, row in enumerate(rows or [nothing]):
            texts |= {_cell(name, at, key): text for key, text in row.texts.items()}
            if row.removed:
                texts[_cell(name, at, _REMOVE)] = TICKED
        return texts

    def _input_row(self, name: str, at: int, row: TypedRow, *, has_box: bool) -> editors.InputRow:
        cells = tuple(_input(_cell(name, at, each.key), each, row) for each in self.columns)
        text = TICKED if row.removed else ""
        box = editors.FormInput(_cell(name, at, _REMOVE), _REMOVE, BOX, text)
        return editors.InputRow(cells, box if has_box else None)


@dataclass(frozen=True)
class TolerationsEditor(RowEditor):
    """Tolerations, one a row."""

    columns = (
        RowColumn("key", "key"),
        RowColumn(
            "operator", "operator", column_choices(_TOLERATION, "operator"), "not set (Equal)"
        ),
        RowColumn("value", "value"),
        RowColumn("effect", "effect", column_choices(_TOLERATION, "effect"), "all"),
        RowColumn("tolerationSeconds", "seconds", read=editors.number_or_text),
    )
    told = "Each row is a toleration; one without a key tolerates all taints by Exists."

    def value_of(self, rows: Sequence[TypedRow], beside: Any) -> Any:  # noqa: ARG002 - there is none
        """A mapping for each row, with the keys that are typed."""
        return [dict(self._typed(each)) for each in rows] or None

    def rows_of(self, value: Any) -> tuple[list[TypedRow], Any]:
        """A row for each toleration."""
        keys = [each.key for each in self.columns]
        return [TypedRow({key: _text(each.get(key)) for key in keys}) for each in value], None

    def row_at(self, rows: Sequence[TypedRow], key: Key) -> int | None:  # noqa: ARG002 - each is one
        """The row of the index that a key begins with."""
        return int(key[0]) if key else None

    def _typed(self, row: TypedRow) -> Iterator[tuple[str, Any]]:
        for each in self.columns:
            text = row.texts[each.key].strip()
            if text:
                yield each.key, each.read(text)


def _kept(rows: Iterable[TypedRow]) -> list[TypedRow]:
    return [each for each in rows if not each.removed]


def _cell(name: str, at: int, key: str) -> str:
    return f"{name}:{at}:{key}"


def _beside(name: str) -> str:
    return f"{name}:beside"


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _input(name: str, column: RowColumn, row: TypedRow) -> editors.FormInput:
    text = row.texts.get(column.key, "")
    if not column.choices:
        return editors.FormInput(name, column.label, editors.LINE, text)
    offered = dict.fromkeys(("", *column.choices, text))
    options = tuple((each, each or column.nothing) for each in offered)
    return editors.FormInput(name, column.label, editors.SELECT, text, options)
