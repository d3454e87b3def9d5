"""Settings are opened with the rights of their reader, and say what these do not show."""

import asyncio
import base64
import json
from typing import Any, Literal

from tests.console.settings_form.test_settings_object import OBJECT, owned
from tests.console.settings_form.test_settings_object import stored as resource
from tests.fleet.listed_cluster import FORBIDDEN, RELEASE, Cluster
from webhook.console.settings_form.opened_settings import (
    MOST_NAMESPACES,
    MOST_PREVIEWS,
    PreviewRoom,
    PreviewTurn,
    judged_change,
    may_store,
    namespaces_with_settings,
    open_settings,
)
from webhook.console.settings_form.settings_object import SettingsObject
from webhook.console.settings_form.settings_subject import SettingsSubject
from webhook.controller.installation import Installation
from webhook.kube import NotFound
from webhook.settings import FILE, NAMESPACES_FILE, Overlay, WrittenOverlays
from webhook.settings.written_settings import compressed, overlays_json

Json = dict[str, Any]


class Reader:
    """Somebody at a page, as far as reading settings knows them."""

    def __init__(self, *rights: str, **objects: Any) -> None:
        self.api, self.person, self.places = ReadCluster(objects), self, Installation()
        self.rights, self.asked = rights, list[tuple[str, ...]]()
        self.turn, self.room = PreviewTurn(), PreviewRoom()

    async def may(self, verb: str, *named: str) -> bool:
        self.asked.append((verb, *named))
        return verb in self.rights

    def kept(self, *_: Any) -> PreviewTurn:
        return self.turn

    def common(self, *_: Any) -> PreviewRoom:
        return self.room


class ReadCluster(Cluster):
    """Has these objects by name, or refuses to show them."""

    def __init__(self, named: Json) -> None:
        super().__init__(runtimeclasses=[{"metadata": {"name": "gvisor"}}])
        self.named = {name.replace("_", "-"): found for name, found in named.items()}
        self.lists, self.goes_on = 0, asyncio.Event()
        self.goes_on.set()

    async def list_each(self, path: str, take: Any, **how: Any) -> str:
        self.lists += 1
        await self.goes_on.wait()
        return await super().list_each(path, take, **{"field_selector": "", **how})

    async def get(self, path: str) -> Json:
        name = path.rpartition("/")[2]
        found = self.named.get(name)
        if found is None:
            raise NotFound(404, "NotFound", path)
        if isinstance(found, Exception):
            raise found
        return dict(found)


class WatchedLock(asyncio.Lock):
    """Says when somebody has to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_for = asyncio.Event()

    async def acquire(self) -> Literal[True]:
        if self.locked():
            self.waited_for.set()
        return await super().acquire()


def config_map(spec: Json, **overlays: Json) -> Json:
    written = WrittenOverlays({name: Overlay(each) for name, each in overlays.items()})
    packed = base64.b64encode(compressed(overlays_json(written))).decode()
    return {"data": {FILE: json.dumps(spec)}, "binaryData": {NAMESPACES_FILE: packed}}


def run(found: Any) -> Any:
    return asyncio.run(found)


def test_what_is_stored_is_opened_with_what_is_in_force() -> None:
    reader: Any = Reader("patch", default=OBJECT, mcp_admission_settings=config_map({}))

    opened = run(open_settings(reader, ""))

    assert opened.subject.spec == opened.stored.spec
    assert opened.subject.found is not None
    assert opened.subject.classes == ("gvisor",)
    assert (opened.notes, opened.may) == ((), True)


def test_what_may_not_be_read_is_told_and_the_form_is_opened() -> None:
    reader: Any = Reader(default=OBJECT, mcp_admission_settings=FORBIDDEN)
    reader.api.failures["runtimeclasses"] = [FORBIDDEN]

    opened = run(open_settings(reader, ""))

    assert (opened.subject.found, opened.subject.classes, opened.may) == (None, None, False)
    assert opened.notes[0].startswith("What is in force is not shown: ConfigMap")


def test_a_resource_that_is_not_there_has_to_be_created_too() -> None:
    reader: Any = Reader("patch")

    assert not run(may_store(reader, SettingsObject("team", None), {}))
    assert reader.asked == [
        (verb, "mcp-admission.dev", "mcpnamespacesettings", "team", "default")
        for verb in ("patch", "create")
    ]


def test_what_only_a_replacement_can_store_needs_the_right_to_update() -> None:
    reader: Any = Reader("patch")
    found = SettingsObject("", resource({"mode": "warn"}, owned("kubectl", "Update", mode={})))

    assert run(may_store(reader, found, {"mode": "enforce"}))
    assert not run(may_store(reader, found, {}))


def test_a_change_is_judged_one_at_a_time_for_a_person() -> None:
    reader: Any = Reader(mcp_admission_settings=config_map({}))

    async def both() -> Any:
        reader.turn.lock = lock = WatchedLock()
        async with lock:
            waiting = asyncio.create_task(judged_change(reader, SettingsSubject({}), {}))
            await lock.waited_for.wait()
            assert ("/apis/apps/v1/deployments", "") not in reader.api.asked
        return await waiting

    assert run(both()).servers == 0
    run(reader.turn.close())


def test_so_many_changes_are_judged_at_a_time_for_all_people() -> None:
    async def main() -> None:
        room = PreviewRoom()
        people: Any = [Reader(mcp_admission_settings=config_map({})) for _ in range(9)]
        for each in people:
            each.room, each.api.goes_on = room, asyncio.Event()
        asked = [
            asyncio.create_task(judged_change(each, SettingsSubject({}), {})) for each in people
        ]
        for _ in range(200):
            await asyncio.sleep(0)
        assert all(each.turn.lock.locked() for each in people)
        assert sum(each.api.lists > 0 for each in people) == MOST_PREVIEWS
        for each in people:
            each.api.goes_on.set()
        assert len(await asyncio.gather(*asked)) == 9

    run(main())


def test_namespaces_with_settings_are_counted_and_the_first_are_named() -> None:
    many = {f"team-{number:03}": {"mode": "enforce"} for number in range(MOST_NAMESPACES + 3)}
    found = config_map({"mode": "warn"}, bare={}, **many)

    modes, further = run(namespaces_with_settings(Reader(mcp_admission_settings=found)))  # type: ignore[arg-type]

    assert (len(modes), further) == (MOST_NAMESPACES, 3)
    assert set(modes.values()) == {"enforce"}
    assert next(iter(modes)) == "team-000"


def test_no_namespace_is_named_where_that_may_not_be_read() -> None:
    reader: Any = Reader(mcp_admission_settings=FORBIDDEN)

    assert run(namespaces_with_settings(reader)) == ({}, 0)
    assert reader.places.namespace == RELEASE
