"""The API server's audit log says what became of each server's object, in each mode."""

import pytest

from tests.builders import server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product

NAME = "opted-in.mcp-admission.dev"


def noted(namespace: Namespace) -> dict[str, str]:
    """What the audit log says of the last write of a Deployment by a person."""
    path = namespace.path("deployments")
    *_, last = (
        event["annotations"]
        for event in namespace.cluster.audit_events()
        if event["requestURI"].startswith(path)
        and not event["user"]["username"].startswith("system:")
    )
    return {
        key.removeprefix(f"{NAME}/"): value
        for key, value in last.items()
        if key.startswith(f"{NAME}/")
    }


@pytest.mark.parametrize(
    ("mode", "filled_in", "refused"),
    [
        (
            "enforce",
            {"mutation": "patched", "decision": "allowed"},
            {"decision": "refused", "rules": "host-namespaces"},
        ),
        (
            "observe",
            {"mutation": "would-patch", "decision": "allowed"},
            {
                "mutation": "would-refuse",
                "mutation-rules": "host-namespaces",
                "decision": "would-refuse",
                "rules": "host-namespaces",
            },
        ),
    ],
)
def test_the_audit_log_says_what_became_of_an_object(
    product: Product,
    namespace: Namespace,
    mode: str,
    filled_in: dict[str, str],
    refused: dict[str, str],
) -> None:
    """Of both hooks: what one says does not hide what the other one says."""
    found: list[dict[str, str]] = []
    with product.settings({"mode": mode}):
        for manifest in (server("fine"), server("bad", hostNetwork=True)):
            namespace.raw("POST", "deployments", manifest)
            found.append(noted(namespace))
        (settings,) = {notes.pop("settings") for notes in found}
        assert product.metric("settings_info", digest=settings) == 1

    assert found == [filled_in, refused]


def test_no_annotation_hides_another(namespace: Namespace) -> None:
    """An API server warns of each second value of a key."""
    namespace.apply(server())
    namespace.wait_until_running()
    namespace.apply(server(hostNetwork=True), check=False)
    log = namespace.cluster.components.places.folder / "kube-apiserver.log"
    lines = log.read_text(encoding="utf-8").splitlines()

    assert [each for each in lines if "Failed to set" in each and NAME in each] == []
