"""One installation on the control plane, in a namespace of its own, and what can be seen of it."""

import base64
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from certs import rotation
from certs.authority import Certificate, Pair, fingerprint, service_names
from certs.bundle import parse_certificates
from tools.chart.shipped import REGISTRATIONS, shipped
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import LOOPBACK
from webhook.cli.main import main
from webhook.controller.installation import Installation

SERVICE = "hook"


def plan(places: Installation, **given: Any) -> rotation.RotationPlan:
    """The plan for an installation."""
    return rotation.RotationPlan(names=service_names(places.service, places.namespace), **given)


class Installed:
    """What the API server knows of an installation before its controller starts."""

    def __init__(self, cluster: ControlPlane, namespace: str, port: int = 443) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.places = Installation(SERVICE, namespace, namespace)
        cluster.local_service(namespace, SERVICE, port)
        for registration in shipped(*REGISTRATIONS):
            cluster.create(*self._registration(registration, port))

    def _registration(self, found: Any, port: int) -> tuple[str, Any]:
        """The shipped registration, for this namespace and port."""
        here = {
            "key": "kubernetes.io/metadata.name",
            "operator": "In",
            "values": [self.namespace],
        }
        found["metadata"]["name"] = self.places.configuration
        for webhook in found["webhooks"]:
            service = {"namespace": self.namespace, "name": SERVICE, "port": port}
            webhook["clientConfig"]["service"] |= service
            webhook["namespaceSelector"]["matchExpressions"].append(here)
        return f"/apis/{found['apiVersion']}/{found['kind'].lower()}s", found

    def uninstall(self) -> None:
        """Let the API server call nobody in this namespace any more."""
        for path in self.places.configurations().values():
            self.cluster.raw("DELETE", path)

    def secret(self, name: str) -> dict[str, bytes]:
        """What a Secret holds."""
        found = self.cluster.get(self.places.secret(name))["data"]
        return {key: base64.b64decode(value) for key, value in found.items()}

    def store(self, name: str, files: Mapping[str, bytes]) -> None:
        """Let a Secret hold this, as if an earlier controller had written it."""
        data = {key: base64.b64encode(content).decode() for key, content in files.items()}
        path = self.places.secret(name)
        there = self.cluster.raw("GET", path)
        if there.status == 404:
            folder, _, short = path.rpartition("/")
            self.cluster.create(folder, {"metadata": {"name": short}, "data": data})
            return
        answer = self.cluster.raw("PUT", path, {**there.json(), "data": data})
        assert answer.status == 200, answer.body

    def authority(self) -> Pair:
        """The authority that issues."""
        files = self.secret("mcp-admission-ca")
        return Pair.from_pem(files["ca.crt"], files["ca.key"])

    def leaf(self) -> Pair:
        """The pair that is to be served."""
        files = self.secret("mcp-admission-tls")
        return Pair.from_pem(files["tls.crt"], files["tls.key"])

    def bundles(self) -> list[bytes]:
        """Every caBundle."""
        return [
            base64.b64decode(webhook["clientConfig"].get("caBundle", ""))
            for path in self.places.configurations().values()
            for webhook in self.cluster.get(path)["webhooks"]
        ]

    def rotate(self, *options: str) -> None:
        """Ask for a rotation as people do."""
        service = f"{self.places.service}.{self.places.namespace}"
        words = ["certs", "rotate", "--kubeconfig", str(self.cluster.kubeconfig)]
        assert main([*words, "--service", service, *options]) == 0

    def is_published(self) -> bool:
        """Whether the authority is what everybody trusts, and the only one."""
        return set(self.bundles()) == {self.authority().certificate_pem}

    def is_settled(self) -> bool:
        """Whether one authority is stored and trusted everywhere, and has issued the leaf."""
        assert set(self.secret("mcp-admission-ca")) == {"ca.crt", "ca.key"}
        assert self.secret("mcp-admission-tls")["ca.crt"] == self.authority().certificate_pem
        assert self.is_published()
        self.leaf().certificate.verify_directly_issued_by(self.authority().certificate)
        assert self.leaf().certificate.not_valid_after_utc > datetime.now(UTC)
        return True

    def shown(self, port: int) -> Certificate:
        """What a replica shows, as an API server with each of the bundles accepts it."""
        shown = {accepted(port, self.places.host, bundle) for bundle in self.bundles()}
        assert len(shown) == 1
        return parse_certificates(shown.pop(), "shown")[0]


def accepted(port: int, host: str, bundle: bytes) -> bytes:
    """Shake hands as an API server does; raises ssl.SSLError where it would."""
    assert bundle, "nothing is trusted yet"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=bundle.decode())
    with (
        socket.create_connection((LOOPBACK, port), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=host) as tls,
    ):
        der = tls.getpeercert(binary_form=True)
    assert der
    return ssl.DER_cert_to_PEM_cert(der).encode()


def ids(*pairs: Pair) -> list[str]:
    """Fingerprints, which say less than keys when an assertion fails."""
    return [fingerprint(pair.certificate) for pair in pairs]
