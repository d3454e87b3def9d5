"""Servers of several states, and what people write into objects who mean harm."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests import builders
from tests.console.played_cluster import HOSTILE
from tools.cluster.control_plane import ControlPlane
from tools.release.release import Release
from webhook.settings.exception_document import EXCEPTION_KIND
from webhook.settings.load import GROUP, NAME, VERSION
from webhook.settings.namespace_layer import NAMESPACE_KIND

Json = dict[str, Any]

TEAM, OBSERVED_TEAM = "team-a", "team-b"
UNTOLD = timedelta(seconds=12)
"""Why a pod waits is told where it goes on for ten seconds."""
CURRENT, OLDER, REFUSED, WAITING = "github-tools", "old-tools", "root-tools", "gpu-tools"
"""Servers of TEAM: as it should be; older than the webhook; refused by a rule; without a node."""
OBSERVED, EXCEPTED = "docs", "browser"
"""Servers of OBSERVED_TEAM, whose mode is `observe`; an exception counts for the second one."""
HARMLESS_NAMESPACE, HOSTILE_NAMESPACE = "harmless", "hostile"
"""The same number of servers, alike but for what people wrote."""
LONGEST_NAME = "w" * 250
HARMLESS_TEXTS = [f"harmless-{number}" for number in range(len(HOSTILE))]
PORTS = [{"name": "mcp", "containerPort": 8099}]
PRIVILEGED = {"privileged": True}


def server(name: str, **fields: Any) -> Json:
    """A labelled Deployment of one replica; keyword arguments are those of `builders.server`."""
    container = {"ports": PORTS, **fields.pop("container", {})}
    found = builders.server(name, replicas=1, container=container, **fields)
    # The value of a label is shorter than a name may be.
    spec = found["spec"]
    spec["selector"]["matchLabels"] = spec["template"]["metadata"]["labels"] = {"app": name[:63]}
    return found


def apply_before(cluster: ControlPlane) -> None:
    """What was there before the product."""
    root = {"securityContext": PRIVILEGED}
    here = {
        TEAM: [server(OLDER), server(REFUSED, container=root)],
        OBSERVED_TEAM: [server(OBSERVED), server(EXCEPTED, container=root)],
        HARMLESS_NAMESPACE: servers_of(HARMLESS_TEXTS, "w"),
        HOSTILE_NAMESPACE: servers_of(HOSTILE, LONGEST_NAME),
    }
    for namespace, servers in here.items():
        cluster.named_namespace(namespace, {})
        applied(cluster, namespace, *servers)
    write_events(cluster, HARMLESS_NAMESPACE, HARMLESS_TEXTS)
    write_events(cluster, HOSTILE_NAMESPACE, HOSTILE)


def apply_after(release: Release) -> None:
    """What came after it; returns when everything is as it stays."""
    cluster = release.cluster
    ends = datetime.now(UTC) + timedelta(days=7)
    granted = {
        "workload": {"namespace": OBSERVED_TEAM, "name": EXCEPTED},
        "rules": ["privileged", "privilege-escalation"],
        "reason": "the vendor mends it",
        "expires": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
    }
    observe = document(NAMESPACE_KIND, {"name": NAME}, {"mode": "observe"})
    excepted = document(EXCEPTION_KIND, {"name": EXCEPTED}, granted)
    applied(cluster, OBSERVED_TEAM, observe, excepted)
    nowhere = {"nodeSelector": {"accelerator": "none"}}
    applied(cluster, TEAM, server(CURRENT), server(WAITING, **nowhere))
    release.wait_for("running server", lambda: runs(release, TEAM, CURRENT))
    release.wait_for("waiting server", lambda: waits(release, TEAM, WAITING))


def servers_of(texts: Sequence[str], last: str) -> list[Json]:
    """A server with each text wherever people write, and one of this name."""
    return [
        *(
            server(
                f"tools-{number}",
                annotations={"note": text, "long": text * (50_000 // len(text))},
                asks={"asked-by": text},
                container={"image": text.strip(), "imagePullPolicy": "Always"},
            )
            for number, text in enumerate(texts)
        ),
        server(last, container={"imagePullPolicy": "Always"}),
    ]


def write_events(cluster: ControlPlane, namespace: str, texts: Sequence[str]) -> None:
    """Events of these servers with the texts."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    for number, text in enumerate(texts):
        about = {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"tools-{number}"}
        told = {
            "metadata": {"generateName": "told-"},
            "involvedObject": {**about, "namespace": namespace},
            "reason": text[:100],
            "message": text,
            "type": "Warning",
            "source": {"component": text},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        cluster.create(f"/api/v1/namespaces/{namespace}/events", told)


def applied(cluster: ControlPlane, namespace: str, *objects: Json) -> None:
    """Apply them as an administrator would."""
    words = ("apply", "--server-side", "--namespace", namespace, "--filename", "-")
    cluster.kubectl(*words, sent=objects)


def document(kind: str, metadata: Json, spec: Json) -> Json:
    """An object of the product's own kinds."""
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": metadata, "spec": spec}


def runs(release: Release, namespace: str, name: str) -> bool:
    """Whether all pods of a server run."""
    found = release.pods(namespace, app=name)
    return {pod["status"].get("phase") for pod in found} == {"Running"}


def waits(release: Release, namespace: str, name: str) -> bool:
    """Whether no node is found for any pod of a server, for long enough that it is told."""
    since = datetime.now(UTC) - UNTOLD
    found = release.pods(namespace, app=name)
    return bool(found) and all(
        any(
            each.get("reason") == "Unschedulable"
            and datetime.fromisoformat(each["lastTransitionTime"]) < since
            for each in pod["status"].get("conditions") or []
        )
        for pod in found
    )
