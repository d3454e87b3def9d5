"""What tenants can ask of the controller, all at once, with no more than `create deployments`."""

import base64
import json
import urllib.parse
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from http.client import HTTPSConnection
from typing import Any

from tests import builders
from tools.cluster.control_plane import ControlPlane

Json = dict[str, Any]

MERGE = "application/merge-patch+json"
CREATORS = 2
LARGE, REFUSED, SHARING = 50, 200, 50
TOLERATIONS, SECRET_BYTES = 95_000, 900_000
SOURCE = "shared"
PORTS = [{"name": "mcp", "containerPort": 8099}]
MANAGED = {"metadata": {"labels": {"mcp-admission.dev/managed": "true"}}}


class Crowd:
    """Large Deployments, a namespace whose quota is full, and servers that share a Secret."""

    def __init__(self, cluster: ControlPlane) -> None:
        self.cluster = cluster
        self.large, self.full, self.sharing = map(cluster.namespace, ("large", "full", "sharing"))

    def come(self) -> None:
        """Create all of them."""
        quotas = f"/api/v1/namespaces/{self.full}/resourcequotas"
        quota = {"metadata": {"name": "none"}, "spec": {"hard": {"count/services": "0"}}}
        self.cluster.create(quotas, quota)
        self.cluster.wait_for(
            "quota", lambda: "hard" in self.cluster.get(f"{quotas}/none")["status"]
        )
        self._create_all(self.full, map(_small, range(REFUSED)))
        source = {"metadata": {"name": SOURCE}, "data": _content("a")}
        self.cluster.create(f"/api/v1/namespaces/{self.sharing}/secrets", source)
        asked = {"mcp-admission.dev/config-from": SOURCE}
        self._create_all(self.sharing, [_small(number, asked) for number in range(SHARING)])
        self._create_all(self.large, map(_large, range(LARGE)))
        # The webhook has refused none of them: nothing in the namespace was a server.
        path = f"/api/v1/namespaces/{self.large}"
        assert self.cluster.raw("PATCH", path, MANAGED, MERGE).status == 200

    def change_source(self, first: str) -> None:
        """One byte of the shared Secret."""
        path = f"/api/v1/namespaces/{self.sharing}/secrets/{SOURCE}"
        body = {"data": _content(first)}
        assert self.cluster.raw("PATCH", path, body, MERGE).status == 200

    def _create_all(self, namespace: str, bodies: Iterable[Json]) -> None:
        given = list(bodies)
        parts = [given[number::CREATORS] for number in range(CREATORS)]
        with ThreadPoolExecutor(CREATORS) as creators:
            list(creators.map(partial(self._create, namespace), parts))

    def _create(self, namespace: str, bodies: Iterable[Json]) -> None:
        """Over one connection."""
        server = urllib.parse.urlsplit(self.cluster.url).netloc
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        with closing(HTTPSConnection(server, context=self.cluster.admin.tls)) as connection:
            for body in bodies:
                sent, status = json.dumps(body).encode(), 0
                # A machine that is busy does not answer each request in time.
                while status not in (201, 409):
                    headers = {"Content-Type": "application/json"}
                    connection.request("POST", path, sent, headers)
                    answer = connection.getresponse()
                    status, text = answer.status, answer.read()
                    assert status in (201, 409) or status >= 500, text[:1000]


def _large(number: int) -> Json:
    """1.4 MB, of what the API server stores a lot."""
    tolerations = [{"key": f"{each:x}"} for each in range(TOLERATIONS)]
    found = builders.server(f"large-{number}", labels={}, replicas=0, tolerations=tolerations)
    found["spec"]["paused"] = True
    return found


def _small(number: int, asked: Json | None = None) -> Json:
    containers = [builders.container(ports=PORTS)]
    return builders.server(f"s{number}", annotations=asked, replicas=0, containers=containers)


def _content(first: str) -> Json:
    return {
        f"KEY_{number}": base64.b64encode((first + "x" * (SECRET_BYTES // 9 - 1)).encode()).decode()
        for number in range(9)
    }
