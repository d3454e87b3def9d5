"""What the resource's status says: whether the settings are valid, and in force everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webhook.controller.installation import SERVE_DEPLOYMENT
from webhook.controller.settings import effective
from webhook.controller.settings.settings_store import SettingsResource
from webhook.settings.layers import Layer

Json = dict[str, Any]
LONGEST = 4000
MOST_NAMES = 5


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
