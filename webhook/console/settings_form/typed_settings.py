"""What a person typed into the form, as the settings that it makes, with what is wrong and where.

Every sentence is that of the settings themselves: the model's, and those about contradictions and
about what a namespace may not set. What is not in the form stays as it is stored.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from pydantic import ValidationError

from webhook.console.settings_form.editors import FormInput, InputTable, Texts, UnreadableText
from webhook.console.settings_form.settings_subject import Json, SettingsField, SettingsSubject
from webhook.reports.text import value_in_words
from webhook.settings import (
    KeyFault,
    Settings,
    faults,
    layers,
    model_keys,
    namespace_layer,
)
from webhook.settings.namespace_layer import MERGED_IN_NAMESPACES

MOST_TYPED = 20_000
"""Characters of all that is changed at a time: a text of ten times as many is read for seconds."""
_TOO_MUCH = (
    f"with this, more than {MOST_TYPED:,} characters are changed: change less at a time, or apply "
    "the resource with kubectl"
)


class ChangedKey(NamedTuple):
    """A key that the person changes: what the resource says now, and what it would say."""

    key: str
    before: str
    after: str


class FieldFault(NamedTuple):
    """What is wrong with a field, with the row of its table where that is in one."""

    sentence: str
    row: int | None = None


@dataclass(frozen=True)
class TypedSettings:
    """The settings of a subject with what is typed over them; keys that are not typed stay."""

    subject: SettingsSubject
    typed: Texts

    def texts(self, field: SettingsField) -> Texts:
        """What stands in the inputs of a field: what is typed, or else what is stored."""
        typed = {name: text for name, text in self.typed.items() if field.has_input(name)}
        return field.editor.laid_over(field.name, self._stored[field.name], typed)

    def inputs(self, field: SettingsField) -> tuple[FormInput, ...]:
        """The inputs of a field; none where it is locked."""
        return () if field.locked else field.editor.inputs(field.name, self.texts(field))

    def table(self, field: SettingsField) -> InputTable | None:
        """The inputs of a field that are a table; none where it is locked."""
        return None if field.locked else field.editor.table(field.name, self.texts(field))

    @cached_property
    def spec(self) -> Json:
        """What the resource would say, as far as what is typed can be read."""
        return self._read[0]

    @cached_property
    def faults(self) -> tuple[KeyFault, ...]:
        """Everything that is wrong with it, the first ones of many."""
        unreadable = self._read[1]
        found = _of_namespace if self.subject.namespace else _of_cluster
        told = (fault for fault in found(self.subject, self.spec) if fault.sentence)
        return tuple(islice((*unreadable, *told), faults.MOST_FAULTS))

    @cached_property
    def by_field(self) -> Mapping[str, list[FieldFault]]:
        """The faults by the names of their fields; those of no field under ""."""
        found: dict[str, list[FieldFault]] = {}
        for fault in self.faults:
            field = self.subject.field_of(fault.key)
            if field is None:
                place = f"{model_keys.dotted(fault.key)}: " if fault.key else ""
                found.setdefault("", []).append(FieldFault(f"{place}{fault.sentence}"))
            else:
                inside = fault.key[len(field.key) :]
                told = self._told(field, inside, fault.sentence)
                found.setdefault(field.name, []).append(told)
        return found

    @cached_property
    def changed(self) -> list[ChangedKey]:
        """Each key whose value is another than the stored one, in the order of the form."""
        return list(changed_keys(self.subject.fields, self.subject.spec, self.spec))

    @cached_property
    def _stored(self) -> Mapping[str, Texts]:
        """What is stored, as it would be typed, by the names of the fields."""
        spec = self.subject.spec
        return {
            each.name: each.editor.written(each.name, model_keys.held_value(spec, each.key))
            for each in self.subject.fields
        }

    @cached_property
    def _read(self) -> tuple[Json, list[KeyFault]]:
        values, wrong = layers.merged_values({}, self.subject.spec), list[KeyFault]()
        room = MOST_TYPED
        for field in self.subject.fields:
            stored = self._stored[field.name]
            if field.locked or self.texts(field) == stored:
                continue
            room -= _length(self.texts(field))
            if room < 0:
                wrong.append(KeyFault(field.key, _TOO_MUCH))
                continue
            try:
                value = field.editor.read(field.name, self.texts(field))
            except UnreadableText as error:
                wrong.append(KeyFault(field.key, str(error)))
            else:
                values = with_value(values, field.key, value)
                for inside, sentence in field.editor.objections(value):
                    wrong.append(KeyFault((*field.key, *inside), sentence))
        return values, wrong

    def _told(self, field: SettingsField, inside: model_keys.Key, sentence: str) -> FieldFault:
        """The fault with its place inside the field; what cannot be read says itself where."""
        editor, texts = field.editor, self.texts(field)
        if not inside or is_too_long(texts):
            return FieldFault(f"{model_keys.dotted(inside)}: {sentence}" if inside else sentence)
        try:
            place = editor.place(field.name, texts, inside)
        except UnreadableText:
            place = model_keys.dotted(inside)
        told = f"{place}: {sentence}" if place else sentence
        return FieldFault(told, editor.row(field.name, texts, inside))


def is_too_long(texts: Texts) -> bool:
    """Whether this is more than is read of one field."""
    return _length(texts) > MOST_TYPED


def _length(texts: Texts) -> int:
    return sum(map(len, texts.values()))


def changed_keys(
    fields: Iterable[SettingsField], before: Json, after: Json
) -> Iterator[ChangedKey]:
    """Each key of these fields that has another value after than before."""
    for field in fields:
        held, wanted = (model_keys.held_value(values, field.key) for values in (before, after))
        if held != wanted:
            yield ChangedKey(field.name, value_in_words(held), value_in_words(wanted))


class KeyBySide(NamedTuple):
    """A key that somebody else has changed: as the person saw it, as it is now, and as typed.

    `contested` says that the person has changed it, too.
    """

    key: str
    seen: str
    now: str
    typed: str
    contested: bool


def rebased(
    fields: Iterable[SettingsField], seen: Json, now: Json, wanted: Json
) -> tuple[Json, list[KeyBySide]]:
    """What is stored now with the changes of a person who saw something else, and what that is."""
    values, rows = now, list[KeyBySide]()
    for field in fields:
        before, there, mine = (
            model_keys.held_value(each, field.key) for each in (seen, now, wanted)
        )
        if mine != before:
            values = with_value(values, field.key, mine)
        if there != before:
            saw, stored, typed = map(value_in_words, (before, there, mine))
            contested = mine not in (before, there)
            rows.append(KeyBySide(field.name, saw, stored, typed, contested))
    return values, rows


def with_value(values: Json, key: model_keys.Key, value: Any) -> Json:
    """A copy of the values with another one at a key; None takes it out, with what it empties."""
    step, *rest = key
    held = values.get(str(step))
    inner = (
        with_value(held if isinstance(held, dict) else {}, tuple(rest), value) if rest else value
    )
    copy = {name: each for name, each in values.items() if name != step}
    return copy if inner is None or (rest and inner == {}) else {**copy, str(step): inner}


def settings_of_cluster(subject: SettingsSubject, spec: Json) -> Settings:
    """The settings that the cluster gets by this spec, under its locks.

    Raises ValidationError, and passes over contradictions.
    """
    values: Json = layers.without_nulls(spec)
    locks: Json = {}
    for source in subject.found.sources[1:] if subject.found is not None else ():
        # What the environment is known to set is a part of a mapping that the chart began.
        locks = layers.merged_values(locks, source.layer.values, MERGED_IN_NAMESPACES)
    return Settings.model_validate(layers.merged_values(values, locks))


def _of_cluster(subject: SettingsSubject, spec: Json) -> Iterator[KeyFault]:
    """A contradiction counts under the locks: what is locked may end it, or begin it."""
    try:
        Settings.model_validate(layers.without_nulls(spec))
    except ValidationError as error:
        yield from faults.explain(error)
    else:
        yield from faults.contradictions(settings_of_cluster(subject, spec))


def _of_namespace(subject: SettingsSubject, spec: Json) -> Iterator[KeyFault]:
    try:
        Settings.model_validate(layers.without_nulls(spec, MERGED_IN_NAMESPACES))
    except ValidationError as error:
        yield from faults.explain(error)
    else:
        if subject.found is not None:
            yield from namespace_layer(subject.found.cluster, spec).faults
