"""What Argo CD and Flux compare: the state in Git, the live state, and a server-side dry run.

Their strategies differ in what they hold against the live state. Server-side ones predict it by an
apply that is a dry run, in which this webhook takes part. Argo CD's older one looks for values of
Git that the live state has not.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import OPTED_IN, container, server
from tests.e2e.namespace import Namespace, Object, assert_hardened
from tests.e2e.product import Product

MANAGERS = ("argocd-controller", "kustomize-controller")
PULLS = server(containers=[container(imagePullPolicy="IfNotPresent")])
IN_GIT = {"minimal": server(), "pull policy": PULLS, "replicas": server(replicas=3)}
# What an apply writes anew.
OF_THE_WRITE = ("generation", "managedFields", "resourceVersion")
# What the Deployment controller writes, at its own time: beside the status.
OF_THE_ROLLOUT = "deployment.kubernetes.io/revision"


def sync(namespace: Namespace, manifest: Object, manager: str = MANAGERS[0]) -> None:
    """Apply what is in Git, as the tool does."""
    options = ("--server-side", "--force-conflicts", f"--field-manager={manager}")
    namespace.apply(manifest, *options)


def predicted(namespace: Namespace, manifest: Object, manager: str = MANAGERS[0]) -> Object:
    """What the same apply would store now."""
    options = ("--server-side", "--force-conflicts", f"--field-manager={manager}")
    answer = namespace.apply(manifest, *options, "--dry-run=server", "--output=json")
    return what_was_applied(answer.json())


def what_was_applied(found: Object) -> Object:
    """The object without what each write and the progress of a rollout change."""
    kept = {key: value for key, value in found["metadata"].items() if key not in OF_THE_WRITE}
    annotations = kept.pop("annotations", {})
    kept["annotations"] = {
        key: value for key, value in annotations.items() if key != OF_THE_ROLLOUT
    }
    return {key: value for key, value in found.items() if key != "status"} | {"metadata": kept}


def live(namespace: Namespace) -> Object:
    return what_was_applied(namespace.deployment())


def not_as_in_git(given: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where the live state has another value than Git; what Git leaves out is nobody's concern."""
    if isinstance(given, dict) and isinstance(found, dict):
        for key, value in given.items():
            yield from not_as_in_git(value, found.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(given, list) and isinstance(found, list) and len(given) == len(found):
        for at, value in enumerate(given):
            yield from not_as_in_git(value, found[at], f"{path}[{at}]")
    elif given != found:
        yield path


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("manifest", IN_GIT.values(), ids=IN_GIT)
def test_a_server_side_diff_finds_nothing_after_a_sync(
    namespace: Namespace, manifest: Object, manager: str
) -> None:
    sync(namespace, manifest, manager)

    assert predicted(namespace, manifest, manager) == live(namespace)


@pytest.mark.parametrize(
    ("manifest", "different"),
    [
        (server(), []),
        (PULLS, ["spec.template.spec.containers[0].imagePullPolicy"]),
        (server(replicas=3), ["spec.replicas"]),
    ],
    ids=IN_GIT,
)
def test_the_older_diff_finds_what_is_overridden_and_nothing_that_is_filled_in(
    namespace: Namespace, manifest: Object, different: list[str]
) -> None:
    namespace.apply(manifest)

    assert list(not_as_in_git(manifest, namespace.deployment())) == different


def test_a_server_from_before_enforce_is_in_sync_until_git_changes(
    product: Product, namespace: Namespace
) -> None:
    with product.settings({"mode": "observe"}):
        sync(namespace, server())
    assert "securityContext" not in live(namespace)["spec"]["template"]["spec"]["containers"][0]

    assert predicted(namespace, server()) == live(namespace)
    sync(namespace, server())
    assert namespace.deployment()["metadata"]["generation"] == 1

    changed = server(containers=[container(image="registry.example/mcp:2")])
    assert "runAsNonRoot" in str(predicted(namespace, changed))


@pytest.mark.parametrize("option", ["--server-side=false", "--server-side"])
def test_nothing_differs_from_git_where_pods_are_filled_in(
    product: Product, namespace: Namespace, option: str
) -> None:
    manifest = server(containers=[container(imagePullPolicy="IfNotPresent")], replicas=1)
    manifest["spec"]["template"]["metadata"]["labels"].update(OPTED_IN)
    with product.settings({"fillIn": "pods"}):
        namespace.apply(manifest, option)
        (pod,) = namespace.wait_until_rolled_out()

    found = namespace.deployment()
    assert list(not_as_in_git(manifest, found)) == []
    assert "runAsNonRoot" not in str(found["spec"])
    assert_hardened(pod)
    assert pod["spec"]["containers"][0]["imagePullPolicy"] == "Always"


def test_what_is_overridden_belongs_to_the_tool_that_set_it(namespace: Namespace) -> None:
    sync(namespace, PULLS)

    (written,) = [
        entry
        for entry in namespace.deployment()["metadata"]["managedFields"]
        if entry["manager"] == MANAGERS[0]
    ]
    assert "f:imagePullPolicy" in str(written)
