"""Whose settings a form is about, and the keys that it has: of the cluster, or of a namespace.

Chart and environment are stronger than the resource of the cluster: what they set is locked. A
namespace has the keys that its cluster leaves to it, and of those with an order the stricter
values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from webhook.console.settings_form import (
    affinity_editor,
    editors,
    quantity_editors,
    row_editors,
)
from webhook.reports.text import value_in_words
from webhook.rules.registry import RULES
from webhook.rules.specification import specification
from webhook.settings import (
    NOT_OVERRIDABLE,
    RuleId,
    Settings,
    model_keys,
    origins,
    strictness,
)
from webhook.settings.namespace_layer import held_by, is_delegated, refusal_in_namespace

_FITTING: Mapping[model_keys.Key, editors.TextEditor] = {
    ("mcpServerDefaults", "affinity"): affinity_editor.AffinityEditor(),
    ("mcpServerDefaults", "tolerations"): row_editors.TolerationsEditor(),
    ("mcpServerDefaults", "resources"): quantity_editors.ResourcesEditor(),
    ("mcpServerMaximums", "requests"): quantity_editors.QuantitiesEditor(),
    ("mcpServerMaximums", "limits"): quantity_editors.QuantitiesEditor(),
}
"""Editors of values whose type is known better than the model knows it."""
_RUNTIME_CLASS = ("mcpServerDefaults", "runtimeClassName")
_DELEGATED = "the cluster's settings have to list {} under delegated before a namespace can set it"

Json = dict[str, Any]


class SettingsField(NamedTuple):
    """A key that the form has: what it decides, how it is typed, and who has locked it.

    `locked` is a sentence, empty where the key can be set; `default` is in force where nobody
    sets it.
    """

    key: model_keys.Key
    description: str
    editor: editors.TextEditor
    default: Any
    locked: str = ""

    @property
    def name(self) -> str:
        """The key, dotted: the name of its inputs begins with it."""
        return model_keys.dotted(self.key)

    def has_input(self, name: str) -> bool:
        """Whether this is the name of one of its inputs."""
        return name == self.name or name.startswith((f"{self.name}:", f"{self.name}."))


@dataclass(frozen=True)
class SettingsSubject:
    """The settings of the cluster, or of a namespace, as a person may see them.

    `spec` is what the resource says, without nulls. `found` are the settings in force with their
    sources, None where they may not be read. `classes` are the runtime classes of the cluster, None
    where they are not known.
    """

    spec: Json
    found: origins.SettingsOrigins | None = None
    namespace: str = ""
    classes: tuple[str, ...] | None = None

    @cached_property
    def fields(self) -> tuple[SettingsField, ...]:
        """The keys in the order of the model; those of rules in the order of the rules."""
        return tuple(map(self._field, self._keys()))

    @cached_property
    def beneath(self) -> Settings:
        """What a key falls back to where the resource does not set it."""
        if not self.namespace:
            return Settings()
        return self.found.cluster if self.found is not None else Settings()

    def field_of(self, key: model_keys.Key) -> SettingsField | None:
        """The field in which a key of the settings is typed; None where there is none."""
        known = self._by_key
        found = (known.get(key[:end]) for end in range(len(key), 0, -1))
        return next(filter(None, found), None)

    @cached_property
    def _by_key(self) -> Mapping[model_keys.Key, SettingsField]:
        return {each.key: each for each in self.fields}

    def _keys(self) -> Iterator[tuple[model_keys.Key, str]]:
        left_out = model_keys.chart_only_keys()
        if self.namespace:
            left_out |= model_keys.cluster_only_keys()
        for name, description in model_keys.descriptions():
            if name == "rules":
                yield from (((name, rule), summary) for rule, summary in rule_summaries().items())
            elif name not in left_out:
                yield tuple(name.split(".")), description

    def _field(self, given: tuple[model_keys.Key, str]) -> SettingsField:
        key, description = given
        default = held_by(self.beneath, key, self._beneath)
        return SettingsField(
            key, description, self._editor(key, default), default, self._locked(key)
        )

    @cached_property
    def _beneath(self) -> Json:
        return self.beneath.model_dump(by_alias=True)

    def _editor(self, key: model_keys.Key, default: Any) -> editors.TextEditor:
        if key in _FITTING:
            return _FITTING[key]
        if key == _RUNTIME_CLASS and self.classes is not None:
            return editors.ChoiceEditor(self.classes, default or "none")
        found = editors.editor_by_type(key, value_in_words(default))
        if not isinstance(found, editors.ChoiceEditor):
            return found
        never = "override" if key[0] == "rules" and key[1] in NOT_OVERRIDABLE else None
        return editors.ChoiceEditor(
            tuple(
                each for each in found.options if each != never and self._may(key, each, default)
            ),
            found.otherwise,
        )

    def _may(self, key: model_keys.Key, value: Any, default: Any) -> bool:
        if not self.namespace or self.found is None:
            return True
        return refusal_in_namespace(self.found.cluster, key, value, default) is None

    def _locked(self, key: model_keys.Key) -> str:
        if self.found is None:
            return ""
        if self.namespace:
            cluster = self.found.cluster
            free = is_delegated(cluster, key) or strictness.has_order(key)
            name = model_keys.dotted(key)
            return "" if free or model_keys.is_set(self.spec, key) else _DELEGATED.format(name)
        for source in reversed(self.found.sources[1:]):
            if model_keys.is_set(source.layer.values, key):
                return f"the {source.origin} sets it ({source.place(key)})"
        return ""


@cache
def rule_summaries() -> Mapping[RuleId, str]:
    """What each rule asks, in the order of the rules."""
    return {rule.id: specification(rule).summary for rule in RULES}
