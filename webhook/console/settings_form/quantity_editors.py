"""Editors of resources: an amount with its unit for each usual one, and lines for all others.

Who types a unit behind the amount is understood, too: the unit that is chosen counts for a bare
number alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webhook.console.settings_form.editors import (
    AREA,
    LINE,
    NONE_IN_MAPPING,
    SELECT,
    FormInput,
    TextEditor,
    Texts,
    UnreadableText,
    typed_pairs,
)

_BYTES = (("Mi", "MiB"), ("Gi", "GiB"), ("Ki", "KiB"), ("M", "MB"), ("G", "GB"), ("", "bytes"))
UNITS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cpu": (("m", "millicores"), ("", "cores")),
    "memory": _BYTES,
    "ephemeral-storage": _BYTES,
}
"""The resources that have an input of their own, each with its units; the first is the usual."""

REQUESTS, LIMITS = "requests", "limits"
_OTHERS = "other"
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")


@dataclass(frozen=True)
class QuantitiesEditor(TextEditor):
    """Quantities by resource name; `called` is what they are of, where that is not the field."""

    called: str = ""

    def written(self, name: str, value: Any) -> Texts:
        """An amount and a unit of each usual resource, and the others as lines."""
        held: dict[str, str] = {resource: str(amount) for resource, amount in (value or {}).items()}
        found: dict[str, str] = {}
        for resource, units in UNITS.items():
            amount, unit = _parted(held.pop(resource, ""), units)
            found |= {_input(name, resource): amount, _input(name, resource, "unit"): unit}
        others = "\n".join(f"{resource}={amount}" for resource, amount in held.items())
        return {**found, _input(name, _OTHERS): NONE_IN_MAPPING if value == {} else others}

    def inputs(self, name: str, typed: Texts) -> tuple[FormInput, ...]:
        """Amount and unit of each usual resource, then the others."""
        found = []
        before = f"{self.called} of " if self.called else ""
        for resource, units in UNITS.items():
            amount, unit = _input(name, resource), _input(name, resource, "unit")
            chosen = typed.get(unit, units[0][0])
            known = units if chosen in dict(units) else (*units, (chosen, chosen))
            found += [
                FormInput(amount, f"{before}{resource}", LINE, typed.get(amount, "")),
                FormInput(unit, f"unit of {before}{resource}", SELECT, chosen, known),
            ]
        label = f"{before}other resources: name=amount, one a line, {NONE_IN_MAPPING} for none"
        others = _input(name, _OTHERS)
        return (*found, FormInput(others, label, AREA, typed.get(others, "")))

    def read(self, name: str, typed: Texts) -> Any:
        """Each amount that is typed, with its unit."""
        others = typed.get(_input(name, _OTHERS), "").strip()
        found = {}
        for resource in UNITS:
            amount = typed.get(_input(name, resource), "").strip()
            unit = typed.get(_input(name, resource, "unit"), "") if _is_bare(amount) else ""
            if amount:
                found[resource] = f"{amount}{unit}"
        for resource, amount in typed_pairs("" if others == NONE_IN_MAPPING else others):
            if resource in found:
                raise UnreadableText(f"{resource} has an input of its own: take the line out")
            found[resource] = amount
        return found if found or others else None


@dataclass(frozen=True)
class ResourcesEditor(TextEditor):
    """Requests and limits, which layers replace together."""

    def written(self, name: str, value: Any) -> Texts:
        """Those of both parts; where neither has any, that both are empty on purpose."""
        texts: dict[str, str] = {}
        for part, editor in _PARTS.items():
            nothing: dict[str, str] | None = None if value is None or any(value.values()) else {}
            texts |= editor.written(_part(name, part), (value or {}).get(part) or nothing)
        return texts

    def inputs(self, name: str, typed: Texts) -> tuple[FormInput, ...]:
        """The inputs of both parts."""
        return tuple(
            each
            for part, editor in _PARTS.items()
            for each in editor.inputs(_part(name, part), typed)
        )

    def read(self, name: str, typed: Texts) -> Any:
        """Both parts, where one of them is set."""
        found = {}
        for part, editor in _PARTS.items():
            read = editor.read(_part(name, part), typed)
            if read is not None:
                found[part] = read
        return found or None


_PARTS = {part: QuantitiesEditor(part) for part in (REQUESTS, LIMITS)}


def _part(name: str, part: str) -> str:
    return f"{name}.{part}"


def _input(name: str, *parts: str) -> str:
    return ":".join((name, *parts))


def _is_bare(amount: str) -> bool:
    return bool(_NUMBER.fullmatch(amount))


def _parted(text: str, units: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """A quantity as amount and unit; with a unit that is not offered, the amount has it."""
    for unit, _ in units:
        amount = text.removesuffix(unit) if text.endswith(unit) else ""
        if _is_bare(amount):
            return amount, unit
    return text, units[0][0]
