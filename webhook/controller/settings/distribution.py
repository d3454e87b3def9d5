"""What the resource's status says: whether it is valid, and who has which settings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from webhook.controller.installation import SAID_REPLICAS, SERVE_DEPLOYMENT
from webhook.controller.settings import effective
from webhook.controller.settings.propagation import Answers
from webhook.controller.settings.settings_store import SettingsResource
from webhook.controller.settings.steps import STEPS
from webhook.settings import Layer, Overlay, Stage

Json = dict[str, Any]
NOTHING: Mapping[str, Json] = {}
LONGEST = 4000
MOST_NAMES, MOST_REPLICAS = 5, 50
# What replicas do in each step.
DOING = {1: "accept {}", 2: "have {} in force", 3: "have {} in force alone"}
LEAVING = "what the settings before allow is allowed for a moment"
AT_ONCE = (
    "; old and new settings together do not fit into a ConfigMap, so the change was made at once, "
    "and replicas may have refused for a second what others had filled in"
)


class ChangeStep(NamedTuple):
    """One of the three steps of a change, and what a replica reports that has made it."""

    number: int
    digest: str


class Progress(NamedTuple):
    """How far what is changed for namespaces is on its way to the replicas.

    `overlays` are those to be in force in the end; `reached` says that nobody is waited for in the
    step, whose number is `step`. `faults` is why the settings resource of the cluster is refused.
    """

    overlays: Mapping[str, Overlay]
    stage: Stage
    answers: Answers
    reached: bool
    faults: str | None = None
    step: int = STEPS

    def settled(self, namespace: str) -> bool:
        """Whether the step has nothing else for a namespace than what it is to have."""
        stage, wanted = self.stage, self.overlays.get(namespace)
        upcoming = () if stage.upcoming is None else (stage.upcoming,)
        return all(
            each.overlays.get(namespace) == wanted
            for each in (stage.current, *upcoming, *stage.before)
        )

    @property
    def news(self) -> tuple[object, ...]:
        """What those who wait for it wait for; the same while nothing has come further."""
        count = len(self.answers.digests)
        return self.stage.digest, self.reached, self.lacking, count, self.answers.problem

    @property
    def missing(self) -> str:
        """Why something is not in force in every replica."""
        if self.answers.problem:
            return f"replicas could not be asked: {self.answers.problem}"[:LONGEST]
        if not self.answers.digests:
            return f"no replica serves: look at {SERVE_DEPLOYMENT}"
        return "it is on its way to the replicas"

    @property
    def lacking(self) -> int:
        """How many replicas have not reported the step."""
        return sum(digest != self.stage.digest for digest in self.answers.digests.values())


def said_replicas(progress: Progress, by: str) -> dict[str, str]:
    """The annotation that says which settings replicas have reported, and which they should.

    `by` is the leader that has seen it: the next one says it anew.
    """
    found = dict(sorted(progress.answers.digests.items())[:MOST_REPLICAS])
    said = {
        "by": by,
        "digest": progress.stage.digest,
        "step": progress.step,
        "replicas": found,
        "problem": progress.answers.problem,
    }
    return {SAID_REPLICAS: json.dumps(said, sort_keys=True)}


@dataclass(frozen=True)
class Distribution:
    """What became of a resource: why it is not valid, and who has which settings.

    `digest` is that of the settings in force, which are those before while `faults` are found.
    Without a `step`, it is the last one. `at_once` says that there was no room for steps.
    """

    faults: str | None
    digest: str
    answers: Answers
    servers: Mapping[str, int] | None = None
    step: ChangeStep | None = None
    at_once: bool = False


def resource_status(
    resource: SettingsResource,
    found: Distribution,
    locks: Sequence[Layer],
    now: str,
    others: Mapping[str, Json] = NOTHING,
) -> Json:
    """The status of this resource; `now` is the time of what has changed.

    `others` are conditions that somebody else knows; each may say of which generation it is.
    """
    conditions = {"Valid": _valid(found), "Distributed": _distributed(found), **others}
    status = {
        **status_with(resource.status, resource.generation, conditions, now),
        "locked": sorted(effective.locked(locks)),
        "ignored": sorted(effective.ignored(resource.spec, locks)),
    }
    servers = found.servers or resource.status.get("servers")
    return status | ({"servers": dict(servers)} if servers else {})


def status_with(
    before: Mapping[str, Any], generation: int, conditions: Mapping[str, Json], now: str
) -> Json:
    """The part of a status that says these conditions of this generation, by their types."""
    had = {each["type"]: each for each in before.get("conditions") or []}
    return {
        "observedGeneration": generation,
        "conditions": [
            _condition(had.get(name), {"type": name, **told}, generation, now)
            for name, told in conditions.items()
        ],
    }


def condition_of(status: Mapping[str, Any], name: str) -> Json:
    """A condition of a status; empty where it says nothing about it."""
    found = (each for each in status.get("conditions") or [] if each["type"] == name)
    return next(found, {})


def _condition(before: Json | None, said: Json, generation: int, now: str) -> Json:
    same = before is not None and before["status"] == said["status"]
    since = before["lastTransitionTime"] if before is not None and same else now
    return {"observedGeneration": generation, **said, "lastTransitionTime": since}


def _valid(found: Distribution) -> Json:
    if found.faults is None:
        return said("True", "Accepted", f"the settings are accepted as {found.digest}")
    return said("False", "Invalid", f"{found.faults}\nuntil then {_kept(found)}")


def _distributed(found: Distribution) -> Json:
    if found.faults is not None:
        return said("False", "Invalid", f"{_kept(found)}: mend what Valid says")
    answers = found.answers
    if answers.problem:
        return said("Unknown", "NotAsked", f"replicas could not be asked: {answers.problem}")
    if answers.none_serves:
        return said("False", "NoReplicas", f"no replica serves: look at {SERVE_DEPLOYMENT}")
    step = found.step or ChangeStep(STEPS, found.digest)
    lacking = sorted(name for name, digest in answers.digests.items() if digest != step.digest)
    note = AT_ONCE if found.at_once else ""
    if not lacking and step.number == STEPS:
        return said("True", "InForce", f"every replica has {found.digest} in force{note}")
    doing = f"step {step.number} of {STEPS}: {{}} {DOING[step.number].format(found.digest)}"
    if not lacking:
        every = doing.format("all replicas")
        return said("False", "Stepping", f"{every}: {LEAVING}" if step.number > 1 else every)
    names = ", ".join(lacking[:MOST_NAMES])
    more = f" and {len(lacking) - MOST_NAMES} more" if len(lacking) > MOST_NAMES else ""
    return said(
        "False",
        "Waiting",
        doing.format(f"{names}{more} of {len(answers.digests)} do not")
        + f" yet: their kubelets bring it within a minute, else their logs say why{note}",
    )


def _kept(found: Distribution) -> str:
    return f"the last good settings stay in force ({found.digest})"


def said(state: str, reason: str, message: str) -> Json:
    """What a condition says."""
    return {"status": state, "reason": reason, "message": message[:LONGEST]}
