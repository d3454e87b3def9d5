"""What a page of settings sends back: what is typed, and the settings over which it was typed.

The page carries what its reader saw. So whatever is written meanwhile is told apart from what the
reader has changed, and nothing that is typed is lost when the cluster cannot be read.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from webhook.console.settings_form import editors, row_editors, settings_subject, typed_settings
from webhook.settings import model_keys

ACTION, VERSION, SEEN = "_do", "_version", "_seen"
"""Fields of the form that are no keys of the settings."""
EDIT, PREVIEW, SAVE = "edit", "preview", "save"
ROW, SWITCH = "row", "switch"
"""Edit on, with an empty row in a field, or with the field in its other form: `row KEY`."""
_ACTIONS = (EDIT, PREVIEW, SAVE, ROW, SWITCH)
_TOO_LONG = "{} stays as it is: it is too long to be written in another form here"
_NO_ROWS = "{} stays YAML: rows cannot hold all of it"
_NOT_OURS = "this is no form of this page: open the settings again"


class ForeignForm(ValueError):  # noqa: N818 - it is told as a sentence
    """A form that no page of the console has made."""


class SentSettings(NamedTuple):
    """A form: what to do with it, the version and the spec that its reader saw, what is typed.

    `field` is the key whose rows the reader is at, empty where that is none.
    """

    action: str
    version: str
    seen: settings_subject.Json
    typed: editors.Texts
    field: str = ""

    @classmethod
    def read(cls, form: Mapping[str, str], namespace: str = "") -> "SentSettings":
        """The form that was sent about the cluster, or a namespace; raises ForeignForm."""
        fields = {name: form[name].replace("\r\n", "\n") for name in form}
        action, _, field = fields.pop(ACTION, "").partition(" ")
        version = fields.pop(VERSION, "")
        try:
            seen = json.loads(fields.pop(SEEN, ""))
            # What the cluster has stored can be typed; what somebody made up may be anything.
            subject = settings_subject.SettingsSubject(seen, None, namespace)
            _written(seen, subject.fields)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            raise ForeignForm(_NOT_OURS) from None
        if not isinstance(seen, dict) or action not in _ACTIONS:
            raise ForeignForm(_NOT_OURS)
        return cls(action, version, seen, fields, field)


def seen_fields(subject: settings_subject.SettingsSubject, version: str) -> dict[str, str]:
    """The hidden fields that say which settings the reader of a form sees."""
    return {VERSION: version, SEEN: json.dumps(subject.spec, ensure_ascii=False)}


def carried_fields(typed: typed_settings.TypedSettings, version: str) -> dict[str, str]:
    """The hidden fields that bring back all that a form without faults has typed."""
    changed = {each.key for each in typed.changed}
    texts: dict[str, str] = {}
    for field in typed.subject.fields:
        if field.name in changed:
            texts |= typed.texts(field)
    return {**texts, **seen_fields(typed.subject, version)}


def switched(
    typed: typed_settings.TypedSettings, name: str
) -> tuple[typed_settings.TypedSettings, list[str]]:
    """The same with a field in its other form, rows or YAML; or why it stays as it is.

    What cannot be read stays as it is, too, and is a fault of its field.
    """
    field = typed.subject.field_of(tuple(name.split(".")))
    if field is None or field.locked or not isinstance(field.editor, row_editors.RowEditor):
        return typed, []
    before = typed.texts(field)
    if typed_settings.is_too_long(before):
        return typed, [_TOO_LONG.format(field.name)]
    try:
        after = field.editor.switched(field.name, before)
    except editors.UnreadableText:
        return typed, []
    if field.name in before and field.name in after:
        return typed, [_NO_ROWS.format(field.name)]
    others = {each: text for each, text in typed.typed.items() if not field.has_input(each)}
    return replace(typed, typed={**others, **after}), []


def typed_on_top(
    subject: settings_subject.SettingsSubject, typed: typed_settings.TypedSettings
) -> tuple[typed_settings.TypedSettings, list[typed_settings.KeyBySide]]:
    """What was typed over an older version, typed over the subject's; and what others changed."""
    seen, now = typed.subject.spec, subject.spec
    values, rows = typed_settings.rebased(subject.fields, seen, now, typed.spec)
    mine = [
        field
        for field in subject.fields
        if model_keys.held_value(values, field.key) != model_keys.held_value(now, field.key)
    ]
    return typed_settings.TypedSettings(subject, _written(values, mine)), rows


def _written(
    values: settings_subject.Json, fields: Iterable[settings_subject.SettingsField]
) -> editors.Texts:
    """The values of these fields as they would be typed."""
    texts: dict[str, str] = {}
    for field in fields:
        texts |= field.editor.written(field.name, model_keys.held_value(values, field.key))
    return texts
