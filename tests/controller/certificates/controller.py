"""A controller on a thread of its own: it may be killed after a write, and another goes on."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from certs.rotation import RotationPlan
from tools.cluster.background import Background
from webhook.controller.certificates.rotator import Rotator
from webhook.controller.installation import Installation
from webhook.controller.serving_replicas import Replica
from webhook.kube.api import Api
from webhook.kube.errors import ApiError
from webhook.kube.messages import ApiRequest
from webhook.observe.metrics import ControllerMetrics

SOON = timedelta(seconds=0.1)


class KilledError(BaseException):
    """The controller died right after a write; nothing of it may catch this."""


@dataclass
class Fate:
    """How many writes are left; after the last one it is over."""

    writes_left: int = 0

    def wrote(self) -> None:
        """Count one write; raises KilledError for the last."""
        self.writes_left -= 1
        if self.writes_left == 0:
            raise KilledError


class MortalApi(Api):
    """Dies when its fate wants it, after the API server has stored what was written."""

    fate: Fate

    async def _call(self, request: ApiRequest, seconds: float, *read: Any) -> dict[str, Any]:
        answer = await super()._call(request, seconds, *read)
        if request.method != "GET":
            self.fate.wrote()
        return answer


class Controller(Background):
    """Turns as fast as tests need them while it is entered; `deaths` counts the killings."""

    def __init__(
        self,
        kubeconfig: Path,
        places: Installation,
        plan: RotationPlan,
        replicas: Sequence[Replica],
        skew: timedelta = timedelta(0),
    ) -> None:
        super().__init__("controller")
        self._kubeconfig = kubeconfig
        self._places, self._plan, self._replicas = places, plan, list(replicas)
        self._skew = skew
        self._fate = Fate()
        self.deaths = 0
        self.errors: list[str] = []

    def kill_after(self, writes: int) -> None:
        """Let it die after so many writes from now."""
        self._fate.writes_left = writes

    def run(self) -> None:
        while not self.over.is_set():
            try:
                asyncio.run(self._live())
            except KilledError:
                self.deaths += 1

    async def _live(self) -> None:
        async with await MortalApi.connect(self._kubeconfig) as api:
            api.fate = self._fate
            driver = self._driver(api, lambda: api.server_time() + self._skew)
            while not self.over.is_set():
                try:
                    due = await driver.reconcile()
                except ApiError as error:
                    self.errors.append(error.message)
                    due = SOON.total_seconds()
                await asyncio.sleep(min(due, SOON.total_seconds()))

    def _driver(self, api: Api, clock: Callable[[], datetime]) -> Rotator:
        async def find_replicas() -> list[Replica]:
            return self._replicas

        metrics = ControllerMetrics()
        return Rotator(api, self._places, self._plan, find_replicas, metrics, clock, SOON, SOON)
