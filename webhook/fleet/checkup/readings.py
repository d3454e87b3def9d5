"""Reads what checks judge: each thing once, in pages, and what may not be read with its reason.

Nothing is written: a question about the caller's own rights is a POST that stores nothing. No
Secret is read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

from webhook import names
from webhook.controller.installation import (
    ADMISSION_POLICIES,
    CERTIFICATES_LEASE,
    LEASE,
    SETTINGS_CONFIG_MAP,
    WEBHOOK_CONFIGURATIONS,
    Installation,
)
from webhook.fleet.checkup.checks import Reading, moment
from webhook.kube import Api, Forbidden, NotFound, cluster_wide, namespaced
from webhook.settings import API_VERSION, NAME, PLURAL

Json = dict[str, Any]
Read = Callable[[Api, Installation], Awaitable[tuple[Json, ...]]]
Path = Callable[[Installation], str]

ADMISSION = "admissionregistration.k8s.io/v1"
PAGE = 200
DEPLOYMENTS, ENDPOINTS, REPLICA_SETS = "deployments", "endpoints", "replicasets"
MUTATING, VALIDATING = WEBHOOK_CONFIGURATIONS
SECONDS_TO_RENEW = 5.0
"""A Lease that looks old by its holder's clock is looked at again after this time."""

WRITTEN = (
    ("", "namespaces", False),
    ("", "configmaps", True),
    ("", "pods", True),
    ("", "secrets", True),
    ("", "serviceaccounts", True),
    ("", "services", True),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", False),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies", False),
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings", False),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations", False),
    ("apiextensions.k8s.io", "customresourcedefinitions", False),
    ("apps", "deployments", True),
    ("batch", "jobs", True),
    ("networking.k8s.io", "networkpolicies", True),
    ("policy", "poddisruptionbudgets", True),
    ("rbac.authorization.k8s.io", "clusterrolebindings", False),
    ("rbac.authorization.k8s.io", "clusterroles", False),
    ("rbac.authorization.k8s.io", "rolebindings", True),
    ("rbac.authorization.k8s.io", "roles", True),
)
"""What an installation creates: group, resource, and whether it is in a namespace."""


async def read_all(api: Api, places: Installation, wanted: Iterable[str]) -> dict[str, Reading]:
    """What is known under these names of READINGS; raises ApiError where nobody answers."""
    found = {}
    for name in dict.fromkeys(wanted):
        try:
            found[name] = Reading(await READINGS[name](api, places))
        except Forbidden as error:
            found[name] = Reading(unread=f"you may not read it: {error.message}")
    return found


def _get(path: Path) -> Read:
    async def read(api: Api, places: Installation) -> tuple[Json, ...]:
        try:
            return (await api.get(path(places)),)
        except NotFound:
            return ()

    return read


def _list(path: Path, labels: str = "", *, metadata_only: bool = False) -> Read:
    async def read(api: Api, places: Installation) -> tuple[Json, ...]:
        found: list[Json] = []
        try:
            await api.list_each(
                path(places),
                found.append,
                label_selector=labels.format(places=places),
                metadata_only=metadata_only,
                page=PAGE,
            )
        except NotFound:
            return ()
        return tuple(found)

    return read


def _lease(name: str) -> Read:
    """The Lease with `renewed`, whether its holder renews it; looked at twice where it looks old.

    The holder's clock may be wrong, so that a change counts, too.
    """
    read_once = _get(
        lambda places: namespaced("coordination.k8s.io/v1", "leases", places.namespace, name)
    )

    async def read(api: Api, places: Installation) -> tuple[Json, ...]:
        found = await read_once(api, places)
        for lease in found:
            renewed = _is_fresh(lease, api.server_time())
            if not renewed and (lease.get("spec") or {}).get("holderIdentity"):
                await asyncio.sleep(SECONDS_TO_RENEW)
                for again in await read_once(api, places):
                    version = again["metadata"]["resourceVersion"]
                    held = bool(again["spec"].get("holderIdentity"))
                    renewed = held and version != lease["metadata"]["resourceVersion"]
                    return ({**again, "renewed": renewed},)
            return ({**lease, "renewed": renewed},)
        return found

    return read


def _is_fresh(lease: Json, now: datetime) -> bool:
    spec = lease.get("spec") or {}
    if not spec.get("holderIdentity") or not spec.get("renewTime"):
        return False
    passed = now - moment(spec["renewTime"])
    return passed.total_seconds() <= float(spec.get("leaseDurationSeconds") or 0)


async def _rights(api: Api, places: Installation) -> tuple[Json, ...]:
    """What the caller may create of WRITTEN: the resources, each with `allowed`."""
    found = []
    path = cluster_wide("authorization.k8s.io/v1", "selfsubjectaccessreviews")
    for group, resource, inside in WRITTEN:
        asked = {"verb": "create", "group": group, "resource": resource}
        if inside:
            asked["namespace"] = places.namespace
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        answer = await api.create(path, review)
        allowed = bool((answer.get("status") or {}).get("allowed"))
        found.append({"group": group, "resource": resource, "allowed": allowed})
    return tuple(found)


def _policies(resource: str) -> Read:
    """The admission policies of the product, or their bindings, by name."""

    async def read(api: Api, places: Installation) -> tuple[Json, ...]:
        found: list[Json] = []
        for name in ADMISSION_POLICIES:
            path = cluster_wide(ADMISSION, resource, name)
            found += await _get(lambda _, path=path: path)(api, places)  # type: ignore[misc]
        return tuple(found)

    return read


def _in_release(version: str, resource: str, *name: str) -> Path:
    return lambda places: namespaced(version, resource, places.namespace, *name)


def _everywhere(version: str, resource: str, *name: str) -> Path:
    return lambda _: cluster_wide(version, resource, *name)


READINGS: dict[str, Read] = {
    "version": _get(lambda _: "/version"),
    "api-groups": _get(lambda _: "/apis"),
    "rights": _rights,
    "release-namespace": _get(lambda places: cluster_wide("v1", "namespaces", places.namespace)),
    "managed-namespaces": _list(
        _everywhere("v1", "namespaces"), f"{names.MANAGED}=true", metadata_only=True
    ),
    "daemonsets": _list(_everywhere("apps/v1", "daemonsets"), metadata_only=True),
    "runtime-classes": _list(_everywhere("node.k8s.io/v1", "runtimeclasses"), metadata_only=True),
    "other-mutating": _list(_everywhere(ADMISSION, WEBHOOK_CONFIGURATIONS[MUTATING])),
    "other-validating": _list(_everywhere(ADMISSION, WEBHOOK_CONFIGURATIONS[VALIDATING])),
    MUTATING: _get(lambda places: places.configurations()[MUTATING]),
    VALIDATING: _get(lambda places: places.configurations()[VALIDATING]),
    "policies": _policies("validatingadmissionpolicies"),
    "bindings": _policies("validatingadmissionpolicybindings"),
    DEPLOYMENTS: _list(
        _in_release("apps/v1", "deployments"), f"app.kubernetes.io/name={names.PRODUCT}"
    ),
    REPLICA_SETS: _list(
        _in_release("apps/v1", "replicasets"),
        f"app.kubernetes.io/name={names.PRODUCT}",
        metadata_only=True,
    ),
    ENDPOINTS: _list(
        _in_release("discovery.k8s.io/v1", "endpointslices"),
        "kubernetes.io/service-name={places.service}",
    ),
    LEASE: _lease(LEASE),
    CERTIFICATES_LEASE: _lease(CERTIFICATES_LEASE),
    "settings-file": _get(_in_release("v1", "configmaps", SETTINGS_CONFIG_MAP)),
    "settings-resource": _get(_everywhere(API_VERSION, PLURAL, NAME)),
}
"""How each thing is read, by the name that checks give it."""
