"""One of several controllers leads: who holds the Lease, and renews it in time.

Time is measured by the monotonic clock of this process, from before each request was sent:
what others see is never earlier than that. The work is cancelled, and awaited, when the Lease was
not renewed for `renew` seconds, which is well before the `duration` after which another takes it.
A Lease of another holder is taken when it has not changed for its duration while we looked; what
its times say does not matter, because clocks differ.

The Lease has a thread, an event loop and a connection of its own: work that keeps the processor
busy for some seconds does not lose it. One whose own event loop hangs is not renewed for.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from webhook import names
from webhook.kube.api import Api
from webhook.kube.errors import AlreadyExists, ApiError, Conflict, NotFound

LOG = logging.getLogger(__name__)

Json = dict[str, Any]
Work = Callable[[], Coroutine[Any, Any, None]]
Connect = Callable[[], Awaitable[Api]]
RELEASED_SECONDS = 1
GRACE_SECONDS = 10.0


@dataclass
class Lease:
    """The Lease `name` in the collection `folder`; `identity` is of this process alone.

    `connect` opens the connection that it has for itself. `leads` is called with True and False as
    it changes. `hangs` says what keeps the work from going on, if anything does.
    `was_away` is whether nobody led when this process began to. `says` are annotations that the
    work may set at any time: the next renewal writes them, so that they are as new as `renewTime`.
    It begins with those of the holder before, unless nobody led for a while.
    """

    connect: Connect
    folder: str
    name: str
    identity: str
    leads: Callable[[bool], None]
    duration: float = 15.0
    renew: float = 10.0
    retry: float = 2.0
    uniform: Callable[[float, float], float] = random.uniform
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    hangs: Callable[[], str | None] = lambda: None
    says: dict[str, str] = field(default_factory=dict, init=False)
    looked: bool = field(default=False, init=False)
    was_away: bool = field(default=True, init=False)
    _inherits: bool = field(default=False, init=False)
    _api: Api = field(init=False)
    _held: Json | None = field(default=None, init=False)
    _sent: float = field(default=float("-inf"), init=False)
    _other: tuple[str, float] = field(default=("", 0.0), init=False)

    @property
    def remaining(self) -> float:
        """For how many seconds no other process can lead; not above 0 while this one does not."""
        return self._sent + self.duration - _clock() if self._held else 0.0

    async def run(self, work: Work) -> None:
        """Lead again and again, whenever possible; `work` may be cancelled anywhere.

        Returns when the work ends by itself, and raises what it raises.
        """
        async with await self.connect() as self._api:
            await self._lead_again_and_again(work)

    async def _lead_again_and_again(self, work: Work) -> None:
        while True:
            self._inherits = True
            await self._acquire()
            self._inherits = False
            LOG.info("lease acquired", extra={"fields": {"identity": self.identity}})
            try:
                if await self._lead(work):
                    return
            finally:
                self.leads(False)  # noqa: FBT003 - the callback takes nothing else
                await self._release()
            LOG.warning("lease lost", extra={"fields": {"identity": self.identity}})

    async def _acquire(self) -> None:
        while self.hangs() or not await self._tried(self._take):  # noqa: ASYNC110 - no event
            await asyncio.sleep(self.retry * self.uniform(1.0, 1.2))

    async def _lead(self, work: Work) -> bool:
        """Work and renew; whether the work ended by itself."""
        working = asyncio.create_task(work(), name="work")
        self.leads(True)  # noqa: FBT003
        try:
            while not working.done():
                await asyncio.wait([working], timeout=self.retry)
                if not working.done() and not await self._renewed():
                    return False
        finally:
            working.cancel()
            await asyncio.wait([working])
        working.result()
        return True

    async def _renewed(self) -> bool:
        """Renew until it works; not when another holds it, or it is about to end, or we hang."""
        reason = self.hangs()
        if reason:
            LOG.error("lease not renewed", extra={"fields": {"reason": reason}})
            return False
        end = self._sent + self.renew
        try:
            async with asyncio.timeout_at(end):
                while not await self._tried(self._take):
                    if self._held is None:
                        return False
                    await asyncio.sleep(self.retry * self.uniform(0.1, 0.5))
        except TimeoutError:
            return False
        return True

    async def _tried(self, attempt: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await attempt()
        except ApiError as error:
            LOG.warning("lease request failed", extra={"fields": {"reason": error.message}})
            return False

    async def _take(self) -> bool:
        """Write the Lease as ours, where it is ours or has no holder any more.

        One that we hold is as we wrote it: the API server says where it is not.
        """
        seconds = self.renew / 2
        if self._held is not None:
            with suppress(Conflict, NotFound):
                return await self._wrote(self._held, seconds)
        try:
            found = await self._api.get(f"{self.folder}/{self.name}", seconds=seconds)
        except NotFound:
            found = None
        self.looked = True
        self.was_away = found is None or self._lapsed(found)
        if self._inherits:
            self.says.clear()
            self.says.update({} if self.was_away else _ours(found or {}))
        if found is not None and not self._free(found):
            self._held = None
            return False
        try:
            return await self._wrote(found, seconds)
        except (AlreadyExists, Conflict):
            return False

    async def _wrote(self, found: Json | None, seconds: float) -> bool:
        """Write it over what was found, and remember when that was sent."""
        sent = _clock()
        self._held = await self._write(found, seconds)
        self._sent = sent
        return True

    async def _write(self, found: Json | None, seconds: float) -> Json:
        if found is None:
            body = {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": self._metadata({"name": self.name}),
                "spec": self._spec({}),
            }
            return await self._api.create(self.folder, body, seconds=seconds)
        body = {
            **found,
            "metadata": self._metadata(found["metadata"]),
            "spec": self._spec(found.get("spec") or {}),
        }
        return await self._api.replace(f"{self.folder}/{self.name}", body, seconds=seconds)

    def _metadata(self, before: Json) -> Json:
        annotations, ours = before.get("annotations") or {}, _ours({"metadata": before})
        others = {key: value for key, value in annotations.items() if key not in ours}
        return {**before, "annotations": others | self.says}

    def _spec(self, before: Json) -> Json:
        ours = before.get("holderIdentity") == self.identity
        handed_over = bool(before) and not ours
        now = f"{self.now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        return {
            **before,
            "holderIdentity": self.identity,
            "leaseDurationSeconds": int(self.duration),
            "renewTime": now,
            "acquireTime": before.get("acquireTime", now) if ours else now,
            "leaseTransitions": int(before.get("leaseTransitions") or 0) + handed_over,
        }

    def _free(self, found: Json) -> bool:
        """Whether it is ours, has no holder, or has not changed for as long as it lasts."""
        spec = found.get("spec") or {}
        if spec.get("holderIdentity") in (None, "", self.identity):
            return True
        version = str(found["metadata"].get("resourceVersion"))
        if version != self._other[0]:
            self._other = version, _clock()
        lasts = float(spec.get("leaseDurationSeconds") or self.duration)
        return _clock() >= self._other[1] + lasts

    def _lapsed(self, found: Json) -> bool:
        """Whether nobody has renewed it for as long as a Lease lasts, by the clock of its times."""
        try:
            renewed = datetime.fromisoformat(str((found.get("spec") or {}).get("renewTime")))
        except ValueError:
            return True
        return (self.now() - renewed).total_seconds() > self.duration

    async def _release(self) -> None:
        """Let the next one lead at once, if it is still ours."""
        held, left = self._held, self.remaining
        self._held = None
        if held is None or left <= 0:
            return
        spec = {**held["spec"], "holderIdentity": "", "leaseDurationSeconds": RELEASED_SECONDS}
        body = {**held, "spec": spec}
        seconds = min(left, self.retry)
        await self._tried(lambda: self._given_up(body, seconds))

    async def _given_up(self, body: Json, seconds: float) -> bool:
        await self._api.replace(f"{self.folder}/{self.name}", body, seconds=seconds)
        return True


def _ours(found: Json) -> dict[str, str]:
    annotations = (found.get("metadata") or {}).get("annotations") or {}
    return {key: value for key, value in annotations.items() if key.startswith(names.PREFIX)}


def _clock() -> float:
    return asyncio.get_running_loop().time()
