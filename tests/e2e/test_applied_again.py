"""Whoever sends the same manifest again changes nothing, however it is sent."""

import pytest

from tests.e2e.manifests import bare_pod, container, server
from tests.e2e.namespace import Namespace, Object


def rolled_once(namespace: Namespace, template: Object) -> bool:
    """The template is still this one, and no other ever was."""
    same = namespace.deployment()["spec"]["template"] == template
    return same and len(namespace.replica_sets()) == 1


@pytest.fixture
def applied(namespace: Namespace) -> Object:
    """The Deployment as it was stored by the first apply."""
    namespace.apply(server())
    namespace.replica_sets()
    return namespace.deployment()


def test_a_second_apply_says_unchanged(namespace: Namespace, applied: Object) -> None:
    again = namespace.apply(server())

    assert (again.stdout, again.stderr) == ("deployment.apps/github-tools unchanged\n", "")
    assert namespace.deployment()["metadata"]["generation"] == 1
    assert rolled_once(namespace, applied["spec"]["template"])


def test_an_explicit_pull_policy_may_be_applied_again_and_again(namespace: Namespace) -> None:
    pod = bare_pod(containers=[container(imagePullPolicy="IfNotPresent")])
    for _ in range(3):
        namespace.apply(pod)

    (found,) = namespace.get("pods/github-tools")["spec"]["containers"]
    assert found["imagePullPolicy"] == "Always"


def test_an_explicit_pull_policy_in_a_template_does_not_roll_it(namespace: Namespace) -> None:
    manifest = server(containers=[container(imagePullPolicy="IfNotPresent")])
    namespace.apply(manifest)
    stored = namespace.deployment()
    for _ in range(2):
        namespace.apply(manifest)

    assert stored["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == "Always"
    assert namespace.deployment()["metadata"]["generation"] == 1
    assert rolled_once(namespace, stored["spec"]["template"])


@pytest.mark.parametrize("policy", [None, "IfNotPresent"])
def test_two_managers_apply_on_the_server_without_conflict_or_rollout(
    namespace: Namespace, policy: str | None
) -> None:
    own = {} if policy is None else {"imagePullPolicy": policy}
    manifest = server(containers=[container(**own)])
    other = {
        **{key: manifest[key] for key in ("apiVersion", "kind")},
        "metadata": {"name": "github-tools", "annotations": {"example.com/team": "tools"}},
        "spec": {"minReadySeconds": 1},
    }
    one_side = ("--server-side", "--field-manager=argo")
    namespace.apply(manifest, *one_side)
    template = namespace.deployment()["spec"]["template"]
    for _ in range(2):
        namespace.apply(other, "--server-side", "--field-manager=platform")
        assert namespace.apply(manifest, *one_side).stderr == ""

    found = namespace.deployment()
    assert found["spec"]["minReadySeconds"] == 1
    assert found["metadata"]["generation"] == 2
    assert rolled_once(namespace, template)


def test_a_bare_pod_is_applied_again_on_the_server(namespace: Namespace) -> None:
    pod = bare_pod(containers=[container(imagePullPolicy="IfNotPresent")])
    for _ in range(2):
        said = namespace.apply(pod, "--server-side", "--field-manager=argo")
        assert said.stderr == ""

    (found,) = namespace.get("pods/github-tools")["spec"]["containers"]
    assert found["imagePullPolicy"] == "Always"


def test_a_manager_who_takes_our_values_over_owns_them(namespace: Namespace) -> None:
    own = server(securityContext={"runAsUser": 1000})
    namespace.apply(server(), "--server-side", "--field-manager=argo")
    taken = namespace.apply(own, "--server-side", "--field-manager=argo")

    assert taken.stderr == ""
    assert len(namespace.replica_sets()) == 1


def test_replacing_with_the_original_manifest_does_not_roll(
    namespace: Namespace, applied: Object
) -> None:
    for _ in range(2):
        said = namespace.kubectl("replace", "-f", "-", sent=server(), as_user=namespace.tenant)
        assert said.stderr == ""

    assert rolled_once(namespace, applied["spec"]["template"])


def test_a_put_of_what_was_read_does_not_roll(namespace: Namespace, applied: Object) -> None:
    for replicas in (0, 1):
        live = namespace.deployment()
        live["spec"]["replicas"] = replicas
        put = namespace.raw("PUT", "deployments/github-tools", live, as_user=namespace.tenant)
        assert (put.status, put.warnings) == (200, [])

    assert rolled_once(namespace, applied["spec"]["template"])


def test_a_put_with_another_image_rolls_once_and_keeps_the_rest(
    namespace: Namespace, applied: Object
) -> None:
    live = namespace.deployment()
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/mcp:2"
    put = namespace.raw("PUT", "deployments/github-tools", live, as_user=namespace.tenant)

    assert (put.status, put.warnings) == (200, [])
    expected = applied["spec"]["template"]
    expected["spec"]["containers"][0]["image"] = "registry.example/mcp:2"
    assert namespace.deployment()["spec"]["template"] == expected
    assert len(namespace.replica_sets()) == 2


def test_an_edit_in_an_editor_rolls_once(namespace: Namespace, applied: Object) -> None:
    editor = {"KUBE_EDITOR": "sed -i s,mcp:1,mcp:2,"}
    edited = namespace.cluster.kubectl(
        "edit",
        "deployment/github-tools",
        f"--namespace={namespace.name}",
        as_user=namespace.tenant,
        environment=editor,
    )

    assert (edited.stdout, edited.stderr) == ("deployment.apps/github-tools edited\n", "")
    assert namespace.deployment()["metadata"]["generation"] == 2
    assert len(namespace.replica_sets()) == 2
