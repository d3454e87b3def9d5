"""Whether every serving replica has the settings, and a touch for the pods that do not yet."""

import asyncio
import logging
from collections.abc import Sequence

from webhook.controller.installation import Installation
from webhook.controller.serving_replicas import (
    METRICS_PORT,
    Replica,
    ask_digests,
    endpoint_replicas,
    sync_pod_volumes,
)
from webhook.controller.settings.status import Answers
from webhook.kube.api import Api
from webhook.kube.errors import ApiError

# A replica that lacks them is asked often at first; one that cannot be helped, now and then.
WAITING, RESTING, PATIENCE = 0.5, 30.0, 30.0
# A kubelet that has seen the touch before the ConfigMap needs another one.
BETWEEN_TOUCHES = 2.0

LOG = logging.getLogger(__name__)


class Propagation:
    """Asks the replicas for one digest until all have it; `due` is when to look again."""

    def __init__(self, api: Api, installation: Installation) -> None:
        self._api, self._installation = api, installation
        self.due = 0.0
        self._digest = ""
        self._since = self._ask_at = self._touch_at = 0.0
        self._answers = Answers({})

    @property
    def behind(self) -> bool:
        """Whether some replica has reported other settings, and may still get these soon."""
        others = set(self._answers.digests.values()) - {self._digest, None}
        return bool(others) and asyncio.get_running_loop().time() < self._since + PATIENCE

    async def look(self, digest: str) -> Answers:
        """What the replicas have reported; they are asked now if it is time to."""
        now = asyncio.get_running_loop().time()
        if digest != self._digest:
            self._digest, self._since = digest, now
            self._ask_at = self._touch_at = now
        if now >= self._ask_at:
            self._answers = await self._ask()
            done = self._answers.digests and set(self._answers.digests.values()) == {digest}
            patient = now < self._since + PATIENCE
            self._ask_at = now + (WAITING if patient and not done else RESTING)
        self.due = max(0.0, self._ask_at - now)
        return self._answers

    async def _ask(self) -> Answers:
        try:
            found = await endpoint_replicas(self._api, self._installation, METRICS_PORT)
        except ApiError as error:
            LOG.warning("replicas not asked", extra={"fields": {"reason": error.message}})
            return Answers({}, error.message)
        digests = await ask_digests(found)
        await self._touch([each for each in found if digests[each.name] != self._digest])
        return Answers(digests)

    async def _touch(self, lacking: Sequence[Replica]) -> None:
        now = asyncio.get_running_loop().time()
        if not lacking or now < self._touch_at:
            return
        self._touch_at = now + BETWEEN_TOUCHES
        version = f"{self._digest} {now - self._since:.0f}s"
        for pod in filter(None, (each.pod for each in lacking)):
            await sync_pod_volumes(self._api, self._installation, pod, "settings", version)
