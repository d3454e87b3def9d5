"""What is distributed for namespaces, and what one change costs."""

import math

import pytest

from tests.controller.settings.announced import DAY, MADE, ROOM, Users
from webhook.controller.settings import effective
from webhook.controller.settings.change_budget import AT_ONCE, SECONDS_FOR_EACH
from webhook.controller.settings.namespace_store import StoredSettings
from webhook.controller.settings.overlay_builder import ReadException, ReadSettings
from webhook.kube import NamespacedName
from webhook.settings.exception_document import ENDED, ENDING, IN_FORCE, NOT_VALID
from webhook.settings.model import Settings
from webhook.settings.namespace_layer import NamespaceLayer

CLUSTER = Settings.model_validate({"onConflict": "warn", "delegated": ["fillIn"]})
STRICT = {"onConflict": "deny"}


@pytest.fixture
def users() -> Users:
    return Users()


def read(users: Users, name: str) -> ReadException:
    found = users.builder.read[NamespacedName("", name)]
    assert isinstance(found, ReadException)
    return found


async def test_settings_and_exceptions_of_a_namespace_are_one_overlay(users: Users) -> None:
    users.set("team", {**STRICT, "mode": "observe"})
    users.grant("crm-root")

    overlays = await users.builder.build(CLUSTER, ROOM)

    assert list(overlays) == ["team"]
    assert overlays["team"].values == STRICT
    assert [each.name for each in overlays["team"].exceptions] == ["crm-root"]
    found = users.builder.read[NamespacedName("team", "default")]
    assert isinstance(found, ReadSettings)
    assert [fault.key for fault in found.faults] == [("mode",)]
    assert set(users.told) == {NamespacedName("team", "default"), NamespacedName("", "crm-root")}


async def test_one_change_leaves_the_overlays_of_others_as_they_are(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        users.set(f"team-{number}", STRICT)
    before = await users.builder.build(CLUSTER, ROOM)
    users.told.clear()
    merged = list[str]()
    whole = StoredSettings.layer

    def layer(stored: StoredSettings, cluster: Settings) -> NamespaceLayer:
        merged.append(stored.uid)
        return whole(stored, cluster)

    monkeypatch.setattr(StoredSettings, "layer", layer)

    users.set("team-7", {"fillIn": "pods"})
    after = await users.builder.build(CLUSTER, ROOM)

    assert merged == ["team-7/default"]
    assert set(users.told) == {NamespacedName("team-7", "default")}
    assert {name for name in after if after[name] is not before[name]} == {"team-7"}


async def test_nothing_is_stale_until_something_changes(users: Users) -> None:
    assert users.builder.stale(CLUSTER, ROOM)
    users.set("team", STRICT)
    before = await users.builder.build(CLUSTER, ROOM)
    assert not users.builder.stale(CLUSTER, ROOM)
    assert users.builder.seconds == math.inf

    users.set("team", dict(STRICT))
    assert users.builder.stale(CLUSTER, ROOM)
    assert await users.builder.build(CLUSTER, ROOM) is before
    assert users.builder.stale(CLUSTER, ROOM - 1)
    assert users.builder.stale(Settings(), ROOM)


async def test_a_namespace_that_is_deleted_has_no_overlay(users: Users) -> None:
    users.set("team", STRICT)
    await users.builder.build(CLUSTER, ROOM)

    users.set("team", None)

    assert await users.builder.build(CLUSTER, ROOM) == {}
    assert users.builder.read == {}


async def test_an_exception_goes_from_one_namespace_to_another(users: Users) -> None:
    users.grant("crm-root", "a")
    await users.builder.build(CLUSTER, ROOM)

    users.grant("crm-root", "b")
    assert list(await users.builder.build(CLUSTER, ROOM)) == ["b"]

    users.revoke("crm-root")
    assert await users.builder.build(CLUSTER, ROOM) == {}


async def test_an_exception_comes_near_its_end_and_drops_out_at_it(users: Users) -> None:
    users.grant("crm-root", ends=30)
    users.grant("other", ends=200)
    assert "team" in await users.builder.build(CLUSTER, ROOM)
    assert (read(users, "crm-root").state, read(users, "other").state) == (IN_FORCE, NOT_VALID)
    assert users.builder.seconds == 23 * DAY

    users.now = MADE + 23 * DAY
    assert users.builder.stale(CLUSTER, ROOM)
    before = await users.builder.build(CLUSTER, ROOM)
    assert read(users, "crm-root").state == ENDING
    assert users.builder.seconds == 7 * DAY

    users.told.clear()
    users.now = MADE + 30 * DAY
    assert before
    assert await users.builder.build(CLUSTER, ROOM) == {}
    assert read(users, "crm-root").state == ENDED
    assert users.told == [NamespacedName("", "crm-root")]
    assert users.builder.states == {ENDED: 1, NOT_VALID: 1}
    assert not users.builder.stale(CLUSTER, ROOM)


async def test_other_settings_of_the_cluster_are_other_overlays(users: Users) -> None:
    users.set("team", STRICT)
    users.grant("crm-root", ends=30)
    await users.builder.build(CLUSTER, ROOM)

    short = Settings.model_validate({"mode": "warn", "exceptions": {"longestDays": 7}})
    overlays = await users.builder.build(short, ROOM)

    assert read(users, "crm-root").state == NOT_VALID
    assert overlays["team"].values == STRICT
    assert overlays["team"].exceptions == ()


async def test_where_there_is_no_room_the_smallest_are_in_force(users: Users) -> None:
    users.set("small", STRICT)
    await users.builder.build(CLUSTER, 100)
    users.told.clear()
    large = {"mcpNamespace": {"networkPolicy": {"egressCeilings": []}}, **STRICT}
    users.set("large", large)

    assert list(await users.builder.build(CLUSTER, 100)) == ["small"]
    assert users.builder.fits("small")
    assert not users.builder.fits("large")
    assert users.builder.fits("none")

    users.told.clear()
    assert set(await users.builder.build(CLUSTER, ROOM)) == {"small", "large"}
    assert users.told == [NamespacedName("large", "default")]


async def test_of_more_exceptions_than_fit_into_an_overlay_some_are_not_granted(
    users: Users,
) -> None:
    for number in range(300):
        users.grant(f"crm-{number:03}")

    await users.builder.build(CLUSTER, ROOM)

    granted = [read(users, f"crm-{number:03}").granted for number in range(300)]
    held = [each is not None and users.builder.grants(each) for each in granted]
    assert held == sorted(held, reverse=True)
    assert 50 < sum(held) < 300


async def test_thousands_are_worked_out_on_a_thread(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effective, "MOST_AT_ONCE", 1)
    for namespace in "ab":
        users.set(namespace, STRICT)

    assert list(await users.builder.build(CLUSTER, ROOM)) == ["a", "b"]


async def test_what_was_not_done_is_done_the_next_time(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        users.set(name, STRICT)
    with monkeypatch.context() as broken:
        broken.setattr(StoredSettings, "layer", None)
        with pytest.raises(TypeError):
            await users.builder.build(CLUSTER, ROOM)

    assert users.builder.stale(CLUSTER, ROOM)
    assert set(await users.builder.build(CLUSTER, ROOM)) == {"a", "b", "c"}


async def test_a_namespace_that_changes_all_the_time_waits_and_others_do_not(users: Users) -> None:
    users.set("other", STRICT)
    await users.builder.build(CLUSTER, ROOM)
    overlays = users.builder.fitting
    for number in range(AT_ONCE + 5):
        users.set("team", {"mcpServerMaximums": {"limits": {"cpu": str(number)}}})
        if users.builder.stale(CLUSTER, ROOM):
            overlays = await users.builder.build(CLUSTER, ROOM)
    limits = [overlays["team"].values["mcpServerMaximums"]["limits"]["cpu"]]

    key = NamespacedName("team", "default")
    assert users.builder.waits(key)
    assert 0 < users.builder.seconds <= SECONDS_FOR_EACH
    users.set("other", {"mode": "enforce", **STRICT})
    users.grant("crm-root")
    assert users.builder.stale(CLUSTER, ROOM)
    overlays = await users.builder.build(CLUSTER, ROOM)
    assert overlays["other"].values["mode"] == "enforce"
    assert [each.name for each in overlays["team"].exceptions] == ["crm-root"]

    users.now += users.builder.seconds
    assert users.builder.stale(CLUSTER, ROOM)
    overlays = await users.builder.build(CLUSTER, ROOM)
    limits.append(overlays["team"].values["mcpServerMaximums"]["limits"]["cpu"])
    assert limits == [str(AT_ONCE), str(AT_ONCE + 4)]
    assert not users.builder.waits(key)


async def test_other_settings_of_the_cluster_do_not_wait(users: Users) -> None:
    await users.builder.build(CLUSTER, ROOM)
    for number in range(AT_ONCE + 5):
        users.set("team", {"mcpServerMaximums": {"limits": {"cpu": str(number)}}})
        await users.builder.build(CLUSTER, ROOM)

    stricter = CLUSTER.model_copy(update={"mode": "warn"})
    overlays = await users.builder.build(stricter, ROOM)
    limits = overlays["team"].values["mcpServerMaximums"]["limits"]
    assert limits == {"cpu": str(AT_ONCE + 4)}


async def test_settings_that_are_taken_away_do_not_take_exceptions_with_them(users: Users) -> None:
    """A ConfigMap that is full keeps the exceptions of a namespace that says too much."""
    noise = {f"a{at}": f"{at * 7919 % 10_007}" for at in range(300)}
    users.set("team", {"mcpServerDefaults": {"nodeSelector": noise}})
    users.grant("crm-root")
    loose = CLUSTER.model_copy(update={"delegated": ["mcpServerDefaults"]})
    await users.builder.build(loose, 500)

    assert not users.builder.fits("team")
    granted = read(users, "crm-root").granted
    assert granted is not None
    assert users.builder.grants(granted)
