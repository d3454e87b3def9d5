"""The self-probe as a whole: what it follows, and why it probes at once."""

import asyncio
from typing import Any

from tests.controller.probe.probed import ApiServer, cluster_state
from tests.kube.virtual_time import run
from webhook.controller.event_recorder import EventRecorder
from webhook.controller.installation import Installation
from webhook.controller.leading import Leading
from webhook.controller.probe.self_probe import ProbeSurroundings, SelfProbe
from webhook.controller.settings.distribution import Progress
from webhook.controller.settings.propagation import Answers
from webhook.controller.settings.settings_store import SettingsResource
from webhook.kube.work_queue import Queue
from webhook.observe.metrics import ControllerMetrics
from webhook.settings.stage import Stage
from webhook.settings.written_settings import WrittenSettings

STAGE = Stage(WrittenSettings("{}\n"))


class Cluster(ApiServer):
    """It also knows no registrations: their lists are empty, and no watch ends."""

    async def list_each(self, *_: Any, **__: Any) -> str:
        return "1"

    async def watch(self, *_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()
        yield None


class Whole:
    """A self-probe that works, with the generation of the settings that it is asked about."""

    def __init__(self) -> None:
        self.cluster, self.metrics = Cluster(), ControllerMetrics()
        self.resource = SettingsResource("1", 1, {}, {})
        self.written = self.looked = 0
        api: Any = self.cluster
        state = cluster_state("default")
        leading = Leading(api, self.metrics, "test", asyncio.Event(), lambda: False, {})
        around = ProbeSurroundings(
            lambda: self.resource, lambda: state, self.write, self.look, readable=False
        )
        recorder = EventRecorder(api, "test", Queue())
        self.probe = SelfProbe(leading, Installation(), recorder, around)

    def write(self) -> None:
        self.written += 1
        self.probe.conditions(self.resource)

    def look(self) -> None:
        self.looked += 1

    def saw(self, digest: str) -> None:
        answers = Answers({"a": digest}, ready=1)
        self.probe.saw(Progress({}, STAGE, answers, reached=True))

    async def work(self, seconds: float) -> None:
        tasks = [asyncio.create_task(self.probe.follow())]
        tasks.append(asyncio.create_task(self.probe.controller.run()))
        await asyncio.sleep(seconds)
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)

    def shown(self) -> float | None:
        labels = {"scope": "opted-in"}
        return self.metrics.registry.get_sample_value("mcp_admission_enforcing", labels)


def test_it_probes_at_once_and_again_for_another_generation_of_the_settings() -> None:
    async def main() -> tuple[Whole, int, float | None]:
        whole = Whole()

        def edited() -> None:
            whole.resource = whole.resource._replace(generation=2)
            whole.probe.conditions(whole.resource)

        asyncio.get_running_loop().call_later(5, edited)
        task = asyncio.create_task(whole.work(10))
        await asyncio.sleep(9)
        asked, shown = len(whole.cluster.asked), whole.shown()
        await task
        return whole, asked, shown

    whole, asked, shown = run(main())

    assert (asked, shown) == (4, 1)
    found = whole.probe.conditions(whole.resource)["Enforcing"]
    assert (found["status"], found["observedGeneration"]) == ("True", 2)
    assert whole.written == 2
    assert whole.shown() is None, "another process may lead by now"


def test_a_replica_with_other_settings_is_a_reason_to_probe() -> None:
    async def main() -> Whole:
        whole = Whole()
        loop = asyncio.get_running_loop()
        loop.call_later(1, whole.saw, STAGE.digest)
        loop.call_later(5, whole.saw, "of nobody")
        await whole.work(10)
        return whole

    whole = run(main())

    assert whole.probe.conditions(whole.resource)["Enforcing"]["reason"] == "OtherSettings"
    assert whole.looked == 1
