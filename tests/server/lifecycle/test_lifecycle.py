"""The real process: how it starts, what it survives, how it leaves."""

import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGINT, SIGTERM

import pytest
import trustme

from tests.server.certificates import HOST, RSA, Volume, chain, client, key, serial_of
from tests.server.process import LOOPBACK, Server, command, post
from tests.server.reviews import POD, posted
from tools.cluster.waiting import wait_for


@pytest.fixture
def served(volume: Volume, authority: trustme.CA) -> Volume:
    """A volume with a pair."""
    volume.write_pair(authority.issue_cert(HOST))
    return volume


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Server]:
    """A process for tests that leave it as it is."""
    volume = Volume(tmp_path_factory.mktemp("server") / "tls")
    volume.write_pair(authority.issue_cert(HOST))
    with Server(authority, command(volume, "--log-level", "debug")) as running:
        yield running


def test_a_server_answers_reviews_probes_and_metrics(server: Server) -> None:
    response = server.review()

    assert (response["uid"], response["allowed"]) == ("705ab4f5-6393-11e8-b7cc-42010a800002", True)
    assert server.probe("/healthz") == (200, "ok\n")
    assert server.probe("/readyz") == (200, "ok\n")
    assert server.probe("/nowhere")[0] == 404
    status, text = server.probe("/metrics")
    assert status == 200
    assert "mcp_admission_reviews_total{" in text
    line = server.logged("review")[0]
    assert (line["decision"], line["kind"], line["name"]) == ("not-covered", "Pod", "github-tools")


def test_probes_do_not_answer_reviews_nor_the_other_way_round(server: Server) -> None:
    connection = http.client.HTTPConnection(LOOPBACK, server.probe_port, timeout=30)
    connection.request("POST", "/mutate", posted(), {"Content-Type": "application/json"})
    assert connection.getresponse().status == 404
    connection.close()
    with server.connected() as secure:
        secure.request("GET", "/metrics")
        assert secure.getresponse().status == 404


def test_a_client_without_tls_is_not_answered(server: Server) -> None:
    with socket.create_connection((LOOPBACK, server.review_port), timeout=30) as plain:
        plain.sendall(b"POST /mutate HTTP/1.1\r\nHost: a\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP")


def test_five_hundred_silent_connections_delay_no_other(server: Server) -> None:
    """Half of them send nothing, some half a TLS hello, some half a request."""
    hello = bytes.fromhex("160301020001000200")
    idle: list[socket.socket] = []
    try:
        for number in range(500):
            connection = socket.create_connection((LOOPBACK, server.review_port), timeout=30)
            if number % 2:
                connection.sendall(hello)
            idle.append(connection)
        for _ in range(20):
            secure = server.context.wrap_socket(
                socket.create_connection((LOOPBACK, server.review_port), timeout=30),
                server_hostname=HOST,
            )
            secure.sendall(b"POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Le")
            idle.append(secure)
        started = time.monotonic()
        for _ in range(20):
            assert server.review()["allowed"] is True
        assert time.monotonic() - started < 10
        assert server.probe("/healthz")[0] == 200
    finally:
        for connection in idle:
            connection.close()


def test_an_endless_body_costs_no_memory(server: Server) -> None:
    """A hundred MiB in chunks: refused after seven, and never held."""
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    before = server.memory()["VmHWM"]
    with server.connected() as connection:
        connection.putrequest("POST", "/mutate")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        try:
            for _ in range(100):
                connection.send(chunk)
        except OSError:
            pass  # It does not listen for ever.
        else:
            assert connection.getresponse().status == 413
    wait_for(
        "refused request", lambda: server.sample('rejected_requests_total{status="413"}') == 1, 30
    )

    assert server.memory()["VmHWM"] - before < 40 * 1024
    assert server.review()["allowed"] is True


@pytest.mark.parametrize("depth", [100_000])
def test_a_deeply_nested_body_is_400(server: Server, depth: int) -> None:
    with server.connected() as connection:
        answer = post(connection, body=b'{"a":' * depth)
        assert answer.status == 400
        assert answer.read().startswith(b"the body is not JSON: recursion limit exceeded")
    assert server.review()["allowed"] is True


def test_without_uvloop_it_serves_as_well(served: Volume, authority: trustme.CA) -> None:
    """It is not there on every platform."""
    words = command(served)
    program = (
        "import sys; sys.modules['uvloop'] = None; from webhook.cli.main import main;"
        "sys.exit(main())"
    )
    words[1:3] = ["-c", program]
    with Server(authority, words) as running:
        assert running.review()["allowed"] is True
        running.send(SIGTERM)
        assert running.code() == 0


def test_a_server_listens_on_ipv6(served: Volume, authority: trustme.CA) -> None:
    words = command(served)
    words[words.index("--listen") + 1] = "[::1]:0"
    with Server(authority, words) as running:
        assert running.logged("listening")[0]["reviews"] == [f"[::1]:{running.review_port}"]
        context = running.context
        with (
            socket.create_connection(("::1", running.review_port), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as secure,
        ):
            assert secure.version() == "TLSv1.3"


def _exits(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    logged = json.loads(done.stderr)
    assert (logged["level"], logged["message"]) == ("error", "cannot start")
    return str(logged["reason"])


def test_without_a_certificate_it_does_not_start(volume: Volume) -> None:
    volume.write()

    assert "tls.crt cannot be read: No such file or directory" in _exits(command(volume))


def test_with_a_key_of_another_certificate_it_does_not_start(
    volume: Volume, authority: trustme.CA
) -> None:
    volume.write(tls_crt=chain(authority.issue_cert(HOST)), tls_key=key(authority.issue_cert(HOST)))

    assert "is not that of the first certificate" in _exits(command(volume))


def test_with_settings_that_are_wrong_it_does_not_start(served: Volume, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("onConflict: perhaps\n")

    assert "onConflict" in _exits(command(served, "--settings", str(file)))


def test_with_a_client_authority_that_is_none_it_does_not_start(
    served: Volume, tmp_path: Path
) -> None:
    assert "is not a file" in _exits(command(served, "--client-ca", str(tmp_path)))


def test_on_an_address_that_is_taken_it_does_not_start(served: Volume) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        address = f"{LOOPBACK}:{taken.getsockname()[1]}"
        for option in ("--listen", "--metrics-listen"):
            words = command(served, option, address)
            assert f"cannot listen on {address} (" in (logged := _exits(words))
            assert f"choose another {option}" in logged


def test_a_server_follows_changed_settings_and_certificates(
    served: Volume, authority: trustme.CA, tmp_path: Path
) -> None:
    """A bad pair changes nothing, a good one of another key type does; so do settings."""
    file = tmp_path / "settings.yaml"
    file.write_text("replicas: {policy: deny}\n")
    with Server(authority, command(served, "--settings", str(file))) as running:
        before = running.serial()
        served.write(tls_crt=chain(authority.issue_cert(HOST)), tls_key=b"")
        file.write_text("replicas: {policy: perhaps}\n")
        wait_for("bad pair", lambda: running.sample('file_refused{file="certificate"}') == 1)
        wait_for("bad settings", lambda: running.sample('file_refused{file="settings"}') == 1)
        assert running.serial() == before
        assert running.review()["allowed"] is True
        logged = running.logged("file reload failed")
        assert {line["file"] for line in logged} == {"certificate", "settings"}

        new = authority.issue_cert(HOST, key_type=RSA)
        served.write_pair(new)
        file.write_text("replicas: {policy: 'off'}\n")
        wait_for("new certificate", lambda: running.serial() == serial_of(new, authority))
        wait_for("new settings", lambda: running.sample('file_refused{file="settings"}') == 0)


def test_only_known_clients_are_answered(
    served: Volume, authority: trustme.CA, tmp_path: Path
) -> None:
    before, after = trustme.CA(), trustme.CA()
    file = tmp_path / "ca.crt"
    before.cert_pem.write_to_path(str(file))
    known, unknown = (client(authority, ca.issue_cert("api-server")) for ca in (before, after))
    with Server(authority, command(served, "--client-ca", str(file))) as running:
        assert running.review(context=known)["allowed"] is True
        for context in (unknown, client(authority)):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                running.review(context=context)

        after.cert_pem.write_to_path(str(file))
        wait_for("new authority", lambda: running.review(context=unknown)["allowed"])
        with pytest.raises((ssl.SSLError, ConnectionError)):
            running.review(context=known)


def test_ctrl_c_ends_it_as_well(served: Volume, authority: trustme.CA) -> None:
    with Server(authority, command(served)) as running:
        running.send(SIGINT)
        assert running.code() == 0


def test_a_server_stops_on_a_signal(served: Volume, authority: trustme.CA) -> None:
    """Readiness fails at once, answers close their connections, then nobody is let in."""
    with Server(authority, command(served, drain=4)) as running:
        with running.connected() as kept, running.connected() as idle:
            assert post(kept).read()
            assert post(idle).read()
            running.send(SIGTERM)
            wait_for("readiness to fail", lambda: running.probe("/readyz")[0] == 503)
            assert running.probe("/healthz")[0] == 200
            answer = post(kept)
            assert (answer.status, answer.getheader("Connection")) == (200, "close")
            answer.read()
            with running.connected() as late:
                answer = post(late)
                assert (answer.status, answer.getheader("Connection")) == (200, "close")
                answer.read()
            assert running.code() == 0
            assert idle.sock.recv(1) == b""
        assert running.logged("stopped")[0]["finished"] is True
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((LOOPBACK, running.review_port), timeout=30)


def _half_posted(running: Server, connection: http.client.HTTPSConnection) -> bytes:
    """Send a review but for its last byte, and return that."""
    body = posted()
    connection.putrequest("POST", "/mutate?timeout=30s")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:-1])
    wait_for("request in flight", lambda: running.sample("in_flight_requests") == 1)
    return body[-1:]


def _refuses(running: Server) -> bool:
    try:
        socket.create_connection((LOOPBACK, running.review_port), timeout=30).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_review_in_flight_is_answered_after_the_port_is_closed(
    served: Volume, authority: trustme.CA
) -> None:
    with (
        Server(authority, command(served)) as running,
        running.connected() as slow,
    ):
        rest = _half_posted(running, slow)
        running.send(SIGTERM)
        wait_for("port to be closed", lambda: _refuses(running))
        slow.send(rest)
        answer = slow.getresponse()
        assert (answer.status, answer.getheader("Connection")) == (200, "close")
        assert json.loads(answer.read())["response"]["allowed"] is True
        assert running.code() == 0


def test_a_second_signal_ends_it_at_once(served: Volume, authority: trustme.CA) -> None:
    with (
        Server(authority, command(served, drain=300)) as running,
        running.connected() as slow,
    ):
        _half_posted(running, slow)
        running.send(SIGTERM)
        wait_for("draining", lambda: running.logged("draining"))
        running.send(SIGTERM)
        assert running.code() == 1
        assert running.logged("stopped")[0]["finished"] is False


class Caller(threading.Thread):
    """Reviews without pause, as an API server does: it keeps its connection as long as it may.

    Once `forgotten` is set, no new connection is made: the endpoint is gone from the Service.
    """

    def __init__(self, server: Server, forgotten: threading.Event) -> None:
        super().__init__()
        self.answers = 0
        self.closed = 0
        self.failures: list[Exception] = []
        self._server = server
        self._forgotten = forgotten

    def run(self) -> None:
        try:
            while not self._forgotten.is_set():
                with self._server.connected() as connection:
                    self._keep(connection)
        except Exception as error:  # noqa: BLE001 - the test shows it
            self.failures.append(error)

    def _keep(self, connection: http.client.HTTPSConnection) -> None:
        while True:
            answer = post(connection)
            assert answer.status == 200
            answer.read()
            self.answers += 1
            if answer.getheader("Connection") == "close":
                self.closed += 1
                return


def test_no_review_fails_while_it_leaves(served: Volume, authority: trustme.CA) -> None:
    forgotten = threading.Event()
    with Server(authority, command(served, drain=4)) as running:
        callers = [Caller(running, forgotten) for _ in range(4)]
        for caller in callers:
            caller.start()
        wait_for("reviews", lambda: all(caller.answers > 20 for caller in callers))
        running.send(SIGTERM)
        wait_for("readiness to fail", lambda: running.probe("/readyz")[0] == 503)
        wait_for("closed connections", lambda: all(caller.closed > 2 for caller in callers))
        forgotten.set()
        code = running.code()
        for caller in callers:
            caller.join()

    assert [caller.failures for caller in callers] == [[], [], [], []]
    assert code == 0


def test_reviews_of_many_clients_are_all_answered(server: Server) -> None:
    """Each answer belongs to its question."""

    def ask(number: int) -> bool:
        return bool(
            server.review(body=posted(uid=f"uid-{number}", object=POD))["uid"] == f"uid-{number}"
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(64)))
