"""A fleet of servers without pods, and what it costs the controller and the API server.

A third of the servers asks for nothing, a third has a configuration, a third a configuration with
files and a policy of its own: that many objects are made, and one policy for each namespace.
"""

import json
import os
import re
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

from tests import builders
from tests.e2e.controller.control import Control
from tools.cluster.control_plane import ControlPlane
from webhook.objects.policy_report import OPEN_REPORTS

CREATORS = 4
OURS = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Dmcp-admission"
MADE = {
    "services": "/api/v1",
    "secrets": "/api/v1",
    "networkpolicies": "/apis/networking.k8s.io/v1",
}
PROFILE = {
    "mcpNamespace": {
        "networkPolicy": {
            "egressCeilings": ["10.20.0.0/16"],
            # Without the protocol, which the API server fills in.
            "egressProfiles": {"queue": {"to": [{"podSelector": {}}], "ports": [{"port": 5672}]}},
        }
    }
}
RENEWAL = ("update", "leases")
# Each look is a request for all metrics: they are part of what is measured.
BETWEEN_LOOKS = 1.0
BEHIND = ("kube-apiserver", "etcd")
PORTS = [{"name": "mcp", "containerPort": 8099}]

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Fleet:
    """So many servers, spread over these namespaces."""

    cluster: ControlPlane
    namespaces: list[str]
    servers: int

    @property
    def objects(self) -> int:
        """How many objects are made for it."""
        asking = [number % 3 for number in range(self.servers)]
        return self.servers + asking.count(1) + 3 * asking.count(2) + len(self.namespaces)

    def create(self) -> None:
        """Apply everything, and wait until the Deployment controller has seen it."""
        with ThreadPoolExecutor(CREATORS) as creators:
            list(creators.map(self._create, range(CREATORS)))
        for namespace in self.namespaces:
            self.cluster.wait_for("Deployment controller", partial(self._seen, namespace), 600)

    def made(self) -> int:
        """How many objects of ours there are."""
        return sum(1 for _ in self._made())

    def reports(self) -> int:
        """How many reports there are on its servers."""
        version, resource = OPEN_REPORTS.version, OPEN_REPORTS.resource
        return sum(
            len(self.cluster.get(f"/apis/{version}/namespaces/{each}/{resource}")["items"])
            for each in self.namespaces
        )

    def create_bare(self, namespaces: list[str]) -> float:
        """Create in other namespaces what the controller made; how many seconds that alone takes.

        As many at once as the controller has workers by default.
        """
        apart = dict(zip(self.namespaces, namespaces, strict=True))
        bodies = [
            (f"{api}/namespaces/{apart[found['metadata']['namespace']]}/{resource}", _bare(found))
            for api, resource, found in self._made()
        ]
        began = time.monotonic()
        with ThreadPoolExecutor(CREATORS) as creators:
            list(creators.map(self._post, [bodies[first::CREATORS] for first in range(CREATORS)]))
        return time.monotonic() - began

    def _made(self) -> Iterator[tuple[str, str, Manifest]]:
        for resource, api in MADE.items():
            for namespace in self.namespaces:
                path = f"{api}/namespaces/{namespace}/{resource}?{OURS}"
                for found in self.cluster.get(path)["items"]:
                    yield api, resource, found

    def _create(self, first: int) -> None:
        numbers = range(first, self.servers, CREATORS)
        namespaces = [self.namespaces[number % len(self.namespaces)] for number in numbers]
        self._post(
            each
            for number, namespace in zip(numbers, namespaces, strict=True)
            for each in _manifests(number, namespace)
        )

    def _post(self, requests: Iterable[tuple[str, Manifest]]) -> None:
        """One after the other, over one connection: ports are few."""
        server = urllib.parse.urlsplit(self.cluster.url).netloc
        with closing(HTTPSConnection(server, context=self.cluster.admin.tls)) as connection:
            for path, manifest in requests:
                headers = {"Content-Type": "application/json"}
                connection.request("POST", path, json.dumps(manifest), headers)
                answer = connection.getresponse()
                text = answer.read()
                assert answer.status == 201, text

    def _seen(self, namespace: str) -> bool:
        found = self.cluster.get(f"/apis/apps/v1/namespaces/{namespace}/deployments")["items"]
        return all(
            each.get("status", {}).get("observedGeneration") == each["metadata"]["generation"]
            for each in found
        )


def _manifests(number: int, namespace: str) -> Iterator[tuple[str, Manifest]]:
    """The path of a collection, and what is created there."""
    name = f"server-{number}"
    asked = {}
    if number % 3:
        asked["mcp-admission.dev/config-from"] = name
        values = {"KEY": f"value {number}", "file": "x"}
        source = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
        yield f"/api/v1/namespaces/{namespace}/secrets", {**source, "stringData": values}
    if number % 3 == 2:
        asked["mcp-admission.dev/file-keys"] = "file"
        asked["mcp-admission.dev/egress"] = "10.20.1.0/24:5432, queue"
    containers = [builders.container(ports=PORTS)]
    server = builders.server(name, annotations=asked, replicas=0, containers=containers)
    yield f"/apis/apps/v1/namespaces/{namespace}/deployments", server


def _bare(found: Manifest) -> Manifest:
    """What somebody would write to create such an object, without an owner."""
    kept: Manifest = {key: found[key] for key in ("type", "data", "spec") if key in found}
    if "clusterIP" in kept.get("spec", {}):
        kept["spec"] = {key: kept["spec"][key] for key in ("type", "ports", "selector")}
    return {"metadata": {"name": found["metadata"]["name"]}, **kept}


@dataclass(frozen=True)
class Cost:
    """What the controller has taken so far; `behind`: API server and etcd, since it leads.

    `judged` is when it had listed and judged every server, in seconds like those until it was done.
    """

    seconds: float
    requests: dict[tuple[str, str], float]
    cpu_seconds: float
    peak_mib: float
    behind: float = 0.0
    judged: float = 0.0

    @property
    def writes(self) -> float:
        """Requests that change something, but for the Lease: pods are created as a dry run."""
        reads, others = ("get", "list", "watch"), (("create", "pods"),)
        return sum(
            count
            for (verb, resource), count in self.requests.items()
            if verb not in reads and resource != "leases" and (verb, resource) not in others
        )


def converge(fleet: Fleet, control: Control, seconds: float, reports: int | None = None) -> Cost:
    """Wait until there is everything, and nobody looks at anything any more.

    With so many `reports`, where any are written.
    """
    began = time.monotonic()
    fleet.cluster.wait_for("controller that leads", control.leads, seconds)
    judged = time.monotonic() - began
    least = fleet.servers + len(fleet.namespaces)
    before = cpu_behind(fleet.cluster)
    while True:
        while looks(control) < least and time.monotonic() < began + seconds:
            fleet.cluster.components.check()
            time.sleep(BETWEEN_LOOKS)
        looked = looks(control)
        taken = cost(control, time.monotonic() - began, cpu_behind(fleet.cluster) - before)
        there = reports is None or fleet.reports() == reports
        if there and rests(control, 2, looked) and fleet.made() == fleet.objects:
            return replace(taken, judged=judged)
        assert time.monotonic() < began + seconds, f"{fleet.made()} objects of {fleet.objects}"


def rests(control: Control, renewals: int, looked: float | None = None) -> bool:
    """Whether nothing is looked at for as long as it takes to renew the Lease so often.

    `looked` is how often anything was looked at when that began.
    """
    before = looks(control) if looked is None else looked
    renewed = cost(control).requests.get(RENEWAL, 0)
    while looks(control) == before:
        if cost(control).requests.get(RENEWAL, 0) >= renewed + renewals:
            return True
        time.sleep(BETWEEN_LOOKS)
    return False


def looks(control: Control) -> float:
    """How often anything of a server was looked at."""
    counts = [
        control.metric("reconcile_duration_seconds_count", reconciler=each)
        for each in ("namespace", "server", "pod", "report")
    ]
    return sum(counts)


def cost(control: Control, seconds: float = 0.0, behind: float = 0.0) -> Cost:
    """What it has taken until now."""
    pid = control.process.pid
    assert pid is not None
    status = Path(f"/proc/{pid}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak
    requests = {
        (labels["verb"], labels["resource"]): value
        for labels, value in control.samples("api_requests_total")
    }
    return Cost(seconds, requests, processor_seconds(pid), int(peak[1]) / 1024, behind)


def cpu_behind(cluster: ControlPlane) -> float:
    """The processor time of API server and etcd."""
    pids = cluster.components.pids()
    return sum(processor_seconds(pids[name]) for name in BEHIND)


def processor_seconds(pid: int) -> float:
    """The processor time that a process has taken."""
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")
