"""Runs a Python program of the image as in a pod, whose network this machine does not have.

    python -m tools.cluster.kubelet.in_pod FACTS (-m MODULE | -c CODE) [ARGUMENT...]

FACTS is a JSON file: where the ServiceAccount's files are, and where Services are written down.
Addresses of pods lead to this machine, and so do the names and ports of Services.
"""

import asyncio
import ipaddress
import json
import os
import runpy
import socket
import sys
from pathlib import Path
from typing import Any

PODS = ipaddress.ip_network("10.244.0.0/16")
LOOPBACK = "127.0.0.1"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def main() -> None:
    """Run it as `python -m` or `python -c` would."""
    _, facts, how, program, *arguments = sys.argv
    known = json.loads(Path(facts).read_text(encoding="utf-8"))
    _join_network(Path(known["services"]))
    if known["account"]:
        _give_credentials(known["account"])
    if how == "-m":
        sys.argv = [program, *arguments]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [how, *arguments]
        exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})


def _join_network(services: Path) -> None:
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def dialled(self: socket.socket, address: Any) -> None:
        connect(self, _here(address))

    def resolved(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if isinstance(host, str) and host.endswith(".svc"):
            known = json.loads(services.read_text(encoding="utf-8"))
            host, port = LOOPBACK, known[f"{host}:{port}"]
        return getaddrinfo(host, port, *more, **named)

    opened = asyncio.open_connection

    async def opened_here(host: Any, port: Any, **named: Any) -> Any:
        """Event loops that connect in C do not go through `socket`."""
        return await opened(*_here((host, port)), **named)

    socket.gethostname = lambda: os.environ["HOSTNAME"]
    socket.socket.connect = dialled  # type: ignore[assignment, method-assign]
    socket.getaddrinfo = resolved
    asyncio.open_connection = opened_here  # type: ignore[assignment]


def _here(address: Any) -> Any:
    """A pod's ports are free ones of this machine already: only the address is another."""
    if isinstance(address, tuple):
        host, *rest = address
        try:
            if ipaddress.ip_address(host) in PODS:
                return (LOOPBACK, *rest)
        except ValueError:
            return address
    return address


def _give_credentials(folder: str) -> None:
    """The client reads files at a fixed place, that no other process here may share."""
    from kubernetes.aio.config import incluster_config

    for name in ("SERVICE_TOKEN_FILENAME", "SERVICE_CERT_FILENAME"):
        place = getattr(incluster_config, name)
        setattr(incluster_config, name, place.replace(ACCOUNT, folder))


if __name__ == "__main__":
    main()
