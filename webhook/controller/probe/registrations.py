"""The webhook configurations as they are, compared with what the chart installed.

The chart writes the entries that it renders into the ConfigMap `mcp-admission-registrations` too,
so that the controller knows them whichever values they were made of. `caBundle` is written later,
by somebody else, and is no difference: whether API servers trust it is asked by the probe.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from webhook.admission import Scope
from webhook.controller.installation import WEBHOOK_CONFIGURATION, WEBHOOK_CONFIGURATIONS

# The entries that enforce; the one about settings documents only warns.
ENTRIES = {
    Scope.OPTED_IN: "opted-in.mcp-admission.dev",
    Scope.MANAGED: "managed-namespace.mcp-admission.dev",
}
MOST_NAMED = 5

Json = dict[str, Any]
Entries = Mapping[str, Json]


class Difference(NamedTuple):
    """What is not as it was installed; `missing` is whether it is not there at all."""

    sentence: str
    missing: bool


class Registrations(NamedTuple):
    """The entries of each kind of configuration by their names: as installed, and as they are.

    None where that is not known: `installed` without the ConfigMap, `present` without the right to
    read configurations. A kind that is not in `present` does not exist.
    """

    installed: Mapping[str, Entries] | None = None
    present: Mapping[str, Entries] | None = None

    @property
    def compared(self) -> bool:
        """Whether both are known."""
        return self.installed is not None and self.present is not None

    def has(self, scope: Scope) -> bool:
        """Whether the scope was installed at all; it was where nothing is known."""
        installed = self.installed
        return installed is None or any(ENTRIES[scope] in each for each in installed.values())

    def differences(self, scope: Scope) -> list[Difference]:
        """What is not as it was installed, of the entries that matter to a scope."""
        present = self.present
        if present is None:
            return []
        found = list(self._missing())
        if found or self.installed is None:
            return found
        for kind, wanted in self.installed.items():
            found += _compared(kind, wanted, present[kind], scope)
        return found

    def _missing(self) -> Iterator[Difference]:
        present = self.present or {}
        for kind in WEBHOOK_CONFIGURATIONS:
            if kind not in present:
                yield Difference(f"the {kind} {WEBHOOK_CONFIGURATION} is not there", missing=True)


def _compared(kind: str, wanted: Entries, there: Entries, scope: Scope) -> Iterator[Difference]:
    name = ENTRIES[scope]
    if name in wanted and name not in there:
        yield Difference(f"the {kind} has no entry {name}", missing=True)
    elif name in wanted:
        fields = _differing(wanted[name], there[name])
        if fields:
            named = ", ".join(fields[:MOST_NAMED])
            yield Difference(f"the entry {name} of the {kind} has another {named}", missing=False)
    for added in sorted(there.keys() - wanted.keys())[:MOST_NAMED]:
        yield Difference(f"the {kind} has an entry {added}, which is not ours", missing=False)


def _differing(wanted: Json, there: Json) -> list[str]:
    """The fields that are not as installed; what is empty is as good as absent."""
    both = _comparable(wanted), _comparable(there)
    keys = sorted({key for each in both for key in each})
    return [key for key in keys if both[0].get(key) != both[1].get(key)]


def _comparable(entry: Json) -> Json:
    client = entry.get("clientConfig") or {}
    known = {key: value for key, value in client.items() if key != "caBundle"}
    return {key: value for key, value in {**entry, "clientConfig": known}.items() if value}


def entries_of(webhooks: Sequence[Any] | None) -> Entries:
    """The entries of a configuration by their names."""
    return {each["name"]: each for each in webhooks or ()}


def installed_entries(data: Mapping[str, str]) -> Mapping[str, Entries]:
    """The entries that the ConfigMap holds; raises ValueError where they cannot be read."""
    try:
        return {
            kind: entries_of(json.loads(data[f"{kind}.json"])) for kind in WEBHOOK_CONFIGURATIONS
        }
    except (LookupError, TypeError) as error:
        raise ValueError(f"no entries by their names: {error!r}") from None
