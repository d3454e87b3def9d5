"""Names, sizes and selectors at the edge of what Kubernetes takes."""

import base64
import hashlib

from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import CONFIG, made, secret, server
from tests.e2e.namespace import Namespace

MIB = 1024 * 1024


def test_a_name_of_253_characters_has_objects_of_legal_names(
    control: Control, namespace: Namespace
) -> None:
    name = ".".join(["long-name"] * 25) + "-ab"
    assert len(name) == 252
    namespace.apply(secret("crm", CONFIG))
    for each in (f"{name}1", f"{name}2"):
        found = server("short")
        found["metadata"]["name"] = each
        found["spec"]["replicas"] = 0
        found["spec"]["selector"]["matchLabels"]["app"] = each[-3:]
        found["spec"]["template"]["metadata"]["labels"]["app"] = each[-3:]
        namespace.create(found)

    namespace.cluster.wait_for("all Secrets", lambda: len(made(namespace, "secrets")) == 4)
    namespace.cluster.wait_for("both Services", lambda: len(made(namespace, "services")) == 2)
    owners = {
        each["metadata"]["ownerReferences"][0]["name"]
        for each in made(namespace, "services").values()
    }
    assert owners == {f"{name}1", f"{name}2"}


def test_a_secret_of_a_mebibyte_arrives_byte_by_byte(
    control: Control, namespace: Namespace
) -> None:
    content = hashlib.shake_256(b"any").digest(MIB - 1000)
    namespace.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "crm"},
            "data": {"client.pem": base64.b64encode(content).decode()},
        }
    )
    found = server()
    found["spec"]["replicas"] = 0
    namespace.create(found)
    namespace.cluster.wait_for("both Secrets", lambda: len(made(namespace, "secrets")) == 2)

    files = made(namespace, "secrets")["github-tools-mcp-files"]
    assert base64.b64decode(files["data"]["client.pem"]) == content


def test_selectors_that_overlap_mix_no_servers(control: Control, namespace: Namespace) -> None:
    """Both Deployments select `app: same`; their Services do not."""
    namespace.apply(secret("crm", CONFIG))
    for name in ("one", "other"):
        found = server(name)
        found["spec"]["replicas"] = 0
        for labels in (
            found["spec"]["selector"]["matchLabels"],
            found["spec"]["template"]["metadata"]["labels"],
        ):
            labels["app"] = "same"
        namespace.create(found)

    namespace.cluster.wait_for("both Services", lambda: len(made(namespace, "services")) == 2)
    for name, service in made(namespace, "services").items():
        assert service["spec"]["selector"]["mcp-admission.dev/name"] == name.removesuffix("-mcp")
