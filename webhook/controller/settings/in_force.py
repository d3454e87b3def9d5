"""The settings that the controller itself works with, and what begins anew when they change."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from webhook.controller.settings.effective import EffectiveSettings
from webhook.kube.lease import until_one_ends
from webhook.settings.model import Settings

Work = Callable[[Settings], Coroutine[Any, Any, None]]


class InForce:
    """None at first; whoever waits is told of every other one."""

    def __init__(self) -> None:
        self.current: EffectiveSettings | None = None
        self._changed = asyncio.Event()

    def put(self, effective: EffectiveSettings) -> None:
        """Put settings in force."""
        if self.current is None or self.current.digest != effective.digest:
            self.current = effective
            self._changed.set()
            self._changed = asyncio.Event()

    async def other_than(self, digest: str) -> EffectiveSettings:
        """The settings in force, once they are not those of this digest."""
        while self.current is None or self.current.digest == digest:
            await self._changed.wait()
        return self.current


async def work_by(in_force: InForce, work: Work) -> None:
    """Do what is to be done by the settings in force, anew for each; ends when the work does."""
    digest = ""
    while True:
        effective = await in_force.other_than(digest)
        digest = effective.digest
        await until_one_ends(work(effective.settings), _replaced(in_force, digest))
        if in_force.current is effective:
            return


async def _replaced(in_force: InForce, digest: str) -> None:
    await in_force.other_than(digest)
