"""Which port of the server container speaks MCP: one choice, for admission and for the Service.

The port named `mcp`, else the only one. Of several it is the one that the annotation
mcp-admission.dev/port tells, else the first; without any it is what the annotation tells. Only TCP
ports count. A declared port is information: a server may listen on one that it does not declare,
so that the annotation may tell any number, but a name has to be declared.
"""

from typing import NamedTuple

from webhook.pods.fields import Fields
from webhook.pods.pod import Container

MCP = "mcp"


class Port(NamedTuple):
    """A port of the server container; `name` is empty where it has none."""

    number: int
    name: str = ""


def choose_port(server: Container, told: str | None) -> Port | None:
    """The port that speaks MCP, where `told` is the annotation; None where nothing says which.

    None, too, where the annotation decides and names a port that the container does not declare.
    """
    ports = declared_ports(server)
    named = next((port for port in ports if port.name == MCP), None)
    if named is not None:
        return named
    if len(ports) == 1 or (ports and told is None):
        return ports[0]
    return None if told is None else _told(ports, told)


def declared_ports(server: Container) -> list[Port]:
    """The ports of the container that may speak MCP."""
    return [_port(fields) for fields in server.fields.items("ports") if _usable(fields)]


def told_by(port: Port, told: str) -> bool:
    """Whether the annotation tells this port, by number or by name."""
    return told in (str(port.number), port.name)


def _told(ports: list[Port], told: str) -> Port | None:
    found = next((port for port in ports if told_by(port, told)), None)
    if found is None and _is_number(told):
        return Port(int(told))
    return found


def _is_number(told: str) -> bool:
    return told.isascii() and told.isdigit() and len(told) <= 5 and 1 <= int(told) <= 65535


def _usable(fields: Fields) -> bool:
    number = fields.get("containerPort")
    return type(number) is int and fields.get("protocol") in (None, "", "TCP")


def _port(fields: Fields) -> Port:
    name = fields.get("name")
    return Port(fields.get("containerPort"), name if isinstance(name, str) else "")
