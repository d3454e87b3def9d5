"""Whether every serving replica has what the ConfigMap says.

Each replica reports a digest of its files. One that lacks them is asked often at first, and its
kubelet is told to look. One that cannot be helped is not waited for after a while, nor in later
steps, until it reports what it should.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webhook.controller import serving_replicas
from webhook.controller.installation import Installation
from webhook.kube import Api, ApiError

# Between two questions, while a replica lacks something and when all have it.
WAITING, RESTING = 0.25, 10.0
# How long a replica is waited for that reports something else, and one that reports nothing.
PATIENCE, SILENCE = 30.0, 10.0
# A kubelet that has seen the touch before the ConfigMap needs another one; of what replicas do not
# tell, nobody knows whether it did.
BETWEEN_TOUCHES, TOUCHES_UNTOLD = 2.0, 2

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answers:
    """The digest that each replica reported; `problem` says why none could be asked.

    `ready` is how many of them the Service leads to, None where that is not known.
    """

    digests: Mapping[str, str | None]
    problem: str | None = None
    ready: int | None = None

    @property
    def none_serves(self) -> bool:
        """Whether there is no replica, or none that is ready and none that says anything."""
        silent = self.ready == 0 and not any(self.digests.values())
        return self.problem is None and (silent or not self.digests)


class Propagation:
    """Asks the replicas for one digest until all have it; `due` is when to look again."""

    def __init__(self, api: Api, installation: Installation) -> None:
        self._api, self._installation = api, installation
        self.due = 0.0
        self._digest = ""
        self._since = self._ask_at = self._touch_at = 0.0
        self._answers = Answers({})
        self._given_up: frozenset[str] = frozenset()
        self._reached_at: float | None = None
        # How often all are still to be touched, for files that they do not tell of.
        self._brings = 0

    @property
    def behind(self) -> bool:
        """Whether some replica has reported other settings, and may still get these soon."""
        others = set(self._answers.digests.values()) - {self._digest, None}
        return bool(others) and asyncio.get_running_loop().time() < self._since + PATIENCE

    def reached_for(self, digest: str) -> float | None:
        """For how many seconds no replica has been waited for; None while one is."""
        if self._reached_at is None or digest != self._digest:
            return None
        return asyncio.get_running_loop().time() - self._reached_at

    def look_now(self) -> None:
        """Let the next look ask the replicas, however lately they were asked."""
        self._ask_at = 0.0

    def bring(self, files: Mapping[str, str], before: Mapping[str, str]) -> None:
        """Let kubelets bring these files soon, whose change no digest tells; `before` they had."""
        if any(text != before.get(name, "") for name, text in files.items()):
            self._brings, self._ask_at = TOUCHES_UNTOLD, 0.0

    async def look(self, digest: str) -> Answers:
        """What the replicas have reported; they are asked now if it is time to."""
        now = asyncio.get_running_loop().time()
        if digest != self._digest:
            self._digest, self._since, self._reached_at = digest, now, None
            self._ask_at = self._touch_at = now
        if now >= self._ask_at:
            self._answers = await self._ask()
            self._judge(now)
            rests = self._reached_at is not None
            resting = BETWEEN_TOUCHES if self._brings else RESTING
            self._ask_at = now + (resting if rests else WAITING)
        self.due = max(0.0, self._ask_at - now)
        return self._answers

    def _judge(self, now: float) -> None:
        """Decide who is waited for."""
        told = self._answers.digests
        lacking = frozenset(name for name, digest in told.items() if digest != self._digest)
        passed = now - self._since
        hopeless = {
            name for name in lacking if passed >= (SILENCE if told[name] is None else PATIENCE)
        }
        self._given_up = lacking & (self._given_up | hopeless)
        asked = self._answers.problem is None or passed >= PATIENCE
        if not asked or lacking - self._given_up:
            self._reached_at = None
        elif self._reached_at is None:
            self._reached_at = now

    async def _ask(self) -> Answers:
        try:
            found = await serving_replicas.endpoint_replicas(
                self._api, self._installation, serving_replicas.METRICS_PORT
            )
        except ApiError as error:
            LOG.warning("replicas not asked", extra={"fields": {"reason": error.message}})
            return Answers({}, error.message)
        digests = await serving_replicas.ask_digests(found)
        brings = self._brings > 0
        await self._touch([each for each in found if brings or digests[each.name] != self._digest])
        return Answers(digests, ready=sum(each.ready for each in found))

    async def _touch(self, lacking: Sequence[serving_replicas.Replica]) -> None:
        now = asyncio.get_running_loop().time()
        if not lacking:
            # A replica that comes later starts with the files.
            self._brings = 0
            return
        if now < self._touch_at and self._brings < TOUCHES_UNTOLD:
            return
        self._touch_at, self._brings = now + BETWEEN_TOUCHES, max(0, self._brings - 1)
        # Another text each time: kubelets look when the annotation changes.
        version = f"{self._digest} {now:.3f}"
        for pod in filter(None, (each.pod for each in lacking)):
            await serving_replicas.sync_pod_volumes(
                self._api, self._installation, pod, "settings", version
            )
