"""Judgments of what the leader of the controller says: enforcing or not, the settings, the fleet.

What a leader has said is believed while it renews its Lease. Without that, it is unknown.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from webhook.admission import CURRENT, OUT_OF_DATE
from webhook.controller.installation import (
    CERTIFICATES_DEPLOYMENT,
    CONTROL_DEPLOYMENT,
    LEASE,
    SAID_ENFORCING,
    SAID_REPLICAS,
    SERVE_DEPLOYMENT,
)
from webhook.controller.settings.distribution import condition_of
from webhook.controller.settings.steps import STEPS
from webhook.fleet.checkup.checks import (
    FAULT,
    NOTE,
    OK,
    UNKNOWN,
    Snapshot,
    Told,
    listing,
)
from webhook.fleet.checkup.processes import endpoints, leads
from webhook.fleet.exception_use import ENDED, ENDING, NOT_IN_FORCE
from webhook.fleet.judged_mode import ENFORCE

Json = dict[str, Any]
Judge = Callable[[Snapshot], Iterable[Told]]
NOT_LED = "{} does not renew its Lease, so that it is not known"
HARMLESS = {CURRENT: OK, OUT_OF_DATE: NOTE}
"""The states of servers that need nobody at once."""


def said_in_lease(seen: Snapshot, lease: str, annotation: str) -> Json:
    """What the leader has said in its Lease; empty where nobody leads, or nothing was said yet.

    What the leader before has said stands there, too, until the next one has looked itself.
    """
    found = seen.one(lease) or {"metadata": {}}
    read = _written(found, annotation) if leads(seen, lease) else {}
    return read if read.get("by", _holder(found)) == _holder(found) else {}


def _written(lease: Json, annotation: str) -> Json:
    text = (lease["metadata"].get("annotations") or {}).get(annotation)
    try:
        read = json.loads(text or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _holder(lease: Json) -> str:
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def current_condition(seen: Snapshot, name: str) -> Json:
    """A condition of the settings resource, empty where it says nothing of this generation."""
    resource = seen.one("settings-resource") or {"metadata": {}}
    found = condition_of(resource.get("status") or {}, name)
    generation = resource["metadata"].get("generation")
    return found if found.get("observedGeneration", generation) == generation else {}


def enforcing(seen: Snapshot) -> Json:
    """The condition `Enforcing`, wherever the leader says it; empty where that is not known."""
    found = said_in_lease(seen, LEASE, SAID_ENFORCING)
    if found or not leads(seen, LEASE) or _written(seen.one(LEASE) or {}, SAID_ENFORCING):
        return found
    return current_condition(seen, "Enforcing")


def judge_enforcing(seen: Snapshot) -> Iterator[Told]:
    """What the controller's probe of the API servers has shown."""
    found = enforcing(seen)
    message = "; ".join(str(found.get("message")).splitlines())
    if not leads(seen, LEASE):
        yield Told(UNKNOWN, f"enforcing: {NOT_LED.format(CONTROL_DEPLOYMENT)}")
    elif not found:
        before = _written(seen.one(LEASE) or {}, SAID_ENFORCING)
        unread = "" if before else seen.readings["settings-resource"].unread
        yield Told(UNKNOWN, f"enforcing: {unread or 'the controller has not probed yet'}")
    elif found.get("status") == "True":
        yield Told(OK, f"enforcing since {found.get('lastTransitionTime')}")
    elif found.get("reason") == "BelowEnforce" and not _below_enforce(seen):
        yield Told(UNKNOWN, "enforcing: the mode has changed, and was not probed since")
    elif found.get("reason") == "BelowEnforce":
        yield Told(NOTE, f"nothing is enforced: {message}")
    elif found.get("status") == "False":
        told = f"nothing is enforced ({found.get('reason')}): {message}"
        yield Told(FAULT, told, _mend(seen, str(found.get("reason"))))
    else:
        yield Told(UNKNOWN, f"enforcing: {message}")


def _below_enforce(seen: Snapshot) -> bool:
    """Whether the settings in force let some namespace be below the mode `enforce`."""
    given = (seen.settings.cluster, *map(seen.settings.of, seen.settings.overlays))
    return bool(seen.guess) or any(each.mode != ENFORCE for each in given)


def _mend(seen: Snapshot, reason: str) -> str:
    """The command that mends what the probe has seen."""
    if reason in {"RegistrationMissing", "RegistrationAltered", "LetPass"}:
        return seen.put_back
    if reason == "WrongCA":
        return seen.kubectl(f"rollout restart deployment/{CERTIFICATES_DEPLOYMENT}")
    if reason == "OtherSettings":
        return seen.kubectl(f"rollout restart deployment/{SERVE_DEPLOYMENT}")
    if reason == "NoReplica":
        return seen.kubectl(f"rollout status deployment/{SERVE_DEPLOYMENT}")
    return seen.kubectl(f"logs deployment/{CONTROL_DEPLOYMENT}")


def judge_settings(seen: Snapshot) -> Iterator[Told]:
    """Whether the settings resource is valid, where there is one."""
    if seen.one("settings-resource") is None:
        yield Told(OK, "no MCPServerSettings changes what chart and environment say")
        return
    found = current_condition(seen, "Valid")
    if not leads(seen, LEASE):
        yield Told(UNKNOWN, f"valid settings: {NOT_LED.format(CONTROL_DEPLOYMENT)}")
    elif not found:
        yield Told(UNKNOWN, "the controller has not judged this MCPServerSettings yet")
    elif found["status"] == "True":
        yield Told(OK, f"MCPServerSettings is valid: {found['message']}")
    else:
        told = " ".join(str(found["message"]).split())
        mend = "kubectl edit mcpserversettings default"
        yield Told(FAULT, f"MCPServerSettings is not in force: {told}", mend)


def judge_replicas(seen: Snapshot) -> Iterator[Told]:
    """Whether every replica reports the settings that it should have."""
    found = said_in_lease(seen, LEASE, SAID_REPLICAS)
    if not leads(seen, LEASE):
        yield Told(UNKNOWN, f"settings of replicas: {NOT_LED.format(CONTROL_DEPLOYMENT)}")
        return
    wanted, replicas = found.get("digest"), found.get("replicas") or {}
    if not found or found.get("problem"):
        told = found.get("problem") or "the controller has not asked them yet"
        yield Told(UNKNOWN, f"settings of replicas: {told}")
        return
    if found.get("step") != STEPS:
        told = f"step {found.get('step')} of {STEPS} of a change of settings"
        yield Told(UNKNOWN, f"settings of replicas: {told} is under way")
    silent = [name for name, digest in replicas.items() if digest is None]
    others = [name for name, digest in replicas.items() if digest not in {None, wanted}]
    restart = seen.kubectl(f"rollout restart deployment/{SERVE_DEPLOYMENT}")
    if others:
        told = f"{listing(others)} works by other settings than {wanted}"
        yield Told(FAULT, f"{told}: kubelets bring them within a minute", restart)
    if silent:
        yield Told(FAULT, f"{listing(silent)} does not say which settings it has", restart)
    unasked = [each["name"] for each in endpoints(seen) if each["name"] not in replicas]
    if unasked:
        yield Told(UNKNOWN, f"{listing(unasked)} was not asked for its settings yet")
    elif not replicas:
        yield Told(UNKNOWN, "settings of replicas: there was none to be asked")
    elif not (others or silent) and found.get("step") == STEPS:
        yield Told(OK, f"every replica has {wanted} in force")


def judge_servers(seen: Snapshot) -> Iterator[Told]:
    """The servers of each state; those that only lack a rollout need nobody at once."""
    fleet = seen.fleet
    if seen.guess:
        yield Told(UNKNOWN, f"servers: {seen.guess}")
    if fleet is None:
        return
    for each in fleet.skipped:
        yield Told(UNKNOWN, f"servers: {each.what} may not be read: {each.why}")
    for each in fleet.unknown:
        yield Told(NOTE, f"servers: {each.what} may not be read: {each.why}")
    tally = fleet.tally()
    counted = tally.states
    for state, count in counted.items():
        if state == "all" or not count:
            continue
        verdict = HARMLESS.get(state, FAULT)
        places = sorted({each.namespace for each in fleet.servers if each.state == state})
        told = tally.in_words([state])
        where = "" if verdict == OK else f", in {listing(places)}"
        command = "apply --all" if state == OUT_OF_DATE else f"audit --state {state}"
        mend = f"mcp-admission {command} --namespace {places[0]}" if verdict != OK else ""
        yield Told(verdict, f"{told}{where}", mend)
    if not counted["all"]:
        yield Told(OK, "there is no server yet")


def judge_exceptions(seen: Snapshot) -> Iterator[Told]:
    """The exceptions that have ended, end soon, or are not in force."""
    if seen.fleet is None:
        return
    for each in seen.fleet.exceptions:
        if each.state in {ENDED, ENDING, NOT_IN_FORCE}:
            mend = f"kubectl get mcpserverexceptions {each.name} --output=yaml"
            yield Told(NOTE, each.line, mend)
