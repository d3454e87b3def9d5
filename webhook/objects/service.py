"""The Service of a server: inside the cluster it is reached at `<id>-mcp.<namespace>` on port 80.

Made      for every Deployment that is a server
Port      80, to the port that speaks MCP: the one named `mcp`, else the only one, else the one that
          mcp-admission.dev/port names, else the first
Selector  the two labels of its pods; none until an adopted Deployment has rolled, because its old
          pods do not carry them
Refused   a container without a known port, a server container that does not exist

`<id>` is the name that the server's author gives a Service of the Deployment, so that it is not
taken.
"""

from webhook import names
from webhook.objects.deployed_server import Json, Refused, Server, about_annotation
from webhook.pods import server_port
from webhook.pods.pod import CONTAINER_LISTS

PORT = 80
PORT_NAME = "mcp"


def build_service(server: Server, *, selecting: bool = True) -> Json:
    """The Service; the caller knows whether the pods carry the labels, and says so by `selecting`.

    Raises Refused where nothing says which port speaks MCP.
    """
    spec: Json = {
        "type": "ClusterIP",
        "ports": [
            {"name": PORT_NAME, "port": PORT, "protocol": "TCP", "targetPort": _target(server)}
        ],
    }
    if selecting:
        spec["selector"] = server.selector
    metadata = server.metadata(names.service_of(server.name))
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def leads_to(server: Server, found: Json) -> bool:
    """Whether a Service of another owner leads to the port of this server that speaks MCP.

    One that selects by our label alone leads to every server of the namespace, and does not count.
    Raises Refused where nothing says which port that is.
    """
    spec = found.get("spec") or {}
    selector = spec.get("selector") or {}
    if not selector.keys() - {names.SERVER} or spec.get("externalName"):
        return False
    port = _chosen(server)
    selected = all(server.pod.labels.get(key) == value for key, value in selector.items())
    return selected and any(_targets(each, port) for each in spec.get("ports") or [])


def _targets(found: Json, port: server_port.Port) -> bool:
    target = found.get("targetPort") or found.get("port")
    return found.get("protocol") in (None, "TCP") and target in (port.number, port.name or None)


def _target(server: Server) -> int | str:
    """The port by name where that is unambiguous, so that old and new pods may differ in it."""
    port = _chosen(server)
    return port.name if port.name and _declared(server, port.name) == 1 else port.number


def _chosen(server: Server) -> server_port.Port:
    container = server.pod.server
    if container is None:
        raise Refused(
            "ContainerMissing", about_annotation(names.CONTAINER, "names no container of the pod")
        )
    annotation = server.annotation(names.PORT)
    port = server_port.choose_port(container, annotation)
    if port is not None:
        return port
    if annotation is not None:
        sentence = "names no port of the server container: write a number from 1 to 65535"
        raise Refused("PortUnknown", about_annotation(names.PORT, sentence))
    sentence = f"declares no TCP port: name one mcp, or set the annotation {names.PORT}"
    raise Refused("PortUnknown", f"{container.fields.place}.ports {sentence}")


def _declared(server: Server, port: str) -> int:
    """How many ports of the pod have the name: Kubernetes takes the first it finds."""
    lists = [server.pod.spec.items(key) for key in CONTAINER_LISTS]
    return sum(
        declared.get("name") == port
        for containers in lists
        for container in containers
        for declared in container.items("ports")
    )
