"""Whether every serving replica has the settings, and what the resource's status says about it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webhook.controller.installation import SERVE_DEPLOYMENT, Installation
from webhook.controller.serving_replicas import (
    METRICS_PORT,
    Replica,
    ask_digests,
    endpoint_replicas,
    sync_pod_volumes,
)
from webhook.controller.settings import effective
from webhook.controller.settings.settings_store import SettingsResource
from webhook.kube.api import Api
from webhook.kube.errors import ApiError
from webhook.settings.layers import Layer

Json = dict[str, Any]
LONGEST = 4000
MOST_NAMES = 5
# A replica that lacks them is asked often at first; one that cannot be helped, now and then.
WAITING, RESTING, PATIENCE = 0.5, 30.0, 30.0
# A kubelet that has seen the touch before the ConfigMap needs another one.
BETWEEN_TOUCHES = 2.0

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answers:
    """The digest that each replica reported; `problem` says why none could be asked."""

    digests: Mapping[str, str | None]
    problem: str | None = None


@dataclass(frozen=True)
class Distribution:
    """What became of a resource: why it is not valid, and who has which settings.

    `digest` is that of the settings in force, which are those before while `faults` are found.
    """

    faults: str | None
    digest: str
    answers: Answers
    servers: Mapping[str, int] | None = None


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


def resource_status(
    resource: SettingsResource, found: Distribution, locks: Sequence[Layer], now: str
) -> Json:
    """The status of this resource; `now` is the time of what has changed."""
    before = {each["type"]: each for each in resource.status.get("conditions") or []}
    conditions = [
        _condition(before.get(name), {"type": name, **said}, resource.generation, now)
        for name, said in (("Valid", _valid(found)), ("Distributed", _distributed(found)))
    ]
    status = {
        "observedGeneration": resource.generation,
        "conditions": conditions,
        "locked": sorted(effective.locked(locks)),
        "ignored": sorted(effective.ignored(resource.spec, locks)),
    }
    servers = found.servers or resource.status.get("servers")
    return status | ({"servers": dict(servers)} if servers else {})


def _condition(before: Json | None, said: Json, generation: int, now: str) -> Json:
    same = before is not None and before["status"] == said["status"]
    since = before["lastTransitionTime"] if before is not None and same else now
    return {**said, "observedGeneration": generation, "lastTransitionTime": since}


def _valid(found: Distribution) -> Json:
    if found.faults is None:
        return _said("True", "Accepted", f"the settings are accepted as {found.digest}")
    return _said("False", "Invalid", f"{found.faults}\nuntil then {_kept(found)}")


def _distributed(found: Distribution) -> Json:
    if found.faults is not None:
        return _said("False", "Invalid", f"{_kept(found)}: mend what Valid says")
    answers = found.answers
    if answers.problem:
        return _said("Unknown", "NotAsked", f"replicas could not be asked: {answers.problem}")
    if not answers.digests:
        return _said("False", "NoReplicas", f"no replica serves: look at {SERVE_DEPLOYMENT}")
    lacking = sorted(name for name, digest in answers.digests.items() if digest != found.digest)
    if not lacking:
        return _said("True", "InForce", f"every replica has {found.digest} in force")
    names = ", ".join(lacking[:MOST_NAMES])
    more = f" and {len(lacking) - MOST_NAMES} more" if len(lacking) > MOST_NAMES else ""
    return _said(
        "False",
        "Waiting",
        f"{names}{more} of {len(answers.digests)} do not have {found.digest} in force yet: "
        "their kubelets bring it within a minute, else their logs say why",
    )


def _kept(found: Distribution) -> str:
    return f"the last good settings stay in force ({found.digest})"


def _said(state: str, reason: str, message: str) -> Json:
    return {"status": state, "reason": reason, "message": message[:LONGEST]}
