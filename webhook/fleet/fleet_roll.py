"""Many servers rolled, so many at a time, and what their failures have in common.

A setting that keeps one server from running keeps most of them from it. So the first failure ends
the roll of a fleet unless more are allowed, and the setting is named.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from webhook.fleet.roll import Restarted, RestartResult
from webhook.fleet.settings_sources import read_settings_origins
from webhook.fleet.targets import Target
from webhook.kube import Api, ApiError
from webhook.settings import Settings, SettingsError, origins

AT_FAULT: dict[str, tuple[str, ...]] = {
    "RuntimeClassMissing": ("runtimeClassName",),
    "Unschedulable": ("runtimeClassName", "nodeSelector", "tolerations", "affinity", "resources"),
    "QuotaExceeded": ("resources",),
    "LimitRangeExceeded": ("resources",),
    "ImageNotPulled": ("imagePullSecrets",),
}
"""The keys of mcpServerDefaults that can be the cause of a reason; fields are called alike."""
SECTION = "mcpServerDefaults"
MOST_PARALLEL = 20


async def at_once() -> None:
    """Wait for nothing."""


class SettingAtFault(NamedTuple):
    """A key of the settings with its value, and the kind and place of the source that sets it."""

    key: str
    value: Any
    origin: str = ""
    where: str = ""


class CommonFailure(NamedTuple):
    """Why every roll failed: how many did, and the one reason of all.

    The settings are those that can be its cause, of the namespace in which the first one failed.
    """

    failures: int
    reason: str
    namespace: str
    settings: tuple[SettingAtFault, ...] = ()

    def set_by(self, place: Callable[[str], tuple[str, str]]) -> "CommonFailure":
        """The same with the kind and place of the source of each key."""
        found = ((each, *place(each.key)) for each in self.settings)
        told = (each._replace(origin=origin, where=where) for each, origin, where in found)
        return self._replace(settings=tuple(told))


@dataclass(frozen=True)
class FleetRoll:
    """Restarts servers, `parallel` at a time.

    No further one begins once `stop` is set, or `most_failures` have failed; without a number,
    failures stop nothing. Those that roll by then are waited for. Each waits for `turn` before it
    begins, which lasts while the roll is paused.
    """

    restart: Callable[[Target], Awaitable[Restarted]]
    stop: asyncio.Event
    parallel: int = 1
    most_failures: int | None = 1
    turn: Callable[[], Awaitable[object]] = at_once

    async def roll(
        self, targets: Sequence[Target], on_end: Callable[[Restarted], None]
    ) -> list[Restarted]:
        """Restart them, the first ones first; returns those that were begun, in that order."""
        left = iter(targets)
        ended: dict[Target, Restarted] = {}

        async def take_turns() -> None:
            for target in left:
                await self.turn()
                if self._is_over(ended.values()):
                    return
                ended[target] = await self.restart(target)
                on_end(ended[target])

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.parallel, len(targets))):
                group.create_task(take_turns())
        return [ended[target] for target in targets if target in ended]

    def _is_over(self, ended: Collection[Restarted]) -> bool:
        failures = sum(each.result is RestartResult.FAILED for each in ended)
        return self.stop.is_set() or (
            self.most_failures is not None and failures >= self.most_failures
        )


def common_failure(
    ended: Sequence[Restarted], settings_of: Callable[[str], Settings]
) -> CommonFailure | None:
    """Why every roll failed, where all have one reason; None where one came to its end."""
    failed = [each for each in ended if each.result is RestartResult.FAILED and each.reason]
    rolled = any(each.result is RestartResult.ROLLED for each in ended)
    if not failed or rolled or len({each.reason for each in failed}) > 1:
        return None
    first = failed[0]
    namespace = first.target.namespace
    at_fault = tuple(_at_fault(failed, settings_of(namespace)))
    return CommonFailure(len(failed), first.reason, namespace, at_fault)


async def with_sources(
    api: Api, release: str, found: CommonFailure, otherwise: str
) -> CommonFailure:
    """The failure with what sets each setting at fault; `otherwise` where that may not be read."""
    if not found.settings:
        return found
    try:
        read = await read_settings_origins(api, release, found.namespace)
    except (ApiError, SettingsError):
        return found.set_by(lambda _: ("", otherwise))
    values = read.values()

    def place(key: str) -> tuple[str, str]:
        set_by = ((each.origin, each.place) for each in values if each.key.startswith(key))
        return next(set_by, (origins.BUILT_IN, "the defaults"))

    return found.set_by(place)


def _at_fault(failed: Sequence[Restarted], settings: Settings) -> Iterator[SettingAtFault]:
    """The settings whose fields every one of these rolls changed, and that can be the cause."""
    defaults = settings.mcp_server_defaults.model_dump(by_alias=True, exclude_none=True)
    for key in AT_FAULT.get(failed[0].reason, ()):
        changed = all(any(_names(field, key) for field in each.fields) for each in failed)
        if changed and defaults.get(key):
            yield SettingAtFault(f"{SECTION}.{key}", defaults[key])


def _names(field: str, key: str) -> bool:
    """Whether a field, such as `containers[mcp].resources.requests`, is or is inside the key."""
    return any(part.partition("[")[0] == key for part in field.split("."))
