"""The settings as whoever looks at them may see and change them, read with their own rights."""

import asyncio
from typing import NamedTuple

from webhook import settings
from webhook.console.frame.visit import Visit
from webhook.console.settings_form import change_preview, settings_object, settings_subject
from webhook.fleet import cluster_snapshot, settings_in_force, settings_sources
from webhook.fleet.checkup import readings

MOST_NAMESPACES, MOST_PREVIEWS = 50, 3
_CLASSES = "runtime-classes"


class OpenedSettings(NamedTuple):
    """The settings as they are now, as far as their reader may see them, and what is told of that.

    `may` says whether the reader may apply a change to them.
    """

    stored: settings_object.SettingsObject
    subject: settings_subject.SettingsSubject
    notes: tuple[str, ...]
    may: bool


class PreviewRoom:
    """So many previews at a time, whoever asks: each has the whole fleet in memory twice."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(MOST_PREVIEWS)


class PreviewTurn:
    """One preview at a time for a person: each reads and judges every server twice."""

    def __init__(self, _person: object = None) -> None:
        self.lock = asyncio.Lock()

    async def close(self) -> None:
        """There is nothing to end: a request has the lock, and ends by itself."""


async def open_settings(visit: Visit, namespace: str) -> OpenedSettings:
    """Read the settings, and who decides them; raises ApiError."""
    stored = await settings_object.read_settings_object(visit.api, namespace)
    found, notes = None, list[str]()
    try:
        found = await settings_sources.read_settings_origins(
            visit.api, visit.places.namespace, namespace or None, note=notes.append
        )
    except settings.SettingsError as error:
        notes.append(f"What is in force is not shown: {error}")
    read = (await readings.read_all(visit.api, visit.places, [_CLASSES]))[_CLASSES]
    classes = None if read.unread else tuple(each["metadata"]["name"] for each in read.items)
    subject = settings_subject.SettingsSubject(stored.spec, found, namespace, classes)
    return OpenedSettings(
        stored, subject, tuple(notes), await may_store(visit, stored, stored.spec)
    )


async def may_store(
    visit: Visit, stored: settings_object.SettingsObject, spec: settings_subject.Json
) -> bool:
    """Whether the reader may store this; raises ApiError where that is not known."""
    verbs = ["update" if stored.needs_replacement(spec) else "patch"]
    if stored.found is None:
        verbs.append("create")
    plural = settings.NAMESPACE_PLURAL if stored.namespace else settings.PLURAL
    named = (settings.GROUP, plural, stored.namespace, settings.NAME)
    return all([await visit.may(verb, *named) for verb in verbs])


async def judged_change(
    visit: Visit, subject: settings_subject.SettingsSubject, spec: settings_subject.Json
) -> change_preview.ChangePreview:
    """What this spec would do; raises SettingsError where that is not known, and ApiError."""
    api, places = visit.api, visit.places
    by = await settings_in_force.judging_settings_in_force(api, places.namespace)
    room = visit.person.common(PreviewRoom, PreviewRoom)
    async with visit.person.kept(PreviewTurn, PreviewTurn).lock, room.places:
        where = subject.namespace or None
        before = await cluster_snapshot.audited(api, places, by.known, namespace=where)
        after = await change_preview.report_with_change(api, places, by, subject, spec)
        return change_preview.compared(before, after)


async def namespaces_with_settings(visit: Visit) -> tuple[dict[str, str], int]:
    """The modes of the first namespaces that set something, and how many further ones there are.

    There are none where the settings in force may not be read. Raises SettingsError and ApiError.
    """
    found, _ = await settings_in_force.settings_in_force(visit.api, visit.places.namespace)
    names = sorted(name for name, each in found.overlays.items() if each.values) if found else []
    modes: dict[str, str] = (
        {name: found.of(name).mode for name in names[:MOST_NAMESPACES]} if found else {}
    )
    return modes, len(names) - len(modes)
