"""A Secret that rolls a server's pods leaves no difference for a GitOps tool to see."""

import pytest

from tests.e2e.controller.control import Control
from tests.e2e.controller.objects import CONFIG, made, revision, rolled_out, secret, server
from tests.e2e.namespace import Namespace, Object
from tests.e2e.test_gitops_diffs import MANAGERS, live, not_as_in_git, predicted, sync

CAUSE = "kubernetes.io/change-cause"
ELSEWHERE = {**CONFIG, "API_URL": "https://other.example"}


def in_git(cause: str) -> Object:
    """What Git holds, with a change-cause of its author or without one."""
    manifest = server()
    if cause:
        manifest["metadata"]["annotations"] = {**manifest["metadata"]["annotations"], CAUSE: cause}
    return manifest


@pytest.mark.parametrize(("manager", "cause"), [*zip(MANAGERS, ["", "release 1"], strict=True)])
def test_a_changed_secret_makes_no_difference_from_git(
    control: Control, namespace: Namespace, manager: str, cause: str
) -> None:
    manifest = in_git(cause)
    namespace.apply(secret("crm", CONFIG))
    sync(namespace, manifest, manager)
    namespace.cluster.wait_for("both Secrets", lambda: len(made(namespace, "secrets")) == 2)
    rolled_out(namespace)
    first = revision(namespace)

    namespace.apply(secret("crm", ELSEWHERE))
    namespace.cluster.wait_for("another revision", lambda: revision(namespace) != first)
    during = predicted(namespace, manifest, manager)["metadata"]["annotations"]
    rolled_out(namespace)

    def settled() -> bool:
        return bool(live(namespace)["metadata"]["annotations"].get(CAUSE, "") == cause)

    namespace.cluster.wait_for("end of the controller's change-cause", settled)
    assert not cause or during[CAUSE] == cause
    assert predicted(namespace, manifest, manager) == live(namespace)
    assert list(not_as_in_git(manifest, namespace.deployment())) == []

    generation, second = namespace.deployment()["metadata"]["generation"], revision(namespace)
    sync(namespace, manifest, manager)
    assert namespace.deployment()["metadata"]["generation"] == generation
    assert revision(namespace) == second
