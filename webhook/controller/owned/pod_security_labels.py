"""The Pod Security labels of a namespace: which of them are ours to write.

Somebody may have labelled the namespace by hand. Labels of theirs that ask for as much as the
settings or for more stay theirs: they are neither lowered nor taken over, and never taken away.
Weaker ones are raised while the namespace is managed and enforced. What they were is kept in an
annotation, and comes back afterwards. What is whose is read from managedFields.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from webhook import names
from webhook.controller.owned.managed_fields import NOBODY, by_us, entries, labels_of
from webhook.objects import POD_SECURITY_PREFIX
from webhook.settings import Level

Json = dict[str, Any]
Labels = Mapping[str, str]

MODES = ("enforce", "audit", "warn")
LEVELS = ("privileged", "baseline", "restricted")
VERSION = re.compile(r"v1\.(\d{1,4})")
LATEST = 10_000
UNKNOWN = -1


class SecurityLabels(NamedTuple):
    """The Pod Security labels of a namespace.

    `ours` are those that we applied, `theirs` those of which an entry of others speaks, `before`
    what others had where we raised it, and `applied` whether anything is applied by us.
    """

    there: Labels
    ours: frozenset[str]
    theirs: frozenset[str]
    before: Labels
    applied: bool

    @property
    def enforced(self) -> Level:
        """The level by which the API server refuses pods, as far as a label says."""
        return Level(max(Level.PRIVILEGED, _level(self.there.get(f"{POD_SECURITY_PREFIX}enforce"))))

    def to_apply(self, wanted: Labels) -> dict[str, str]:
        """Those of `wanted` that are ours to write: all but what others ask for themselves."""
        return {key: wanted[key] for mode in MODES for key in self._of_mode(mode, wanted)}

    def to_keep(self, applied: Labels) -> dict[str, str]:
        """What others had where these are applied."""
        found = {}
        for key, value in applied.items():
            if key in self.theirs and self.there[key] != value:
                found[key] = self.there[key]
            elif key in self.before and key in self.there:
                found[key] = self.before[key]
        return found

    def are_applied(self, labels: Labels) -> bool:
        """Whether these, and no others, are applied by us already."""
        if not labels:
            return not self.applied
        same = self.ours == labels.keys() and labels.items() <= self.there.items()
        return same and self.to_keep(labels) == self.before

    def _of_mode(self, mode: str, wanted: Labels) -> Iterator[str]:
        level = f"{POD_SECURITY_PREFIX}{mode}"
        version = f"{level}-version"
        asked, least = _level(self.there.get(level)), _level(wanted.get(level))
        newer = _version(self.there.get(version)) >= _version(wanted.get(version))
        kept = level in self.theirs and asked >= least
        if level in wanted and not kept:
            yield level
        stays = newer or (kept and asked > least)
        # Without a version, theirs is the latest.
        left = version in self.theirs or (kept and version not in self.ours)
        if version in wanted and not (left and stays):
            yield version


def security_labels(namespace: Json) -> SecurityLabels:
    """The Pod Security labels of a namespace, as the API server has it."""
    metadata = namespace["metadata"]
    labels = metadata.get("labels") or {}
    applied = [
        each for each in entries(namespace) if by_us(each) and each.get("operation") == "Apply"
    ]
    rest = [
        each
        for each in entries(namespace)
        if each not in applied and each.get("manager") != NOBODY and not each.get("subresource")
    ]
    there = {key: labels[key] for key in sorted(labels) if key.startswith(POD_SECURITY_PREFIX)}
    return SecurityLabels(
        there,
        ours=frozenset(labels_of(applied) & there.keys()),
        theirs=frozenset(labels_of(rest) & there.keys()),
        before=_before(metadata.get("annotations") or {}),
        applied=bool(applied),
    )


def packed_labels(before: Labels) -> dict[str, str]:
    """The annotation that keeps what others had."""
    if not before:
        return {}
    return {names.POD_SECURITY_BEFORE: json.dumps(dict(sorted(before.items())))}


def giving_back(found: SecurityLabels) -> Json | None:
    """The merge patch that gives others back what they had; None where they had nothing else.

    It comes before we let go of the rest: what is given back is nobody's field of ours then.
    """
    if not (found.applied and found.before):
        return None
    kept = {key: value for key, value in found.before.items() if key in found.there}
    return {"labels": kept, "annotations": {names.POD_SECURITY_BEFORE: None}}


def _before(annotations: Labels) -> Labels:
    """What the annotation says, and could be ours to say; anybody can write it."""
    try:
        found = json.loads(annotations.get(names.POD_SECURITY_BEFORE, "{}"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if _is_label(key, value)}


def _is_label(key: str, value: Any) -> bool:
    name = key.removeprefix(POD_SECURITY_PREFIX)
    if name == key or not isinstance(value, str):
        return False
    if name in MODES:
        return value in LEVELS
    of_version = value == "latest" or VERSION.fullmatch(value) is not None
    return name.removesuffix("-version") in MODES and of_version


def _level(value: str | None) -> int:
    return LEVELS.index(value) if value in LEVELS else UNKNOWN


def _version(value: str | None) -> int:
    if value in {None, "latest"}:
        return LATEST
    found = VERSION.fullmatch(value or "")
    return int(found.group(1)) if found else UNKNOWN
