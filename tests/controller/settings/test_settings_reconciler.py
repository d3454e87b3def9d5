"""One turn: what cannot be written keeps nobody from working, replicas that are behind do."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.controller.settings.announced import Users
from webhook.controller import serving_replicas
from webhook.controller.installation import Installation
from webhook.controller.settings import propagation, settings_reconciler
from webhook.controller.settings.cluster_decision import SOURCE_FILE
from webhook.controller.settings.distribution import Progress
from webhook.controller.settings.effective import EffectiveSettings, effective_settings
from webhook.controller.settings.settings_reconciler import SettingsReconciler
from webhook.controller.settings.settings_store import SettingsResource
from webhook.controller.settings.steps import read_stage
from webhook.kube.errors import Forbidden
from webhook.settings import CLASSES_FILE, LOCKED_FILE
from webhook.settings.layers import FILE
from webhook.settings.stage import ACCEPTED_FILE, Stage
from webhook.settings.written_settings import WrittenSettings

Json = dict[str, Any]
FULL = Forbidden(403, "Forbidden", "exceeded quota")


class Cluster:
    """One settings resource, no replica, and a ConfigMap that may not be written unless `free`."""

    def __init__(
        self, spec: Json, files: Mapping[str, str] | None = None, *, free: bool = False
    ) -> None:
        self.free, self.written = free, list[Mapping[str, str]]()
        self.resource = SettingsResource("1", 1, spec, {})
        self.files = files
        self.known = True
        self.status: Json = {}

    def server_time(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def list(self, *_: object, **__: object) -> Any:
        return type("Listing", (), {"items": []})

    async def write(self, files: Mapping[str, str], binary: Mapping[str, str], *_: object) -> None:
        if not self.free:
            raise FULL
        self.files = {**files, **binary}
        self.written.append(self.files)

    async def write_status(self, _: str, status: Json) -> None:
        self.status = status


async def test_settings_that_cannot_be_written_are_in_force_here_and_told() -> None:
    cluster: Any = Cluster({"onConflict": "warn"})
    used: list[EffectiveSettings] = []
    places = Installation("mcp-admission", "mcp-admission-system")
    distributor = SettingsReconciler(cluster, places, cluster, [], used.append)

    with pytest.raises(Forbidden):
        await distributor.reconcile()

    assert used
    assert used[0].settings.on_conflict == "warn"
    told = {each["type"]: each["status"] for each in cluster.status["conditions"]}
    assert told == {"Valid": "True", "Distributed": "False"}


async def test_a_controller_that_starts_waits_for_replicas_that_tell_of_other_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one before may have made them stricter and ended; namespaces would refuse pods."""
    wanted = effective_settings({}, [])
    cluster: Any = Cluster({}, {FILE: wanted.text, **sources(wanted)})
    told = {"a": wanted.digest, "b": "of before"}
    monkeypatch.setattr(serving_replicas, "endpoint_replicas", returns([]))
    monkeypatch.setattr(serving_replicas, "ask_digests", returns(told))
    monkeypatch.setattr(propagation, "WAITING", 0.0)
    used: list[EffectiveSettings] = []
    places = Installation("mcp-admission", "mcp-admission-system")
    distributor = SettingsReconciler(cluster, places, cluster, [], used.append)

    await distributor.reconcile()
    assert not used

    told["b"] = wanted.digest
    await distributor.reconcile()
    assert used


def sources(settings: EffectiveSettings) -> dict[str, str]:
    """What the next leader and the replicas are told beside the settings."""
    return {SOURCE_FILE: settings.source, LOCKED_FILE: "{}\n"}


LENIENT = {"mcpNamespace": {"podSecurity": {"enforce": "baseline"}}}


class Follower:
    """One replica that reads the ConfigMap when it is told to; the next look is due at once."""

    def __init__(self, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self._cluster, self.told = cluster, dict[str, str | None]()
        monkeypatch.setattr(serving_replicas, "endpoint_replicas", returns([]))
        monkeypatch.setattr(serving_replicas, "ask_digests", returns(self.told))
        monkeypatch.setattr(propagation, "WAITING", 0.0)
        monkeypatch.setattr(settings_reconciler, "LINGERING", 0.0)
        self.reads()

    def reads(self) -> None:
        files = self._cluster.files
        stage = read_stage(files)
        assert stage is not None
        self.told["a"] = stage.digest


def started(
    monkeypatch: pytest.MonkeyPatch, before: Json, after: Json
) -> tuple[Any, Follower, SettingsReconciler, list[EffectiveSettings]]:
    """A controller that starts to lead when other settings are wanted than those in force."""
    old = effective_settings(before, [])
    files = {FILE: old.text, **sources(old)}
    cluster: Any = Cluster(after, files, free=True)
    used: list[EffectiveSettings] = []
    places = Installation("mcp-admission", "mcp-admission-system")
    reconciler = SettingsReconciler(cluster, places, cluster, [], used.append)
    return cluster, Follower(cluster, monkeypatch), reconciler, used


def distributed(cluster: Any) -> tuple[str, str]:
    found = {each["type"]: each for each in cluster.status["conditions"]}["Distributed"]
    return found["reason"], found["message"].split(":")[0]


async def test_each_step_is_written_when_every_replica_has_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster, replica, reconciler, used = started(monkeypatch, {}, {"onConflict": "warn"})
    new, old = effective_settings({"onConflict": "warn"}, []).written, WrittenSettings("{}\n")

    for stage, said in (
        (Stage(old, new), ("Waiting", "step 1 of 3")),
        (Stage(new, None, (old,)), ("Waiting", "step 2 of 3")),
        (Stage(new), ("Waiting", "step 3 of 3")),
    ):
        await reconciler.reconcile()
        assert read_stage(cluster.files) == stage
        assert distributed(cluster) == said
        await reconciler.reconcile()
        assert read_stage(cluster.files) == stage
        replica.reads()

    await reconciler.reconcile()
    assert distributed(cluster)[0] == "InForce"
    assert len(cluster.written) == 3
    assert {each.settings.on_conflict for each in used} == {"warn"}


async def test_the_next_leader_goes_on_with_the_step_that_the_config_map_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster, replica, first, _ = started(monkeypatch, {}, {"onConflict": "warn"})
    await first.reconcile()
    assert cluster.files[ACCEPTED_FILE] == "next:\n  onConflict: warn\n"
    replica.reads()

    places = Installation("mcp-admission", "mcp-admission-system")
    await SettingsReconciler(cluster, places, cluster, [], lambda _: None).reconcile()

    assert cluster.files[ACCEPTED_FILE] == "before:\n- {}\n"
    assert cluster.files[FILE] == "onConflict: warn\n"


async def test_a_stricter_level_of_namespaces_waits_for_the_last_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster, replica, reconciler, used = started(monkeypatch, LENIENT, {})
    for _ in range(3):
        await reconciler.reconcile()
        replica.reads()
        assert not used

    await reconciler.reconcile()
    assert read_stage(cluster.files) == Stage(WrittenSettings("{}\n"))
    assert used


async def test_a_less_strict_level_of_namespaces_waits_for_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, _, reconciler, used = started(monkeypatch, {}, LENIENT)
    await reconciler.reconcile()

    assert used


async def test_an_edited_config_map_is_put_back_to_the_step_that_it_was_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster, _, reconciler, _ = started(monkeypatch, {}, {"onConflict": "warn"})
    await reconciler.reconcile()
    before = cluster.files

    for harmed in (None, {FILE: "platform: openshift\n", ACCEPTED_FILE: ""}):
        cluster.files = harmed
        await reconciler.reconcile()
        assert cluster.files == before


async def test_what_has_no_room_for_steps_is_written_at_once_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new = ({"mcpServerDefaults": {"image": letter * 400_000}} for letter in "ab")
    cluster, replica, reconciler, _ = started(monkeypatch, old, new)
    await reconciler.reconcile()
    assert cluster.files[ACCEPTED_FILE] == ""
    replica.reads()
    await reconciler.reconcile()

    found = {each["type"]: each for each in cluster.status["conditions"]}["Distributed"]
    assert (found["status"], found["reason"]) == ("True", "InForce")
    assert "do not fit into a ConfigMap" in found["message"]

    cluster.resource = SettingsResource("1", 2, {}, {})
    for _ in range(4):
        await reconciler.reconcile()
        replica.reads()
    assert "do not fit" not in str(cluster.status)


def returns(answer: object) -> Callable[..., Awaitable[object]]:
    async def answered(*_: object) -> object:
        return answer

    return answered


STRICT = {"onConflict": "deny"}


def with_users(
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Any, Follower, SettingsReconciler, Users, list[Progress]]:
    """A controller that leads, with replicas that have its settings; users come and write."""
    cluster, replica, _, _ = started(monkeypatch, WARN, WARN)
    users, told = Users(), list[Progress]()
    places = Installation("mcp-admission", "mcp-admission-system")
    reconciler = SettingsReconciler(
        cluster, places, cluster, [], lambda _: None, builder=users.builder, tell=told.append
    )
    return cluster, replica, reconciler, users, told


WARN = {"onConflict": "warn"}


def overlays(cluster: Any) -> tuple[list[str], ...]:
    """The namespaces that are in force, next and before."""
    stage = read_stage(cluster.files)
    assert stage is not None
    upcoming = () if stage.upcoming is None else (stage.upcoming,)
    return tuple(list(each.overlays) for each in (stage.current, *upcoming, *stage.before))


async def test_what_namespaces_set_takes_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, replica, reconciler, users, told = with_users(monkeypatch)
    users.store._followed[0].known = users.store._followed[1].known = True
    await reconciler.reconcile()
    assert cluster.written == []

    users.set("team", STRICT)
    steps: list[tuple[list[str], ...]] = [([], ["team"]), (["team"], []), (["team"],)]
    for step in steps:
        await reconciler.reconcile()
        assert overlays(cluster) == step
        assert not (told[-1].settled("team") and told[-1].reached)
        replica.reads()
    await reconciler.reconcile()

    assert told[-1].settled("team")
    assert told[-1].reached
    assert told[-1].lacking == 0
    assert len(cluster.written) == 3


async def test_changes_that_come_meanwhile_wait_and_go_out_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster, replica, reconciler, users, _ = with_users(monkeypatch)
    users.store._followed[0].known = users.store._followed[1].known = True
    users.set("a", STRICT)
    await reconciler.reconcile()

    users.set("b", STRICT)
    users.set("c", STRICT)
    users.set("a", None)
    found = [overlays(cluster)]
    for _ in range(6):
        replica.reads()
        due = await reconciler.reconcile()
        found.append(overlays(cluster))

    assert found[:3] == [([], ["a"]), (["a"], []), (["a"],)]
    assert found[-1] == (["b", "c"],)
    assert due is not None


async def test_what_the_controller_before_wrote_holds_until_users_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster, replica, reconciler, users, _ = with_users(monkeypatch)
    users.store._followed[0].known = users.store._followed[1].known = True
    users.set("team", STRICT)
    await reconciler.reconcile()
    on_the_way = overlays(cluster)

    followed = users.store._followed
    followed[0].known = False
    places = Installation("mcp-admission", "mcp-admission-system")
    used: list[EffectiveSettings] = []
    after = SettingsReconciler(cluster, places, cluster, [], used.append, builder=users.builder)
    for _ in range(4):
        await after.reconcile()
        replica.reads()

    assert on_the_way == ([], ["team"])
    assert overlays(cluster) == (["team"],)
    assert used[-1].by_namespace.of("team").on_conflict == "deny"


class Classes:
    """Knows these runtime classes, and says of which it was asked."""

    def __init__(self) -> None:
        self.text = ""
        self.asked: list[str | None] = []

    def files(self, _: Mapping[str, str]) -> dict[str, str]:
        return {CLASSES_FILE: self.text}

    def conditions(self, name: str | None, *_: object) -> dict[str, Json]:
        self.asked.append(name)
        found = {"status": "False", "reason": "NotFound", "message": ""}
        return {"RuntimeClassExists": found} if name else {}


async def test_runtime_classes_are_written_beside_the_settings_and_make_no_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster, _, _, _ = started(monkeypatch, WARN, WARN)
    places, classes = Installation("mcp-admission", "mcp-admission-system"), Classes()
    known: Any = classes
    reconciler = SettingsReconciler(cluster, places, cluster, [], lambda _: None, classes=known)
    await reconciler.reconcile()
    assert cluster.written == []

    classes.text = '["kata"]'
    for _ in range(2):
        await reconciler.reconcile()
    assert [each[CLASSES_FILE] for each in cluster.written] == ['["kata"]']
    assert distributed(cluster)[0] == "InForce"
    assert classes.asked == [None, None, None]


async def test_the_class_of_the_settings_is_a_condition_of_them() -> None:
    cluster: Any = Cluster({"mcpServerDefaults": {"runtimeClassName": "kata"}}, free=True)
    places, known = Installation("mcp-admission", "mcp-admission-system"), Classes()
    classes: Any = known
    await SettingsReconciler(
        cluster, places, cluster, [], lambda _: None, classes=classes
    ).reconcile()

    told = {each["type"]: each for each in cluster.status["conditions"]}
    assert told["RuntimeClassExists"]["reason"] == "NotFound"
    assert told["RuntimeClassExists"]["observedGeneration"] == 1
    assert known.asked == ["kata"]
