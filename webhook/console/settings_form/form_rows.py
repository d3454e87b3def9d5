"""The form as its page shows it: a row for each key, in the groups that the model has.

A row says what is typed, what is in force and who sets that, who has locked the key, and what is
wrong with what is typed.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from webhook.console.settings_form.editors import FormInput, InputTable
from webhook.console.settings_form.settings_subject import SettingsField
from webhook.console.settings_form.typed_settings import FieldFault, TypedSettings
from webhook.reports.text import value_in_words
from webhook.settings import model_keys, origins

GENERAL, RULES = "general", "rules"
DEFAULT_ACTION = "the default action of the rule"
_OF_GENERAL = "What holds for all servers."


class ValueInForce(NamedTuple):
    """A value in force, or a part of one under its key, and who sets it."""

    key: str
    value: str
    origin: str
    place: str


class FormRow(NamedTuple):
    """A key: its inputs, none where it is `locked`; `in_force` is empty where that is not known.

    `table` are those in rows, and `told` says what rows mean, empty where there never are any.
    `waiting` says why what the resource sets is not in force, `faults` what is wrong with what is
    typed.
    """

    name: str
    description: str
    inputs: tuple[FormInput, ...]
    table: InputTable | None
    told: str
    locked: str
    in_force: tuple[ValueInForce, ...]
    waiting: tuple[str, ...]
    faults: tuple[FieldFault, ...]
    default: str

    @property
    def label(self) -> str:
        """The last part of the key: the group has the others."""
        return self.name.rpartition(".")[2]

    @property
    def by_row(self) -> Mapping[int | None, list[str]]:
        """What is wrong with each row of the table; under None, what is of no row."""
        found: dict[int | None, list[str]] = {}
        for each in self.faults:
            found.setdefault(each.row if self.table is not None else None, []).append(each.sentence)
        return found


class FormGroup(NamedTuple):
    """A section of the settings, with its rows."""

    title: str
    text: str
    rows: tuple[FormRow, ...]

    @property
    def faulty(self) -> int:
        """How many of its rows are wrong."""
        return sum(bool(each.faults) for each in self.rows)


def form_groups(typed: TypedSettings) -> list[FormGroup]:
    """The rows of all keys; what stands at no section comes first."""
    in_force, waiting = _in_force(typed), _waiting(typed)
    grouped: dict[str, list[FormRow]] = {GENERAL: []}
    for field in typed.subject.fields:
        row = FormRow(
            field.name,
            field.description,
            typed.inputs(field),
            typed.table(field),
            field.editor.told,
            field.locked,
            tuple(in_force.get(field.name, ())),
            tuple(waiting.get(field.name, ())),
            tuple(typed.by_field.get(field.name, ())),
            value_in_words(field.default),
        )
        grouped.setdefault(model_keys.dotted(field.key[:-1]) or GENERAL, []).append(row)
    texts = _section_texts(typed.subject.fields)
    return [FormGroup(title, texts[title], tuple(rows)) for title, rows in grouped.items()]


def form_notes(typed: TypedSettings) -> list[str]:
    """What is said of no row: faults of all, and what others set without effect."""
    told = [each.sentence for each in typed.by_field.get("", ())]
    subject = typed.subject
    if subject.found is not None:
        for each in subject.found.not_in_force():
            if each.origin != _own(typed) or subject.field_of(_key(each.key)) is None:
                place = f"{each.place}: {each.key}" if each.key else each.place
                told.append(f"{place}: {each.reason}")
    return told


def _in_force(typed: TypedSettings) -> Mapping[str, list[ValueInForce]]:
    """The values in force by the names of their fields."""
    found = typed.subject.found
    rows: dict[str, list[ValueInForce]] = {}
    for each in found.values(all_keys=True) if found is not None else ():
        field = typed.subject.field_of(_key(each.key))
        if field is not None:
            row = ValueInForce(each.key, value_in_words(each.value), each.origin, each.place)
            rows.setdefault(field.name, []).append(row)
    for field in typed.subject.fields if found is not None else ():
        if field.name not in rows and field.key[0] == RULES:
            action = ValueInForce(field.name, str(field.default), DEFAULT_ACTION, "")
            rows[field.name] = [action]
    return rows


def _waiting(typed: TypedSettings) -> Mapping[str, list[str]]:
    """Why what the resource sets is not in force, by the names of fields."""
    found = typed.subject.found
    told: dict[str, list[str]] = {}
    for each in found.not_in_force() if found is not None else ():
        field = typed.subject.field_of(_key(each.key))
        if field is not None and each.origin == _own(typed):
            told.setdefault(field.name, []).append(each.reason)
    return told


def _own(typed: TypedSettings) -> str:
    return origins.NAMESPACE_ORIGIN if typed.subject.namespace else origins.CLUSTER


def _key(name: str) -> model_keys.Key:
    """The key of a dotted one, as far as it leads to a field: those have no brackets."""
    return tuple(name.partition("[")[0].split(".")) if name else ()


def _section_texts(fields: Iterable[SettingsField]) -> Mapping[str, str]:
    """What each section is about, by its dotted key."""
    texts = {GENERAL: _OF_GENERAL, RULES: dict(model_keys.descriptions())[RULES]}
    for field in fields:
        section = model_keys.section_type(model_keys.type_at(field.key[:-1]))
        if section is not None:
            first, _, _ = (section.__doc__ or "").partition("\n")
            texts.setdefault(model_keys.dotted(field.key[:-1]) or GENERAL, first)
    return texts
