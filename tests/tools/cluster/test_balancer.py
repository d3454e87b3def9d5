"""Where a connection to a Service goes here."""

import socket
import threading

import pytest

from tools.cluster import balancer
from tools.cluster.balancer import Balancer
from tools.cluster.ports import LOOPBACK, free_ports


def said(port: int) -> bytes:
    with socket.create_connection((LOOPBACK, port)) as connection:
        return connection.recv(10)


def test_a_connection_waits_a_moment_for_the_first_replica() -> None:
    with socket.create_server((LOOPBACK, 0)) as replica, Balancer(*free_ports(1)) as service:
        answers: list[bytes] = []
        caller = threading.Thread(target=lambda: answers.append(said(service.port)))
        caller.start()
        service.replicas = [replica.getsockname()[1]]
        accepted, _ = replica.accept()
        with accepted:
            accepted.sendall(b"hello")
        caller.join()

    assert answers == [b"hello"]


def test_a_connection_to_nobody_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balancer, "LOOKS", 2)

    with Balancer(*free_ports(1)) as service:
        assert said(service.port) == b""


def test_a_way_that_is_cut_leads_nowhere_until_it_is_mended() -> None:
    with socket.create_server((LOOPBACK, 0)) as replica, Balancer(*free_ports(1)) as service:
        service.replicas = [replica.getsockname()[1]]
        with socket.create_connection((LOOPBACK, service.port)) as before:
            accepted, _ = replica.accept()
            with accepted, service.cut():
                assert before.recv(10) == b""
                with socket.create_connection((LOOPBACK, service.port)) as during:
                    assert during.recv(10) == b""
        with socket.create_connection((LOOPBACK, service.port)) as after:
            accepted, _ = replica.accept()
            with accepted:
                accepted.sendall(b"hello")
            assert after.recv(10) == b"hello"


def test_a_way_that_hangs_accepts_and_answers_once_it_is_mended() -> None:
    with socket.create_server((LOOPBACK, 0)) as replica, Balancer(*free_ports(1)) as service:
        service.replicas = [replica.getsockname()[1]]
        with socket.create_connection((LOOPBACK, service.port)) as client:
            accepted, _ = replica.accept()
            with accepted:
                with service.hanging():
                    accepted.sendall(b"hello")
                    client.settimeout(0.2)
                    with pytest.raises(TimeoutError):
                        client.recv(10)
                client.settimeout(30)
                assert client.recv(10) == b"hello"
