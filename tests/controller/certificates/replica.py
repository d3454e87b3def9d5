"""A replica in the test's process: it shows the pair that is stored, soon after it was written."""

import socket
import ssl
from pathlib import Path

from tests.controller.certificates.cluster import Installed
from tools.cluster.atomic_writer import project
from tools.cluster.background import Background
from tools.cluster.ports import LOOPBACK

SECONDS_BETWEEN_LOOKS = 0.1


class Followed(Background):
    """A TLS listener that follows the Secret while it is entered, whatever stands in it."""

    def __init__(self, installed: Installed, folder: Path) -> None:
        super().__init__("replica")
        self._installed = installed
        self._folder = folder
        self._socket = socket.create_server((LOOPBACK, 0))
        self._socket.settimeout(SECONDS_BETWEEN_LOOKS)
        self.port: int = self._socket.getsockname()[1]

    def run(self) -> None:
        with self._socket:
            self._follow()

    def _follow(self) -> None:
        context: ssl.SSLContext | None = None
        while not self.over.is_set():
            answer = self._installed.cluster.raw(
                "GET", self._installed.places.secret("mcp-admission-tls")
            )
            if answer.status == 200:
                changed = project(self._folder, self._installed.secret("mcp-admission-tls"))
                if changed or context is None:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(self._folder / "tls.crt", self._folder / "tls.key")
            self._answer(context)

    def _answer(self, context: ssl.SSLContext | None) -> None:
        try:
            connection, _ = self._socket.accept()
        except TimeoutError:
            return
        connection.settimeout(5)
        if context is None:
            connection.close()
            return
        try:
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(1)
        except OSError:
            # Whoever asked has seen enough.
            connection.close()
