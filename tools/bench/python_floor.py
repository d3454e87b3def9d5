"""The least that a Python webhook does: an asyncio protocol on uvloop that allows everything.

It reads HTTP/1.1 by itself, decodes the body with the product's own JSON parser, and answers. There
is no framework, no limit, no log line and no metric: what this costs, no Python server avoids.

python -m tools.bench.python_floor PORT CERTIFICATE KEY
"""

import asyncio
import ssl
import sys
from typing import cast

import uvloop
from pydantic_core import from_json

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
ANSWER = (
    b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",'
    b'"response":{"uid":"%b","allowed":true}}'
)
LENGTH = b"Content-Length: "


class Floor(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._received = bytearray()
        self._whole = 0  # length of the request that is being received, once it is known

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole; the next one comes after the answer."""
        received = self._received
        received += data
        if not self._whole:
            end = received.find(b"\r\n\r\n")
            if end < 0:
                return
            at = received.index(LENGTH) + len(LENGTH)
            self._start = end + 4
            self._whole = self._start + int(received[at : received.index(b"\r", at)])
        if len(received) >= self._whole:
            review = from_json(bytes(received[self._start : self._whole]))
            body = ANSWER % review["request"]["uid"].encode()
            self._transport.write(HEAD % len(body) + body)
            del received[: self._whole]
            self._whole = 0


async def main(port: int, certificate: str, key: str) -> None:
    """Serve until the process is ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    server = await asyncio.get_running_loop().create_server(Floor, "127.0.0.1", port, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
