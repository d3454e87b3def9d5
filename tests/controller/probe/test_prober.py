"""When is asked, what is doubted, and what is told of it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.controller.probe.probed import ApiServer, answered, cluster_state
from tests.kube.virtual_time import run
from webhook.admission import Scope
from webhook.controller.cluster_state import ClusterState
from webhook.controller.probe import prober as module
from webhook.controller.probe.prober import Prober
from webhook.controller.probe.registrations import ENTRIES, Registrations
from webhook.controller.probe.replica_settings import ReplicaSettings
from webhook.controller.probe.verdict import ProbeVerdict, together
from webhook.kube.reconcile import Controller
from webhook.kube.work_queue import Queue
from webhook.observe.metrics import ControllerMetrics

AWAY = answered(500, 'failed calling webhook "opted-in.mcp-admission.dev": dial tcp: refused')
KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


class Probed:
    """A prober on its controller, and when it told what."""

    def __init__(self, state: ClusterState | None, replicas: ReplicaSettings | None = None) -> None:
        self.server, self.state = ApiServer(), state
        self.known = Registrations()
        self.told: list[tuple[float, str, int]] = []
        self.looked = 0
        self.generation = 1
        self._last: ProbeVerdict | None = None
        queue: Queue[str] = Queue()
        this: Any = self
        self.prober = Prober(
            this.server,
            queue,
            lambda: self.state,
            this,
            replicas or ReplicaSettings(),
            this,
            self.look,
            lambda: self.generation,
        )
        self.controller = Controller("probe", self.prober, queue, ControllerMetrics())

    def look(self) -> None:
        self.looked += 1

    def is_news(self, verdicts: Mapping[Scope, ProbeVerdict | None]) -> bool:
        return self._last is None or together(verdicts).same_as != self._last.same_as

    async def tell(self, verdicts: Mapping[Scope, ProbeVerdict | None], generation: int) -> None:
        self._last = together(verdicts)
        now = round(asyncio.get_running_loop().time(), 1)
        self.told.append((now, self._last.reason, generation))

    async def work(self, seconds: float) -> None:
        self.prober.ask()
        task = asyncio.create_task(self.controller.run())
        await asyncio.sleep(seconds)
        self.controller.queue.shut_down()
        await task


def worked(probed: Probed, *later: tuple[float, Any], seconds: float = 40.0) -> list[Any]:
    async def main() -> None:
        for after, change in later:
            asyncio.get_running_loop().call_later(after, change)
        await probed.work(seconds)

    run(main())
    return probed.told


def test_it_asks_every_15_seconds_in_a_namespace_of_each_scope() -> None:
    probed = Probed(cluster_state("default", managed=("mcp",)))

    assert worked(probed) == [(at, "Enforcing", 1) for at in (0.0, 15.0, 30.0)]
    assert sorted(set(probed.server.asked)) == ["default", "mcp"]
    assert len(probed.server.asked) == 12
    assert probed.looked == 0


def test_what_looks_wrong_is_asked_again_after_a_moment() -> None:
    probed = Probed(cluster_state("default"))

    def goes_for_a_moment() -> None:
        probed.server.away = AWAY
        asyncio.get_running_loop().call_later(2, setattr, probed.server, "away", None)

    assert worked(probed, (14, goes_for_a_moment)) == [
        (0.0, "Enforcing", 1), (17.0, "Enforcing", 1), (32.0, "Enforcing", 1)
    ]  # fmt: skip


def test_what_stays_wrong_is_told_then_and_what_is_right_again_at_once() -> None:
    probed = Probed(cluster_state("default"))

    told = worked(
        probed,
        (1, lambda: setattr(probed.server, "away", AWAY)),
        (20, lambda: setattr(probed.server, "away", None)),
    )

    assert told == [
        (0.0, "Enforcing", 1),
        (17.0, "Unreachable", 1),
        (22.0, "Enforcing", 1),
        (37.0, "Enforcing", 1),
    ]
    assert probed.looked == 1


def test_who_asks_has_a_probe_at_once_but_not_more_than_one_a_second() -> None:
    probed = Probed(cluster_state("default"))

    worked(probed, *((5 + at / 10, probed.prober.ask) for at in range(30)), seconds=14)

    starts = [at for at, _, _ in probed.told]
    assert starts[:2] == [0.0, 5.0]
    assert 4 <= len(starts) <= 6


def test_a_quota_leads_to_the_next_namespace_and_back_to_none() -> None:
    probed = Probed(cluster_state("a", "b", "default"))
    probed.server.full = {"default", "a"}

    assert {reason for _, reason, _ in worked(probed)} == {"Enforcing"}
    assert probed.server.asked == ["default"] * 2 + ["a"] * 2 + ["b"] * 6


def test_a_change_of_the_registrations_is_told_within_a_few_seconds() -> None:
    probed = Probed(cluster_state("default"))
    entries = {name: {"failurePolicy": "Fail"} for name in ENTRIES.values()}
    probed.known = Registrations(dict.fromkeys(KINDS, entries), dict.fromkeys(KINDS, entries))

    def deleted() -> None:
        probed.known = probed.known._replace(present={})
        probed.prober.ask()

    assert worked(probed, (20, deleted), seconds=25) == [
        (0.0, "Enforcing", 1), (15.0, "Enforcing", 1), (22.0, "RegistrationMissing", 1)
    ]  # fmt: skip


def test_while_settings_are_on_their_way_a_pod_that_passes_is_not_told() -> None:
    class Changing(ReplicaSettings):
        changing = True

    for replicas, reasons in ((Changing(), set()), (ReplicaSettings(), {"LetPass"})):
        probed = Probed(cluster_state("default"), replicas)
        probed.server.passes = True
        assert {reason for _, reason, _ in worked(probed)} == reasons


def test_without_namespaces_it_waits_and_says_after_a_while_that_nothing_is_known() -> None:
    probed = Probed(None)

    def comes() -> None:
        probed.state = cluster_state("default")

    told = worked(probed, (50, comes), seconds=70)

    assert told[0][1] == "NotProbed"
    assert module.SECONDS_TO_KNOW <= told[0][0] < 40
    assert told[-1][1] == "Enforcing"


def test_an_api_server_that_does_not_answer_leads_to_no_second_namespace() -> None:
    probed = Probed(cluster_state("a", "b"))
    probed.server.away = answered(503, "the server is currently unable to handle the request")

    assert {reason for _, reason, _ in worked(probed)} == {"NotProbed"}
    assert set(probed.server.asked) == {"a"}
