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
