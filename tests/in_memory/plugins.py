"""What Kubernetes' own admission plugins add to a pod in one namespace, and refuse.

They run before the webhook and again after it changed the pod; the webhook is asked again where
that changed something.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from tests.in_memory.api_server import ApiServer, Outcome
from tests.in_memory.defaults import copied
from webhook.rules.checks.resources import quantity

Json = dict[str, Any]


@dataclass(frozen=True)
class Plugins:
    """LimitRanger, ServiceAccount, PodNodeSelector, PodTolerationRestriction and RuntimeClass.

    `limits` are the items of LimitRanges, `secrets` the pull secrets of the ServiceAccount,
    `selector` and `tolerations` are the namespace's, `classes` have `scheduling` by the name of
    the class. What all API servers add is in `defaults`.
    """

    limits: tuple[Json, ...] = ()
    secrets: tuple[str, ...] = ()
    selector: dict[str, str] = field(default_factory=dict)
    tolerations: tuple[Json, ...] = ()
    classes: dict[str, Json] = field(default_factory=dict)

    def create(self, cluster: ApiServer, pod: Json) -> Outcome:
        """POST of a pod: both passes, and what the plugins refuse at the end as a message."""
        asked = self.added(pod)
        outcome = cluster.create(asked)
        again = self.added(outcome.stored)
        if outcome.allowed and again != outcome.stored:
            outcome = cluster.create(again)
        return replace(outcome, stored=_with_requests(outcome.stored))

    def added(self, pod: Json) -> Json:
        """A copy of the pod as the plugins leave it; raises ValueError where they refuse it."""
        filled = _with_requests(pod)
        spec = filled["spec"]
        for item in map(_complete, self.limits):
            self._limit(filled, item)
        if not spec.get("imagePullSecrets") and self.secrets:
            spec["imagePullSecrets"] = [{"name": name} for name in self.secrets]
        scheduling = self.classes.get(spec.get("runtimeClassName", ""), {})
        for wanted in (self.selector, scheduling.get("nodeSelector", {})):
            own = spec.setdefault("nodeSelector", {}) if wanted else {}
            if any(own.get(key, value) != value for key, value in wanted.items()):
                raise ValueError(f"node selector {own} contradicts {wanted}")
            own |= wanted
        tolerations = spec.setdefault("tolerations", [])
        more = [*self.tolerations, *scheduling.get("tolerations", [])]
        tolerations += [copied(one) for one in more if one not in tolerations]
        return filled

    def refuse(self, pod: Json) -> list[str]:
        """What LimitRanger says about the pod in its second, validating part."""
        return [
            said
            for item in self.limits
            for container in pod["spec"]["containers"]
            for said in _objections(container.get("resources", {}), item)
        ]

    def _limit(self, pod: Json, item: Json) -> None:
        told = []
        for container in pod["spec"]["containers"]:
            resources = container.setdefault("resources", {})
            for part, key in (("requests", "defaultRequest"), ("limits", "default")):
                have = resources.setdefault(part, {})
                names = sorted(item[key].keys() - have.keys())
                have |= {name: item[key][name] for name in names}
                if names:
                    said = f"{part[:-1]} for container {container['name']}"
                    told.append(f"{', '.join(names)} {said}")
        if told:
            annotations = pod["metadata"].setdefault("annotations", {})
            annotations["kubernetes.io/limit-ranger"] = f"LimitRanger plugin set: {'; '.join(told)}"


def _complete(item: Json) -> Json:
    """The API server's defaults of a LimitRange."""
    limits = {**item.get("max", {}), **item.get("default", {})}
    requests = {**item.get("min", {}), **limits, **item.get("defaultRequest", {})}
    return {**item, "default": limits, "defaultRequest": requests}


def _with_requests(pod: Json) -> Json:
    """A copy of the pod as the API server decodes it: a limit alone is the request too."""
    filled = copied(pod)
    for container in filled["spec"]["containers"]:
        resources = container.get("resources", {})
        if resources.get("limits"):
            resources["requests"] = resources["limits"] | resources.get("requests", {})
    return filled


def _objections(resources: Json, item: Json) -> list[str]:
    said = []
    requests, limits = resources.get("requests", {}), resources.get("limits", {})

    def amount(value: Any) -> float:
        found = quantity(value)
        return 0.0 if found is None else float(found.nano)

    for name, least in item.get("min", {}).items():
        if amount(requests.get(name)) < amount(least):
            said.append(f"minimum {name} is {least}")
    for name, most in item.get("max", {}).items():
        if name not in limits or amount(limits[name]) > amount(most):
            said.append(f"maximum {name} is {most}")
    for name, ratio in item.get("maxLimitRequestRatio", {}).items():
        asked, limit = amount(requests.get(name)), amount(limits.get(name))
        if not asked or not limit or limit / asked > float(ratio):
            said.append(f"ratio of {name} is at most {ratio}")
    return said
