"""Whoever sends the same manifest again changes nothing, however it is sent."""

import pytest

from tests.builders import IMAGE, bare_pod, container, server
from tests.e2e.namespace import Namespace, Object, assert_hardened
from tests.e2e.product import Product
from tools.cluster.clients import Response


def rolled_once(namespace: Namespace, template: Object) -> bool:
    """The template is still this one, and no other ever was."""
    same = namespace.template() == template
    return same and len(namespace.replica_sets()) == 1


@pytest.fixture
def template(namespace: Namespace) -> Object:
    """The template of a Deployment as it was stored by the first apply."""
    namespace.apply(server())
    namespace.replica_sets()
    return namespace.template()


def test_a_second_apply_says_unchanged(namespace: Namespace, template: Object) -> None:
    again = namespace.apply(server())

    assert (again.stdout, again.stderr) == ("deployment.apps/github-tools unchanged\n", "")
    assert namespace.deployment()["metadata"]["generation"] == 1
    assert rolled_once(namespace, template)


def test_an_explicit_pull_policy_may_be_applied_again_and_again(namespace: Namespace) -> None:
    pod = bare_pod(containers=[container(imagePullPolicy="IfNotPresent")])
    for _ in range(3):
        namespace.apply(pod)

    (found,) = namespace.get("pods/github-tools")["spec"]["containers"]
    assert found["imagePullPolicy"] == "Always"


def test_an_explicit_pull_policy_in_a_template_does_not_roll_it(namespace: Namespace) -> None:
    manifest = server(containers=[container(imagePullPolicy="IfNotPresent")])
    namespace.apply(manifest)
    template = namespace.template()
    for _ in range(2):
        namespace.apply(manifest)

    assert template["spec"]["containers"][0]["imagePullPolicy"] == "Always"
    assert namespace.deployment()["metadata"]["generation"] == 1
    assert rolled_once(namespace, template)


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
    template = namespace.template()
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


@pytest.mark.parametrize("option", ["--server-side=false", "--server-side"])
def test_what_is_filled_in_belongs_to_no_manager(namespace: Namespace, option: str) -> None:
    namespace.apply(server(), option)

    stored = namespace.deployment()
    assert "runAsNonRoot" in str(stored["spec"])
    assert "runAsNonRoot" not in str(stored["metadata"]["managedFields"])


def test_a_manager_who_takes_our_values_over_owns_them(namespace: Namespace) -> None:
    own = server(securityContext={"runAsUser": 1000})
    namespace.apply(server(), "--server-side", "--field-manager=argo")
    taken = namespace.apply(own, "--server-side", "--field-manager=argo")

    assert taken.stderr == ""
    assert len(namespace.replica_sets()) == 1


OVERRIDDEN: list[tuple[Object, Object]] = [
    (
        {"onConflict": "override"},
        server(containers=[container(securityContext={"runAsUser": 0, "privileged": True})]),
    ),
    (
        {"onConflict": "override"},
        server(securityContext={"runAsNonRoot": False, "fsGroup": 0}, hostPID=True),
    ),
    (
        {"mcpServerDefaults": {"perServer": "forbid"}},
        server(containers=[container(resources={"limits": {"memory": "4Gi"}})]),
    ),
    ({}, server(replicas=3)),
]


@pytest.mark.parametrize("changed", OVERRIDDEN, ids=["container", "pod", "resources", "replicas"])
@pytest.mark.parametrize("option", ["--server-side=false", "--server-side"])
def test_what_is_overridden_every_time_does_not_roll(
    product: Product, namespace: Namespace, changed: tuple[Object, Object], option: str
) -> None:
    settings, manifest = changed
    with product.settings(settings):
        assert namespace.apply(manifest, option).stderr.startswith("Warning: ")
        template = namespace.template()
        for _ in range(2):
            namespace.apply(manifest, option)

    assert namespace.deployment()["metadata"]["generation"] == 1
    assert rolled_once(namespace, template)


def test_a_value_that_somebody_sets_and_gives_up_again_is_ours_again(namespace: Namespace) -> None:
    head = {key: server()[key] for key in ("apiVersion", "kind")} | {
        "metadata": {"name": "github-tools"}
    }
    own = {"name": "mcp", "resources": {"requests": {"memory": "1Gi"}}}
    more = {**head, "spec": {"template": {"spec": {"containers": [own]}}}}
    for applied, memory in ((more, "1Gi"), (head, None)):
        namespace.apply(server(), "--server-side", "--field-manager=argo")
        namespace.apply(applied, "--server-side", "--field-manager=tuner", "--force-conflicts")
        assert requested(namespace.template()) == memory
        assert namespace.apply(server(), "--server-side", "--field-manager=argo").stderr == ""
        assert requested(namespace.template()) == memory
    (pod,) = namespace.wait_until_rolled_out()
    assert requested(pod) == "400Mi"


def requested(of: Object) -> str | None:
    (found,) = of["spec"]["containers"]
    memory: str | None = found["resources"].get("requests", {}).get("memory")
    return memory


def test_the_image_of_a_bare_pod_may_change(namespace: Namespace) -> None:
    namespace.apply(bare_pod())
    said = namespace.apply(bare_pod(containers=[container(image="registry.example/mcp:2")]))

    pod = namespace.get("pods/github-tools")
    assert_hardened(pod)
    assert said.stderr == ""
    assert pod["spec"]["containers"][0]["image"] == "registry.example/mcp:2"


def test_replacing_with_the_original_manifest_does_not_roll(
    namespace: Namespace, template: Object
) -> None:
    for _ in range(2):
        said = namespace.kubectl("replace", "-f", "-", sent=server(), as_user=namespace.tenant)
        assert said.stderr == ""

    assert rolled_once(namespace, template)


def test_a_put_of_what_was_read_does_not_roll(namespace: Namespace, template: Object) -> None:
    for replicas in (0, 1):
        answer = put(namespace, replicas=replicas)
        assert (answer.status, answer.warnings) == (200, [])

    assert rolled_once(namespace, template)


def test_a_put_with_another_image_rolls_once_and_keeps_the_rest(
    namespace: Namespace, template: Object
) -> None:
    answer = put(namespace, image="registry.example/mcp:2")

    assert (answer.status, answer.warnings) == (200, [])
    template["spec"]["containers"][0]["image"] = "registry.example/mcp:2"
    assert namespace.template() == template
    assert len(namespace.replica_sets()) == 2


def put(namespace: Namespace, *, replicas: int = 1, image: str = IMAGE) -> Response:
    """Read, change and write, and again where a controller wrote in between, as clients do."""

    def written() -> Response | None:
        live = namespace.deployment()
        live["spec"]["replicas"] = replicas
        live["spec"]["template"]["spec"]["containers"][0]["image"] = image
        answer = namespace.raw("PUT", "deployments/github-tools", live, as_user=namespace.tenant)
        return None if answer.status == 409 else answer

    answer = namespace.cluster.wait_for("update without a conflict", written)
    assert answer is not None
    return answer


def test_an_edit_in_an_editor_rolls_once(namespace: Namespace, template: Object) -> None:
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
