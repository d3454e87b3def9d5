"""A healthy installation as it is read, to be broken in one place."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.chart.shipped import POLICIES, REGISTRATIONS, shipped
from webhook.controller.installation import (
    CERTIFICATES_LEASE,
    LEASE,
    SAID_CERTIFICATES,
    SAID_ENFORCING,
    SAID_REPLICAS,
    Installation,
)
from webhook.fleet.checkup.checks import Reading, Snapshot
from webhook.fleet.report import FleetReport
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
NOW = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
DIGEST = "a1b2c3d4e5f60718"


def written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def days(number: float) -> str:
    return written(NOW + timedelta(days=number))


def lease(says: dict[str, Json], *, renewed: bool = True, holder: str = "pod-1_uid") -> Json:
    annotations = {key: json.dumps(value) for key, value in says.items()}
    spec = {"holderIdentity": holder, "renewTime": written(NOW - timedelta(minutes=5))}
    metadata = {"annotations": annotations, "resourceVersion": "1"}
    return {"metadata": metadata, "spec": spec, "renewed": renewed}


def enforcing(status: str = "True", reason: str = "Enforcing", message: str = "fine") -> Json:
    return {
        "status": status, "reason": reason, "message": message, "lastTransitionTime": days(-1)
    }  # fmt: skip


def certificates(left: float = 60, faults: tuple[str, ...] = ()) -> Json:
    return {
        "leaf": {"ends": days(left), "renewal": days(left - 30)},
        "authority": {"ends": days(3000), "renewal": days(2000)},
        "faults": list(faults),
    }


def replicas(**digests: str | None) -> Json:
    found = digests or {"serve-1": DIGEST, "serve-2": DIGEST}
    return {"digest": DIGEST, "step": 3, "replicas": found, "problem": None}


def replica_set(deployment: str, number: int) -> Json:
    """The ReplicaSet of a revision; its pods are called `<deployment>-<number>-...`."""
    owner = {"kind": "Deployment", "name": deployment, "controller": True}
    annotations = {"deployment.kubernetes.io/revision": str(number)}
    return {
        "metadata": {
            "name": f"{deployment}-{number}",
            "annotations": annotations,
            "ownerReferences": [owner],
        }
    }


def deployment(name: str, wanted: int = 2, available: int = 2, mode: str = "own") -> Json:
    helm = {"meta.helm.sh/release-name": "mine", "deployment.kubernetes.io/revision": "2"}
    status = {
        "observedGeneration": 1, "replicas": wanted, "updatedReplicas": wanted,
        "availableReplicas": available,
    }  # fmt: skip
    return {
        "metadata": {"name": name, "generation": 1, "annotations": helm},
        "spec": {
            "replicas": wanted,
            "selector": {"matchLabels": {"app": name}},
            "template": {"spec": {"containers": [{"args": ["certs", f"--mode={mode}"]}]}},
        },
        "status": status,
    }


def endpoint(name: str, *, ready: bool = True, terminating: bool = False) -> Json:
    conditions = {"ready": ready, "terminating": terminating}
    return {"targetRef": {"name": name}, "addresses": ["192.0.2.1"], "conditions": conditions}


def registrations() -> dict[str, Json]:
    found = {each["kind"]: each for each in shipped(*REGISTRATIONS)}
    for each in found.values():
        for entry in each["webhooks"]:
            entry["clientConfig"]["caBundle"] = "eA=="
    return found


def healthy() -> dict[str, tuple[Json, ...]]:
    """Every reading of an installation in which all is well."""
    names = ("mcp-admission-serve", "mcp-admission-control", "mcp-admission-certificates")
    policies, bindings = (shipped(kind) for kind in POLICIES)
    says = {SAID_REPLICAS: replicas(), SAID_ENFORCING: enforcing()}
    return {
        "version": ({"major": "1", "minor": "36", "gitVersion": "v1.36.3"},),
        "api-groups": ({"groups": [{"name": "apps"}]},),
        "rights": ({"group": "", "resource": "configmaps", "allowed": True},),
        "release-namespace": ({"metadata": {"name": "mcp-admission-system"}},),
        "managed-namespaces": (),
        "daemonsets": ({"metadata": {"name": "calico-node"}},),
        "runtime-classes": ({"metadata": {"name": "gvisor"}},),
        "other-mutating": (),
        "other-validating": (),
        **{kind: (found,) for kind, found in registrations().items()},
        "policies": tuple(policies),
        "bindings": tuple(bindings),
        "deployments": tuple(map(deployment, names)),
        "endpoints": ({"endpoints": [endpoint("serve-1"), endpoint("serve-2")]},),
        "replicasets": tuple(replica_set(name, number) for name in names for number in (1, 2)),
        LEASE: (lease(says, holder=f"{names[1]}-2-x2x4z_uid"),),
        CERTIFICATES_LEASE: (
            lease({SAID_CERTIFICATES: certificates()}, holder=f"{names[2]}-2-x2x4z_uid"),
        ),
        "settings-file": (),
        "settings-resource": (),
    }


def seen(
    changes: Mapping[str, tuple[Json, ...]] | None = None,
    unread: str = "",
    settings: Json | None = None,
    fleet: FleetReport | None = None,
    **given: Any,
) -> Snapshot:
    """The healthy installation, with these readings instead of its own."""
    readings = {name: Reading(items) for name, items in {**healthy(), **(changes or {})}.items()}
    if unread:
        readings[unread] = Reading(unread="you may not read it")
    by = SettingsByNamespace(Settings.model_validate(settings or {}))
    return Snapshot(Installation(), NOW, readings, by, fleet, **given)
