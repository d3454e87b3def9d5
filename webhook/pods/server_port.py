"""Which port of the server container speaks MCP: one choice, for admission and for the Service.

The port named `mcp`, else the only one. Of several it is the one that the annotation
mcp-admission.dev/port names, else the first; without any it is what the annotation names. Only TCP
ports count. A declared port is information: a server may listen on one that it does not declare,
so that the annotation may name any number, but a name has to be declared.
"""

from typing import NamedTuple

from webhook.pods.fields import Fields
from webhook.pods.pod import Container

MCP = "mcp"


class Port(NamedTuple):
    """A port of the server container; `name` is empty where it has none."""

    number: int
    name: str = ""


def choose_port(server: Container, annotation: str | None) -> Port | None:
    """The port that speaks MCP, by its declaration or the annotation.

    None where nothing says which port, or where the annotation decides and names a port that is not
    declared.
    """
    ports = declared_ports(server)
    named = next((port for port in ports if port.name == MCP), None)
    if named is not None:
        return named
    if len(ports) == 1 or (ports and annotation is None):
        return ports[0]
    return None if annotation is None else _by_annotation(ports, annotation)


def declared_ports(server: Container) -> list[Port]:
    """The ports of the container that may speak MCP."""
    return [_port(fields) for fields in server.fields.items("ports") if _usable(fields)]


def is_named_by(port: Port, annotation: str) -> bool:
    """Whether the annotation names this port, by number or by name."""
    return annotation in (str(port.number), port.name)


def _by_annotation(ports: list[Port], annotation: str) -> Port | None:
    found = next((port for port in ports if is_named_by(port, annotation)), None)
    if found is None and _is_number(annotation):
        return Port(int(annotation))
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535


def _usable(fields: Fields) -> bool:
    number = fields.get("containerPort")
    return type(number) is int and fields.get("protocol") in (None, "", "TCP")


def _port(fields: Fields) -> Port:
    name = fields.get("name")
    return Port(fields.get("containerPort"), name if isinstance(name, str) else "")
