"""Tenants: users with rights in one namespace and nowhere else, who call the API server."""

import http.client
import json
import urllib.parse
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.e2e.namespace import path_in
from tools.cluster.clients import Body, Response
from tools.cluster.control_plane import ControlPlane

Json = dict[str, Any]

MERGE = "application/merge-patch+json"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
CONNECTIONS, SECONDS = 4, 60
# What ClusterRole `edit` lacks, and people who debug servers are given.
DEBUGGING = {"apiGroups": [""], "resources": ["pods/ephemeralcontainers"], "verbs": ["*"]}
EDIT = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}


class Tenant:
    """Somebody who may do in a namespace what `edit` allows, and debug; or these rules alone."""

    def __init__(
        self,
        cluster: ControlPlane,
        namespace: str,
        *,
        name: str = "tenant",
        rules: Iterable[Mapping[str, Any]] | None = None,
    ) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.user = cluster.user(f"{name}-of-{namespace}")
        if rules is None:
            self._bind("edit", EDIT)
        role = {"metadata": {"name": name}, "rules": list(rules or [DEBUGGING])}
        cluster.create(self.path("roles"), role)
        self._bind(name, {**EDIT, "kind": "Role", "name": name})
        may = "deployments" if rules else "pods/none/ephemeralcontainers"
        cluster.wait_for("rights", lambda: self.raw("GET", may).status in {200, 404})

    def path(self, resource: str) -> str:
        """The path of `pods`, `pods/name` or `pods/name/status`, with a query if need be."""
        return path_in(self.namespace, resource)

    def raw(
        self,
        method: str,
        resource: str,
        body: Body | None = None,
        content_type: str = "application/json",
    ) -> Response:
        """One request about a resource of the namespace; any status is an answer."""
        path = self.path(resource)
        return self.cluster.raw(method, path, body, content_type, as_user=self.user)

    def create(self, resource: str, body: Json) -> Json:
        """POST, and return what was stored; raises AssertionError if it was refused."""
        answer = self.raw("POST", resource, body)
        assert answer.status == 201, f"{resource}: {answer.status} {answer.body.decode()}"
        found: Json = answer.json()
        return found

    def create_all(self, resource: str, bodies: Iterable[Json]) -> None:
        """POST all of them, on a few connections that stay open."""
        given = list(bodies)
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            parts = [given[number::CONNECTIONS] for number in range(CONNECTIONS)]
            for refused in pool.map(lambda part: self._create_in_turn(resource, part), parts):
                assert not refused, refused[0]

    def connect(self) -> http.client.HTTPSConnection:
        """A connection to the API server that stays open; the certificate says who it is."""
        server = urllib.parse.urlsplit(self.cluster.url).netloc
        return http.client.HTTPSConnection(server, context=self.user.tls, timeout=SECONDS)

    def _create_in_turn(self, resource: str, bodies: list[Json]) -> list[str]:
        connection, refused = self.connect(), []
        for body in bodies:
            sent = json.dumps(body).encode()
            connection.request(
                "POST", self.path(resource), sent, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 201:
                refused.append(f"{answer.status} {said[:500].decode()}")
        connection.close()
        return refused

    def _bind(self, name: str, role: Json) -> None:
        subject = {"kind": "User", "name": self.user.name, "apiGroup": EDIT["apiGroup"]}
        binding = {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]}
        self.cluster.create(self.path("rolebindings"), binding)


def administrate(cluster: ControlPlane, namespace: str, labels: Mapping[str, str | None]) -> None:
    """Label a namespace, as its administrator."""
    path = f"/api/v1/namespaces/{namespace}"
    answer = cluster.raw("PATCH", path, {"metadata": {"labels": dict(labels)}}, MERGE)
    assert answer.status == 200, answer.body.decode()
