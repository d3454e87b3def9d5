"""The control plane as tests see it: kubectl, raw HTTP, users, namespaces, nodes, restarts.

with ControlPlane(find()) as cluster:
    namespace = cluster.namespace()
    cluster.kubectl("apply", "-n", namespace, "-f", "-", sent=manifest)
"""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from tools.cluster import clients, objects, waiting
from tools.cluster.binaries import Binaries, versions
from tools.cluster.clients import Body, Input, JsonObject, KubectlError, Output, Response
from tools.cluster.components import API_SERVER, Components
from tools.cluster.process import finished_lines
from tools.cluster.users import User, with_token

NODE = "node-1"

Found = TypeVar("Found")


class ControlPlane:
    """A running control plane with one Ready node; a context manager that always stops it.

    Without kwok there is no node: somebody else plays one.
    """

    def __init__(
        self,
        binaries: Binaries,
        *,
        audit: bool = False,
        kwok: bool = True,
        tracing: bool = False,
    ) -> None:
        self.binaries = binaries
        self._audit = audit
        self._kwok, self._tracing = kwok, tracing
        self._running: Components | None = None
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        self._running = Components(
            self.binaries, audit=self._audit, kwok=self._kwok, tracing=self._tracing
        )
        try:
            self._running.start_all()
            if self._kwok:
                self.add_node(NODE)
            self.namespace_is_usable("default")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        self.components.stop_all()
        self._running = None

    @property
    def components(self) -> Components:
        """The processes behind it."""
        if self._running is None:
            raise RuntimeError("the control plane is not running")
        return self._running

    @property
    def folder(self) -> Path:
        """A folder of its own, with the logs; it goes when the control plane stops."""
        return self.components.folder

    @property
    def url(self) -> str:
        """The API server's address."""
        return self.components.places.url

    @property
    def admin(self) -> User:
        """A member of system:masters."""
        return self.components.admin

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.admin.kubeconfig

    @property
    def versions(self) -> dict[str, str]:
        """The version of each component, as its binary says it."""
        return versions(self.binaries)

    def user(self, name: str, *groups: str) -> User:
        """Somebody with a client certificate and no more rights than RBAC gives the name."""
        return self.components.certified(name, list(groups))

    def service_account(self, namespace: str, name: str) -> User:
        """An existing ServiceAccount, by a token that the API server signs for it."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self.create(path, request)["status"]["token"]
        file = self.components.file_name(f"{namespace}-{name}")
        return with_token(
            f"system:serviceaccount:{namespace}:{name}",
            token,
            url=self.url,
            authority=self.components.places.authority.certificate,
            file=self.folder / f"{file}.kubeconfig",
        )

    def kubectl(
        self,
        *arguments: str,
        sent: Input | None = None,
        as_user: User | None = None,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> Output:
        """Run kubectl; raises `KubectlError` when it fails, unless `check` is False."""
        output = clients.kubectl(
            self.binaries["kubectl"],
            *arguments,
            user=as_user or self.admin,
            home=self.folder,
            sent=sent,
            environment=environment,
        )
        if check and output.returncode != 0:
            raise KubectlError(
                f"{output.command} ended with {output.returncode}: {output.stderr.strip()}"
            )
        return output

    def raw(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        content_type: str = "application/json",
        *,
        as_user: User | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One HTTP request to the API server; any status is an answer."""
        return clients.request(
            self.url,
            method,
            path,
            user=as_user or self.admin,
            body=body,
            content_type=content_type,
            headers=headers,
        )

    def create(self, path: str, manifest: JsonObject) -> Any:
        """POST as administrator and return what was stored; raises AssertionError if refused."""
        answer = self.raw("POST", path, manifest)
        assert answer.status == 201, f"POST {path}: {answer.status} {answer.body.decode()}"
        return answer.json()

    def get(self, path: str) -> Any:
        """GET as administrator; raises AssertionError for anything but 200."""
        answer = self.raw("GET", path)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.body.decode()}"
        return answer.json()

    def wait_for(self, what: str, question: Callable[[], Found], seconds: float = 60) -> Found:
        """Ask until the answer is true-ish; a dead component is reported instead of waited for."""

        def asked() -> Found:
            self.components.check()
            return question()

        return waiting.wait_for(what, asked, seconds)

    def namespace(self, prefix: str = "scenario", labels: Mapping[str, str] | None = None) -> str:
        """A new namespace in which pods can be created at once."""
        return self.named_namespace(f"{prefix}-{next(self._numbers)}", labels or {})

    def named_namespace(self, name: str, labels: Mapping[str, str]) -> str:
        """The same with a name that nobody else uses."""
        self.create("/api/v1/namespaces", objects.namespace(name, labels))
        self.namespace_is_usable(name)
        return name

    def namespace_is_usable(self, name: str) -> None:
        """Wait for the ServiceAccount without which no pod is admitted."""
        path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        self.wait_for(f"ServiceAccount default in {name}", lambda: self.get(path))

    def add_node(
        self,
        name: str,
        labels: Mapping[str, str] | None = None,
        taints: Sequence[JsonObject] = (),
    ) -> None:
        """Add a Linux node that kwok plays, and wait until it takes pods."""
        self.create("/api/v1/nodes", objects.node(name, labels or {}, taints))
        self.wait_for(
            f"Ready node {name}", lambda: objects.takes_pods(self.get(f"/api/v1/nodes/{name}"))
        )

    def local_service(self, namespace: str, name: str, port: int) -> dict[str, object]:
        """Let `service:` references to this Service reach a process on this machine.

        Returns the reference for a registration's `clientConfig`. The API server dials
        `localhost` at the reference's port, with the Service's own name as SNI.
        """
        path = f"/api/v1/namespaces/{namespace}/services"
        self.create(path, objects.local_service(name, port))
        return {"namespace": namespace, "name": name, "port": port}

    def stop_api_server(self) -> None:
        """Kill the API server; everything else goes on."""
        self.components.kill(API_SERVER)

    def start_api_server(self) -> None:
        """Start it again at the same address, and wait until it is ready."""
        self.components.start(API_SERVER)

    @contextlib.contextmanager
    def without_api_server(self) -> Iterator[None]:
        """The API server is away within the block, and back after it whatever happens."""
        self.stop_api_server()
        try:
            yield
        finally:
            self.start_api_server()

    def audit_events(self) -> Iterator[dict[str, Any]]:
        """The write requests so far, oldest first; needs `audit=True`."""
        yield from map(json.loads, finished_lines(self.components.places.audit_log))
