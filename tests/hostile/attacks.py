"""What attackers send: objects that cost as much as the API server lets through, and more."""

import contextlib
import http.client
import itertools
import json
import socket
import ssl
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests import builders
from tests.builders import INJECTED, bare_pod
from tools.cluster.background import Background

Json = dict[str, Any]
Connect = Callable[[], http.client.HTTPSConnection]
Request = tuple[str, str, bytes, str]

JSON, MERGE = "application/json", "application/merge-patch+json"
# Of the network of this machine, and not the address from which API servers call.
ELSEWHERE = "127.0.0.2"


def pods() -> dict[str, Json]:
    """Labelled pods whose review is made as dear as can be, by what makes it so."""
    return {
        "capabilities": pod_of(500, securityContext={"capabilities": {"add": bad_capabilities()}}),
        "host ports": pod_of(200, ports=host_ports()),
        "volumes without a source": bare_pod(volumes=[{"name": f"{n:x}"} for n in range(20_000)]),
        "host paths": bare_pod(volumes=host_paths(30_000)),
        "sysctls": bare_pod(securityContext={"sysctls": [{"name": "a", "value": "1"}] * 100_000}),
        "tolerations": bare_pod(tolerations=tolerations(95_000)),
    }


def many_volumes() -> Json:
    """What only a webhook is sent: an API server would be busy for minutes with such a list."""
    return bare_pod(volumes=[{"name": "a"}] * 200_000)


def pod_of(count: int, **fields: Any) -> Json:
    """A labelled pod with so many containers."""
    return bare_pod(containers=[named(number, **fields) for number in range(count)])


def named(number: int, **fields: Any) -> Json:
    """A container that is one of many."""
    return builders.container(**{"name": f"c{number}", "image": "i", **fields})


def bad_capabilities() -> list[str]:
    """As many as one reads in a container."""
    return [f"X{number}" for number in range(99)]


def host_ports() -> list[Json]:
    """As many as one reads in a container."""
    return [{"containerPort": number, "hostPort": number} for number in range(1, 100)]


def host_paths(count: int) -> list[Json]:
    """Volumes that lead into the node."""
    return [{"name": f"{number:x}", "hostPath": {"path": "/"}} for number in range(count)]


def tolerations(count: int) -> list[Json]:
    """Short ones, of which the API server stores a lot."""
    return [{"key": f"{number:x}"} for number in range(count)]


def ephemeral(count: int, **fields: Any) -> bytes:
    """A merge patch that adds more ephemeral containers than anybody debugs with."""
    added = [named(number, **fields) for number in range(count)]
    return json.dumps({"spec": {"ephemeralContainers": added}}).encode()


def forged_memory() -> bytes:
    """A merge patch of a Deployment: a forged record, and a long list to look for it in."""
    wanted = [{"secretRef": {"name": f"s{number}"}} for number in range(200)]
    record = {"items": {"containers[mcp]": {"envFrom": wanted}}}
    sources = [{"secretRef": {"name": "a"}}] * 80_000
    template = {
        "metadata": {"annotations": {INJECTED: json.dumps(record)}},
        "spec": {"containers": [builders.container(envFrom=sources)]},
    }
    return json.dumps({"spec": {"template": template}}).encode()


def large_deployment(number: int) -> Json:
    """A paused Deployment of 1.3 MB that says nothing about servers: the API server takes it."""
    spec: Json = {"tolerations": tolerations(95_000)}
    found = builders.server(f"large-{number}", labels={}, replicas=0, **spec)
    found["spec"]["paused"] = True
    return found


def small_deployment(number: int, **annotations: str) -> Json:
    """A paused Deployment that has a port, so that it gets a Service in a managed namespace."""
    asks = annotations or None
    container = {"ports": [{"name": "mcp", "containerPort": 8099}]}
    found = builders.server(f"s{number}", labels={}, replicas=0, asks=asks, container=container)
    found["spec"]["paused"] = True
    return found


def review(pod: Json) -> bytes:
    """An AdmissionReview about a pod, as an API server sends it."""
    request = {
        "uid": "0",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": "tenant",
        "operation": "CREATE",
        "userInfo": {"username": "nobody"},
        "object": pod,
        "dryRun": True,
    }
    found = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return json.dumps(found).encode()


def brackets(count: int) -> bytes:
    """So many bytes of JSON that take many times as much in memory."""
    return b'{"request":[' + b"[]," * ((count - 16) // 3) + b"0]}"


class Hammer(Background):
    """Sends these requests again and again, each connection one in so many seconds."""

    def __init__(
        self,
        connect: Sequence[Connect],
        requests: Iterable[Request],
        *,
        connections: int,
        seconds_between: float = 1.0,
    ) -> None:
        super().__init__("hammer")
        self._connect, self._requests = connect, list(requests)
        self._connections, self._seconds = connections, seconds_between
        self.statuses: Counter[int] = Counter()

    def run(self) -> None:
        with ThreadPoolExecutor(self._connections) as pool:
            list(pool.map(self._one, range(self._connections)))

    def _one(self, number: int) -> None:
        """One connection after the other: whoever hangs up is called again."""
        connect = self._connect[number % len(self._connect)]
        connection = connect()
        for method, path, body, kind in itertools.islice(
            itertools.cycle(self._requests), number, None
        ):
            if self.over.is_set():
                break
            try:
                connection.request(method, path, body, {"Content-Type": kind})
                answer = connection.getresponse()
                answer.read()
                self.statuses[answer.status] += 1
            except (OSError, http.client.HTTPException):
                self.statuses[0] += 1
                connection.close()
                connection = connect()
            self.over.wait(self._seconds)
        connection.close()


class Babble(Background):
    """Opens connections without end, says on each what is no HTTP, and holds the last of them."""

    LINE, HELD = b"GET /" + b"a" * 256 * 1024, 50

    def __init__(self, addresses: Sequence[tuple[str, int]], tls: ssl.SSLContext) -> None:
        super().__init__("babble")
        self._addresses, self._tls = addresses, tls
        self.taken = 0

    def run(self) -> None:
        held: deque[ssl.SSLSocket] = deque()
        for address in itertools.cycle(self._addresses):
            if self.over.is_set():
                break
            if connection := silent(address, self._tls):
                self.taken += 1
                held.append(connection)
                connection.settimeout(0.2)
                with contextlib.suppress(OSError):
                    connection.sendall(self.LINE)
            if len(held) > self.HELD:
                held.popleft().close()
        for connection in held:
            connection.close()


def straight_to(
    address: tuple[str, int], tls: ssl.SSLContext, seconds: float = 60
) -> http.client.HTTPSConnection:
    """A connection to a serving process from elsewhere, by somebody without a credential."""
    host, port = address
    return http.client.HTTPSConnection(
        host, port, context=tls, timeout=seconds, source_address=(ELSEWHERE, 0)
    )


def silent(address: tuple[str, int], tls: ssl.SSLContext) -> ssl.SSLSocket | None:
    """A connection that has shaken hands and says nothing more; None where it is not taken."""
    try:
        plain = socket.create_connection(address, 10, source_address=(ELSEWHERE, 0))
        found = tls.wrap_socket(plain)
    except OSError:
        return None
    found.setblocking(False)
    return found


def is_open(connection: ssl.SSLSocket) -> bool:
    """Whether the other side has not hung up yet."""
    try:
        return connection.recv(1) != b""
    except ssl.SSLWantReadError:
        return True
    except OSError:
        return False
