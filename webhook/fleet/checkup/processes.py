"""Judgments of the product's own processes: Deployments, endpoints, and who leads.

A Lease that nobody renews is the sign of a controller that is away, whatever conditions still say.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from webhook.controller.installation import (
    CERTIFICATE_MODES,
    CERTIFICATES_DEPLOYMENT,
    CERTIFICATES_LEASE,
    CONSOLE_DEPLOYMENT,
    CONTROL_DEPLOYMENT,
    LEASE,
    SERVE_DEPLOYMENT,
)
from webhook.fleet.checkup.checks import (
    FAULT,
    NOTE,
    OK,
    UNKNOWN,
    Snapshot,
    Told,
    moment,
    time_in_words,
)
from webhook.fleet.checkup.readings import DEPLOYMENTS, ENDPOINTS, REPLICA_SETS
from webhook.fleet.rollout import rollout_progress
from webhook.health.deployment_causes import deployment_causes

Json = dict[str, Any]
Judge = Callable[[Snapshot], Iterable[Told]]
REVISION = "deployment.kubernetes.io/revision"
PROCESSES = (SERVE_DEPLOYMENT, CONTROL_DEPLOYMENT, CERTIFICATES_DEPLOYMENT)
LEASES = {LEASE: CONTROL_DEPLOYMENT, CERTIFICATES_LEASE: CERTIFICATES_DEPLOYMENT}
CONSEQUENCES = {
    SERVE_DEPLOYMENT: "no review is answered",
    CONTROL_DEPLOYMENT: "nothing is made for servers, and no gate opens",
    CERTIFICATES_DEPLOYMENT: "no certificate is renewed",
    CONSOLE_DEPLOYMENT: "nobody sees the pages",
}
"""What becomes of a cluster without one of the processes; the console is there if values say so."""


def judge_deployment(name: str) -> Judge:
    """The judgment of one Deployment of the product; none of a console that is not there."""

    def judge(seen: Snapshot) -> Iterator[Told]:
        found = seen.named(DEPLOYMENTS, name)
        if found is None:
            if name == CONSOLE_DEPLOYMENT:
                return
            yield Told(FAULT, f"Deployment {name} is missing: {CONSEQUENCES[name]}", seen.put_back)
            return
        wanted = found["spec"].get("replicas", 1)
        ready = (found.get("status") or {}).get("availableReplicas") or 0
        progress = rollout_progress(found)
        if not wanted:
            replicas = 1 if name == CONSOLE_DEPLOYMENT else 2
            mend = seen.kubectl(f"scale deployment/{name} --replicas={replicas}")
            yield Told(FAULT, f"{name} is scaled to 0: {CONSEQUENCES[name]}", mend)
        elif not ready:
            causes = [f"{each.message} ({each.seen})" for each in deployment_causes(found)]
            why = next(iter(causes), progress.line)
            told = f"no pod of {name} is available, so that {CONSEQUENCES[name]}: {why}"
            yield Told(FAULT, told, seen.kubectl(f"describe pods --selector={_selector(found)}"))
        elif not progress.done:
            mend = seen.kubectl(f"rollout status deployment/{name}")
            yield Told(FAULT, f"{name} is not rolled out: {progress.line}", mend)
        else:
            yield Told(OK, f"{name}: {ready} of {wanted} replicas are available")
            if wanted == 1 and name == SERVE_DEPLOYMENT:
                told = f"{name} has one replica: while it restarts, servers are refused"
                yield Told(NOTE, told, seen.kubectl(f"scale deployment/{name} --replicas=2"))

    return judge


def issuer(seen: Snapshot) -> str:
    """Who issues the certificates, one of CERTIFICATE_MODES, as the process was started."""
    found = seen.named(DEPLOYMENTS, CERTIFICATES_DEPLOYMENT)
    return issuer_by_arguments(found) if found else CERTIFICATE_MODES[0]


def issuer_by_arguments(deployment: Json) -> str:
    """The same, by the Deployment of the process."""
    (container, *_) = deployment["spec"]["template"]["spec"]["containers"]
    arguments = container.get("args") or []
    modes = (each.partition("=")[2] for each in arguments if each.startswith("--mode="))
    return next(modes, CERTIFICATE_MODES[0])


def _selector(deployment: Json) -> str:
    labels = (deployment["spec"].get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def judge_endpoints(seen: Snapshot) -> Iterator[Told]:
    """Whether the Service leads API servers to a replica."""
    ready = [each for each in endpoints(seen) if each["ready"]]
    called = f"Service {seen.places.namespace}/{seen.places.service}"
    if ready:
        yield Told(OK, f"{called} leads to {len(ready)} ready endpoints")
        return
    mend = seen.kubectl("get pods --selector=app.kubernetes.io/component=serve")
    yield Told(FAULT, f"{called} has no ready endpoint: API servers reach no replica", mend)


def endpoints(seen: Snapshot) -> list[Json]:
    """The replicas behind the Service, by pod or address, and whether each is ready."""
    found: dict[str, bool] = {}
    for piece in seen.every(ENDPOINTS):
        for each in piece.get("endpoints") or []:
            conditions = each.get("conditions") or {}
            if conditions.get("terminating"):
                continue
            name = (each.get("targetRef") or {}).get("name") or each["addresses"][0]
            # Both families of addresses have a slice with the same pods.
            found[name] = found.get(name, False) or conditions.get("ready") is not False
    return [{"name": name, "ready": ready} for name, ready in sorted(found.items())]


def judge_leader(lease: str) -> Judge:
    """The judgment of a process that works while it leads."""
    process = LEASES[lease]

    def judge(seen: Snapshot) -> Iterator[Told]:
        found = seen.one(lease)
        if leads(seen, lease):
            pod, prefixes = leader(seen, lease), _pods_of_present_template(seen, process)
            told = f"{process} is led by {pod}"
            if prefixes and not pod.startswith(prefixes):
                told = f"{told}, no pod of its present template: what that says may be old"
                yield Told(UNKNOWN, told)
            else:
                yield Told(OK, told)
            return
        spec = (found or {}).get("spec") or {}
        last = "is not known"
        if spec.get("renewTime"):
            passed = (seen.now - moment(spec["renewTime"])).total_seconds()
            last = f"was {time_in_words(max(0.0, passed))} ago"
        told = f"nobody renews Lease {lease}, the last time {last}: {CONSEQUENCES[process]}"
        yield Told(FAULT, told, seen.kubectl(f"rollout restart deployment/{process}"))

    return judge


def _pods_of_present_template(seen: Snapshot, process: str) -> tuple[str, ...]:
    """What the names of its pods begin with; empty where no ReplicaSet is known to make them."""
    deployment = seen.named(DEPLOYMENTS, process) or {"metadata": {}}
    revision = _annotation(deployment, REVISION)
    return tuple(
        f"{each['metadata']['name']}-"
        for each in seen.every(REPLICA_SETS)
        if revision and _annotation(each, REVISION) == revision
        if any(owner["name"] == process for owner in each["metadata"].get("ownerReferences") or ())
    )


def _annotation(found: Json, key: str) -> str:
    return str((found["metadata"].get("annotations") or {}).get(key) or "")


def leads(seen: Snapshot, lease: str) -> bool:
    """Whether some process holds the Lease now, so that what it says is known."""
    return bool((seen.one(lease) or {}).get("renewed"))


def leader(seen: Snapshot, lease: str) -> str:
    """The pod that holds the Lease; empty where nobody does."""
    if not leads(seen, lease):
        return ""
    identity = str(((seen.one(lease) or {}).get("spec") or {}).get("holderIdentity") or "")
    return identity.rpartition("_")[0] or identity
