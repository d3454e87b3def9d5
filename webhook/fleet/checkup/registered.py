"""Judgments of the two webhook configurations, as they are in a cluster or in rendered manifests.

What the chart has written is compared by the controller, which says so in the condition
`Enforcing`. Here stands what is wrong whatever the chart says.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from webhook.controller.installation import Installation
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN, Snapshot, Told, listing
from webhook.fleet.checkup.readings import MUTATING, VALIDATING
from webhook.fleet.policies.policy_parts import selects
from webhook.fleet.surroundings import EFFECTS

Json = dict[str, Any]
ADVISING = "settings.mcp-admission.dev"
"""The webhook that warns of settings, and refuses nothing."""


def judge_registrations(seen: Snapshot) -> Iterator[Told]:
    """Whether API servers call the webhook, and what they do while it does not answer."""
    found = {kind: seen.one(kind) for kind in (MUTATING, VALIDATING)}
    mode = "" if seen.guess else seen.settings.cluster.mode
    faults = list(registration_faults(found, seen.places, mode))
    yield from (told._replace(mend=seen.put_back) for told in faults)
    if seen.guess:
        yield Told(UNKNOWN, f"whether failurePolicy fits the mode is not known: {seen.guess}")
    if not faults:
        yield Told(OK, "both webhook configurations call the Service")


def judge_bundles(seen: Snapshot) -> Iterator[Told]:
    """Whether API servers can trust the webhook: caBundle is written by another process."""
    lacking = [
        f"{kind} {entry['name']}"
        for kind in (MUTATING, VALIDATING)
        for entry in (seen.one(kind) or {}).get("webhooks") or []
        if not (entry.get("clientConfig") or {}).get("caBundle")
    ]
    if lacking:
        told = f"caBundle is empty, so that every call fails: {listing(lacking)}"
        yield Told(FAULT, told, seen.kubectl("logs deployment/mcp-admission-certificates"))
    elif seen.one(MUTATING) and seen.one(VALIDATING):
        yield Told(OK, "every webhook has a caBundle")


def judge_policies(seen: Snapshot) -> Iterator[Told]:
    """Whether each admission policy of the product is bound and denies, and each binding has one.

    Values of the chart say which there are, so that one that is missing altogether is not known.
    """
    policies = {each["metadata"]["name"] for each in seen.every("policies")}
    bound = {
        each["spec"]["policyName"]
        for each in seen.every("bindings")
        if "Deny" in (each["spec"].get("validationActions") or [])
    }
    for name in sorted(policies - bound):
        told = f"ValidatingAdmissionPolicy {name} has no binding that denies: it has no effect"
        yield Told(FAULT, told, seen.put_back)
    for name in sorted(bound - policies):
        told = f"ValidatingAdmissionPolicy {name} is missing, and its binding is there"
        yield Told(FAULT, told, seen.put_back)
    if policies and policies == bound:
        yield Told(OK, f"{len(policies)} admission policies are bound")
    elif not policies | bound:
        yield Told(NOTE, "there is no admission policy of the product: the chart has them")


def registration_faults(
    found: Mapping[str, Json | None], places: Installation, mode: str
) -> Iterator[Told]:
    """What keeps the webhook from being asked, or lets pass what it should refuse.

    Without a mode, it is not known which failurePolicy is right.
    """
    for kind in (MUTATING, VALIDATING):
        configuration = found.get(kind)
        called = f"{kind} {places.configuration}"
        if configuration is None:
            yield Told(FAULT, f"{called} is missing, so that {EFFECTS[kind]}")
            continue
        entries = configuration.get("webhooks") or []
        if not entries:
            yield Told(FAULT, f"{called} has no webhook, so that {EFFECTS[kind]}")
        for entry in entries:
            where = f"{called}, webhook {entry['name']},"
            yield from _entry_faults(where, entry, places, mode)


def _entry_faults(where: str, entry: Json, places: Installation, mode: str) -> Iterator[Told]:
    service = (entry.get("clientConfig") or {}).get("service") or {}
    if (service.get("name"), service.get("namespace")) != (places.service, places.namespace):
        there = f"{service.get('namespace')}/{service.get('name')}"
        wanted = f"{places.namespace}/{places.service}"
        yield Told(FAULT, f"{where} calls Service {there} instead of {wanted}")
    if not entry.get("rules"):
        yield Told(FAULT, f"{where} has no rules: it is never called")
    own = {"kubernetes.io/metadata.name": places.namespace}
    managed = own | {"mcp-admission.dev/managed": "true"}
    if any(selects(entry.get("namespaceSelector"), each) for each in (own, managed)):
        told = f"{where} selects namespace {places.namespace}: a webhook that is down could not"
        yield Told(FAULT, f"{told} start again")
    fails = entry.get("failurePolicy", "Fail") == "Fail"
    if entry["name"] == ADVISING:
        return
    if mode == "enforce" and not fails:
        told = f"{where} has failurePolicy Ignore in the mode enforce: while no replica answers,"
        yield Told(FAULT, f"{told} everything passes")
    elif mode and mode != "enforce" and fails:
        told = f"{where} has failurePolicy Fail in the mode {mode}: while no replica answers,"
        yield Told(NOTE, f"{told} servers are refused")
