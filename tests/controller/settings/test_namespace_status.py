"""What becomes of settings of a namespace and of an exception, and how often it is written."""

from typing import Any

import pytest

from tests.controller.settings.announced import DAY, MADE, ROOM, Users, day
from webhook.controller.event_recorder import Regarding
from webhook.controller.settings.change_budget import AT_ONCE
from webhook.controller.settings.distribution import Progress
from webhook.controller.settings.followed_classes import NamedClasses
from webhook.controller.settings.namespace_status import StatusReconciler
from webhook.controller.settings.propagation import Answers
from webhook.kube import NamespacedName, Queue
from webhook.observe.metrics import ControllerMetrics
from webhook.settings.model import Settings
from webhook.settings.rule_settings import Level
from webhook.settings.stage import Stage
from webhook.settings.written_settings import WrittenSettings

CLUSTER = Settings.model_validate({"onConflict": "warn"})
STRICT = {"onConflict": "deny"}
EMPTY = Stage(WrittenSettings("{}\n"))


class Told:
    """The users, and who tells them what became of what they wrote."""

    def __init__(self, users: Users | None = None) -> None:
        self.users = users or Users()
        self.events: list[tuple[Regarding, dict[str, str]]] = []
        self.metrics = ControllerMetrics()
        self.queue: Any = Queue()
        self.level: Level | None = Level.PRIVILEGED
        self.classes: frozenset[str] = frozenset()
        recorder: Any = self
        classes: Any = self
        self.named = NamedClasses(classes, self.queue.add)
        self.reconciler = StatusReconciler(
            self.users.store,
            self.users.builder,
            recorder,
            self.queue,
            self.metrics,
            "system",
            lambda: self.users.now,
            lambda _: None if self.level is None else (self.level, Settings()),
            self.named,
        )

    @property
    def seen(self) -> tuple[bool, frozenset[str]]:
        """The runtime classes of the cluster, as they are followed."""
        return True, self.classes

    def conditions(self, name: str | None, *_: object) -> dict[str, Any]:
        """What is said of a runtime class."""
        found, reason = ("True", "Found") if name in self.classes else ("False", "NotFound")
        said = {"status": found, "reason": reason, "message": ""}
        return {"RuntimeClassExists": said} if name else {}

    async def record(self, regarding: Regarding, notes: dict[str, str]) -> None:
        self.events.append((regarding, notes))

    async def comes(
        self,
        stage: Stage | None = None,
        *,
        cluster: Settings = CLUSTER,
        room: int = ROOM,
        reached: bool = True,
        **more: Any,
    ) -> None:
        """Build, distribute so far, and look at everything that was told of."""
        overlays = await self.users.builder.build(cluster, room)
        stage = stage or Stage(WrittenSettings("{}\n", overlays))
        answers = more.get("answers") or Answers({"serve-1": stage.digest})
        self.reconciler.tell(Progress(overlays, stage, answers, reached))
        for key in [*self.users.told, *self.reconciler._waiting]:
            await self.reconciler.reconcile(key)
        self.users.told.clear()

    def types(self, namespace: str) -> list[str]:
        """Which conditions the settings of a namespace have."""
        return [each["type"] for each in self.users.status("default", namespace)["conditions"]]


@pytest.fixture
def told() -> Told:
    return Told()


async def test_a_key_that_is_not_allowed_is_named_with_its_reason(told: Told) -> None:
    told.users.set("team", {"mode": "observe", **STRICT})

    await told.comes()

    status = told.users.status("default", "team")
    (refused,) = status["refused"]
    assert refused["key"] == "mode"
    assert "delegated" in refused["reason"]
    assert told.users.condition("default", "Valid", "team") == ("False", "Refused")
    assert told.users.condition("default", "Distributed", "team") == ("True", "InForce")
    assert status["observedGeneration"] == 1


async def test_refused_settings_are_counted_by_kind(told: Told) -> None:
    told.users.set("team", {"mode": "observe"})
    told.users.set("others", STRICT)
    await told.comes()

    def counted(kind: str) -> tuple[float | None, ...]:
        return tuple(
            told.metrics.registry.get_sample_value(
                "mcp_admission_settings_resources", {"kind": kind, "state": state}
            )
            for state in ("valid", "refused")
        )

    assert counted("MCPNamespaceSettings") == (1, 1)
    assert counted("MCPServerSettings") == (1, 0)
    told.reconciler.tell(Progress({}, EMPTY, Answers({}), True, "onConflict: unknown"))
    assert counted("MCPServerSettings") == (0, 1)


async def test_settings_are_on_their_way_until_every_replica_has_them(told: Told) -> None:
    told.users.set("team", STRICT)
    await told.comes(EMPTY)
    assert told.users.condition("default", "Distributed", "team") == ("False", "Waiting")
    assert told.users.condition("default", "Valid", "team") == ("True", "Accepted")

    await told.comes(reached=False)
    assert told.users.condition("default", "Distributed", "team") == ("False", "Waiting")
    await told.comes(answers=Answers({"serve-1": "of before"}))
    assert told.users.condition("default", "Distributed", "team") == ("False", "Waiting")

    await told.comes()
    assert told.users.condition("default", "Distributed", "team") == ("True", "InForce")
    assert len(told.users.written) == 2


async def test_what_was_built_just_now_is_not_what_replicas_have(told: Told) -> None:
    told.users.set("team", STRICT)
    told.users.grant("crm-root", "team")
    await told.comes()

    told.users.set("team", {"mcpServerMaximums": {"limits": {"memory": "1Gi"}}})
    told.users.grant("crm-root", "team", rules=["sysctls"])
    await told.users.builder.build(CLUSTER, ROOM)
    for key in told.users.told:
        await told.reconciler.reconcile(key)

    assert told.users.condition("default", "Distributed", "team") == ("False", "Waiting")
    assert told.users.condition("crm-root", "InForce") == ("False", "Waiting")


@pytest.mark.parametrize(
    ("answers", "said"),
    [(Answers({}), "no replica serves"), (Answers({}, "forbidden"), "could not be asked")],
)
async def test_it_is_said_why_nobody_has_them(told: Told, answers: Answers, said: str) -> None:
    told.users.set("team", STRICT)

    await told.comes(answers=answers)

    (_, distributed) = told.users.status("default", "team")["conditions"]
    assert said in distributed["message"]


async def test_what_others_change_and_a_restart_write_nothing(told: Told) -> None:
    told.users.set("team", {"mode": "observe", **STRICT})
    told.users.grant("crm-root", "team")
    await told.comes()
    written = len(told.users.written)

    told.users.set("other", STRICT)
    overlays = await told.users.builder.build(CLUSTER, ROOM)
    own = {"team": overlays["team"]}
    on_the_way = Stage(WrittenSettings("{}\n", own), WrittenSettings("{}\n", overlays))
    await told.comes(on_the_way, reached=False)
    assert {each.namespace for each in told.users.written[written:]} == {"other"}

    written = len(told.users.written)
    again = Told(told.users)
    told.users.store.unread.update(dict.fromkeys(told.users.builder.read))
    await again.comes(on_the_way, reached=False)
    assert told.users.written[written:] == []
    assert again.events == []


async def test_an_exception_is_in_force_and_its_end_is_announced_once(told: Told) -> None:
    users = told.users
    users.grant("crm-root", ends=30)
    await told.comes(EMPTY)
    assert users.condition("crm-root", "InForce") == ("False", "Waiting")
    await told.comes()
    assert users.condition("crm-root", "Valid") == ("True", "Accepted")
    assert users.condition("crm-root", "InForce") == ("True", "InForce")
    assert told.events == []
    assert told.metrics.exceptions.labels("in-force")._value.get() == 1

    users.now = MADE + 24 * DAY
    for each in (told, Told(users)):
        users.store.unread.update(dict.fromkeys(users.builder.read))
        await each.comes()
    assert users.condition("crm-root", "InForce") == ("True", "Ending")
    ((regarding, notes),) = told.events
    assert (regarding.kind, regarding.namespace) == ("MCPServerException", "system")
    assert list(notes) == ["ExceptionEnding"]
    assert day(30) in notes["ExceptionEnding"]
    assert "team/crm to follow capabilities" in notes["ExceptionEnding"]

    users.now = MADE + 30 * DAY
    await told.comes()
    assert users.condition("crm-root", "InForce") == ("False", "Ended")
    assert [list(notes) for _, notes in told.events] == [["ExceptionEnding"], ["ExceptionEnded"]]
    assert told.metrics.exceptions.labels("in-force")._value.get() == 0
    assert told.metrics.exceptions.labels("ended")._value.get() == 1


async def test_an_exception_that_cannot_be_granted_says_why(told: Told) -> None:
    told.users.grant("unknown", rules=["capabilites"])
    told.users.grant("too-far", ends=91)

    await told.comes()

    for name, said in (("unknown", "did you mean capabilities?"), ("too-far", "90 days")):
        assert told.users.condition(name, "Valid") == ("False", "NotValid")
        assert told.users.condition(name, "InForce") == ("False", "NotValid")
        assert said in told.users.status(name)["conditions"][0]["message"]
    assert told.metrics.exceptions.labels("invalid")._value.get() == 2


async def test_an_exception_that_pod_security_refuses_says_so_and_what_mends_it(
    told: Told,
) -> None:
    users = told.users
    users.grant("crm-root")
    users.grant("crm-two", rules=["capabilities", "replicas"])
    told.level = Level.BASELINE
    await told.comes()
    # A lower label need not refuse what the settings refuse.
    assert users.condition("crm-root", "InForce") == ("True", "InForce")

    told.level = Level.RESTRICTED
    told.reconciler.look_again("team")
    for name in ("crm-root", "crm-two"):
        await told.reconciler.reconcile(NamespacedName("", name))

    assert len(told.queue) == 2
    assert users.condition("crm-root", "InForce") == ("False", "PodSecurity")
    assert users.condition("crm-two", "InForce") == ("True", "InForce")
    for name in ("crm-root", "crm-two"):
        message = users.status(name)["conditions"][1]["message"]
        assert "Pod Security of namespace team (restricted) still refuses what capab" in message
        assert "set mcpNamespace.podSecurity.enforce to privileged there, or run " in message

    written = len(users.written)
    users.store.unread.update(dict.fromkeys(users.builder.read))
    await told.comes(reached=False)
    assert len(users.written) == written
    told.level = Level.PRIVILEGED
    await told.reconciler.reconcile(NamespacedName("", "crm-root"))
    assert users.condition("crm-root", "InForce") == ("True", "InForce")


async def test_nothing_is_said_before_the_namespaces_are_known(told: Told) -> None:
    told.users.grant("crm-root")
    told.level = None
    await told.comes()
    assert told.users.written == []

    told.level = Level.PRIVILEGED
    await told.comes()
    assert told.users.condition("crm-root", "InForce") == ("True", "InForce")


async def test_what_has_no_room_is_told(told: Told) -> None:
    told.users.set("team", STRICT)
    told.users.grant("crm-root", "other")

    await told.comes(room=10)

    assert told.users.condition("default", "Distributed", "team") == ("False", "NoRoom")
    (refused,) = told.users.status("default", "team")["refused"]
    assert refused["key"] == ""
    assert told.users.condition("crm-root", "InForce") == ("False", "NoRoom")


async def test_what_waits_is_looked_at_when_the_distribution_comes_further(told: Told) -> None:
    told.users.set("team", STRICT)
    overlays = await told.users.builder.build(CLUSTER, ROOM)
    (key,) = set(told.users.told)
    await told.reconciler.reconcile(key)
    assert told.users.written == []

    progress = Progress(overlays, EMPTY, Answers({}), reached=False)
    told.reconciler.tell(progress)
    assert len(told.queue) == 1
    told.reconciler.tell(progress)
    await told.reconciler.reconcile(key)
    assert await told.queue.get() == key
    told.queue.done(key)
    told.reconciler.tell(progress)
    assert len(told.queue) == 0


async def test_a_change_that_was_not_read_yet_has_no_status(told: Told) -> None:
    told.users.set("team", STRICT)
    await told.comes()
    written = len(told.users.written)

    told.users.set("team", {"mode": "warn"})
    for key in told.users.builder.read:
        await told.reconciler.reconcile(key)

    assert len(told.users.written) == written


async def test_who_changes_all_the_time_is_told_to_wait(told: Told) -> None:
    told.users.set("team", STRICT)
    await told.comes()
    for number in range(AT_ONCE + 2):
        told.users.set("team", {"mcpServerMaximums": {"limits": {"cpu": str(number)}}})
        await told.comes()

    assert told.users.condition("default", "Distributed", "team") == ("Unknown", "Waiting")
    assert told.users.status("default", "team")["refused"] == []
    told.users.now += told.users.builder.seconds
    await told.comes()
    assert told.users.condition("default", "Distributed", "team") == ("True", "InForce")


OF_CLASS = {"mcpServerDefaults": {"runtimeClassName": "gvisor"}}
CHOOSING = Settings.model_validate({"onConflict": "warn", "delegated": ["mcpServerDefaults"]})


async def test_a_runtime_class_that_a_namespace_names_has_a_condition(told: Told) -> None:
    told.users.set("team", OF_CLASS)
    told.users.set("others", STRICT)
    await told.comes(cluster=CHOOSING)

    assert told.users.condition("default", "RuntimeClassExists", "team") == ("False", "NotFound")
    assert told.types("others") == ["Valid", "Distributed"]


async def test_a_class_that_comes_is_told_to_those_alone_that_name_it(told: Told) -> None:
    told.users.set("team", OF_CLASS)
    told.users.set("others", STRICT)
    await told.comes(cluster=CHOOSING)
    written = len(told.users.written)

    told.classes = frozenset({"gvisor"})
    told.named.look_again()
    assert len(told.queue) == 1
    key = await told.queue.get()
    await told.reconciler.reconcile(key)
    told.queue.done(key)
    told.named.look_again()
    assert len(told.queue) == 0
    await told.reconciler.reconcile(key)

    assert key == NamespacedName("team", "default")
    assert told.users.condition("default", "RuntimeClassExists", "team") == ("True", "Found")
    assert len(told.users.written) == written + 1


@pytest.mark.parametrize("after", [STRICT, None], ids=["another key", "deleted"])
async def test_the_condition_goes_with_the_name(told: Told, after: dict[str, str] | None) -> None:
    told.users.set("team", OF_CLASS)
    await told.comes(cluster=CHOOSING)
    told.users.set("team", after)
    await told.comes(cluster=CHOOSING)
    told.classes = frozenset({"gvisor"})
    told.named.look_again()

    assert len(told.queue) == 0
    if after:
        assert told.types("team") == ["Valid", "Distributed"]


async def test_a_class_that_a_namespace_may_not_name_is_refused_alone(told: Told) -> None:
    told.users.set("team", OF_CLASS)
    await told.comes()

    assert told.types("team") == ["Valid", "Distributed"]
    (refused,) = told.users.status("default", "team")["refused"]
    assert refused["key"] == "mcpServerDefaults.runtimeClassName"


async def test_who_changes_all_the_time_waits_for_what_is_said_of_its_class(told: Told) -> None:
    for number in range(AT_ONCE + 3):
        maximums = {"mcpServerMaximums": {"limits": {"cpu": str(number + 1)}}}
        told.users.set("team", {**OF_CLASS, **maximums})
        await told.comes(cluster=CHOOSING)

    assert told.users.condition("default", "RuntimeClassExists", "team") == ("Unknown", "Waiting")
