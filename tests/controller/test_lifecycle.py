"""Work by the settings in force: begun anew for other ones, and for them alone."""

import asyncio

import pytest

from webhook.controller.settings.effective import EffectiveSettings, effective_settings
from webhook.controller.settings.in_force import InForce, work_by
from webhook.settings.model import Settings


def effective(action: str) -> EffectiveSettings:
    return effective_settings({"onConflict": action}, [])


async def turn() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_work_begins_with_the_first_settings_and_anew_with_other_ones() -> None:
    in_force = InForce()
    began: list[str] = []
    cancelled: list[str] = []

    async def work(settings: Settings) -> None:
        began.append(settings.on_conflict)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(settings.on_conflict)
            raise

    working = asyncio.create_task(work_by(in_force, work))
    await turn()
    assert began == []
    for each in ("warn", "warn", "override"):
        in_force.put(effective(each))
        await turn()
    assert (began, cancelled) == (["warn", "override"], ["warn"])
    working.cancel()
    await asyncio.wait([working])

    assert cancelled == ["warn", "override"]


async def test_it_ends_when_the_work_does() -> None:
    in_force = InForce()
    in_force.put(effective("warn"))

    async def work(_: Settings) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await work_by(in_force, work)
