"""A live Deployment becomes an MCP server by its label, and stops being one by "false"."""

from tests.builders import INJECTED, NAME, NOT_LABELLED, SERVER, server
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tools.cluster.clients import Output

CONFIGURED = {"mcp-admission.dev/env-from": "shared", "mcp-admission.dev/files-from": "keys"}


def label(namespace: Namespace, value: str, *options: str, check: bool = True) -> Output:
    """`kubectl label` by the tenant: `=true`, `=false`, or `-` to drop it."""
    arguments = ("label", "deployment/github-tools", f"{SERVER}{value}", *options)
    return namespace.kubectl(*arguments, as_user=namespace.tenant, check=check)


def test_labelling_a_live_deployment_hardens_it_and_says_that_it_rolls(
    namespace: Namespace,
) -> None:
    namespace.apply(server(labels=NOT_LABELLED))
    (before,) = namespace.wait_until_rolled_out()
    assert before["spec"]["containers"][0].get("securityContext") is None

    said = label(namespace, "=true")

    (after,) = namespace.wait_until_rolled_out()
    rolls, called_by = said.stderr.splitlines()
    assert rolls == (
        "Warning: metadata.labels[mcp-admission.dev/server] is new: the hardened template rolls "
        "the pods (identity)"
    )
    assert called_by.startswith("Warning: callers from now on: ")
    assert after["spec"]["containers"][0]["securityContext"]["runAsNonRoot"] is True
    assert after["metadata"]["labels"].items() >= {(SERVER, "true"), (NAME, "github-tools")}
    assert len(namespace.replica_sets()) == 2


def test_applying_the_label_to_a_live_deployment_does_the_same_as_labelling_it(
    namespace: Namespace,
) -> None:
    namespace.apply(server(labels=NOT_LABELLED))
    namespace.wait_until_rolled_out()

    said = namespace.apply(server())

    assert "the hardened template rolls the pods (identity)" in said.stderr
    assert namespace.apply(server()).stdout == "deployment.apps/github-tools unchanged\n"
    assert len(namespace.replica_sets()) == 2


def test_a_dropped_label_is_put_back_with_a_warning_that_names_the_way_out(
    namespace: Namespace,
) -> None:
    namespace.apply(server())

    for said in (label(namespace, "-"), namespace.apply(server(labels=NOT_LABELLED))):
        assert said.stderr == (
            "Warning: metadata.labels[mcp-admission.dev/server] put back: to opt out, set it to "
            '"false" (identity)\n'
        )
        assert namespace.deployment()["metadata"]["labels"][SERVER] == "true"
    assert len(namespace.replica_sets()) == 1


def test_opting_out_takes_along_all_that_was_filled_in(namespace: Namespace) -> None:
    plain = server(labels=NOT_LABELLED)
    namespace.apply(plain)
    namespace.wait_until_rolled_out()
    never_opted_in = namespace.deployment()["spec"]["template"]
    namespace.apply(server(annotations=CONFIGURED))
    (hardened,) = namespace.wait_until_rolled_out()
    assert hardened["spec"]["containers"][0]["envFrom"]
    assert INJECTED in hardened["metadata"]["annotations"]

    said = label(namespace, "=false", "--overwrite")

    (after,) = namespace.wait_until_rolled_out()
    assert said.stderr == (
        "Warning: metadata.labels[mcp-admission.dev/server] opts out: injected fields are removed, "
        "and the pods roll (identity)\n"
    )
    assert namespace.deployment()["spec"]["template"] == never_opted_in
    assert len(namespace.replica_sets()) == 2
    assert "schedulingGates" not in after["spec"]
    assert SERVER not in after["metadata"]["labels"]


def test_after_opting_out_everything_is_allowed_again(namespace: Namespace) -> None:
    namespace.apply(server())
    out = {**server(labels={SERVER: "false"})}
    assert "opts out" in namespace.apply(out).stderr

    again = namespace.apply(out)
    answer = namespace.raw(
        "PATCH",
        "deployments/github-tools",
        {"spec": {"template": {"spec": {"hostNetwork": True}}}},
        MERGE_PATCH,
        as_user=namespace.tenant,
    )

    assert (again.stdout, again.stderr) == ("deployment.apps/github-tools unchanged\n", "")
    assert (answer.status, answer.warnings) == (200, [])


def test_a_server_that_opted_out_may_come_back(namespace: Namespace) -> None:
    namespace.apply(server())
    hardened = namespace.template()
    label(namespace, "=false", "--overwrite")

    said = label(namespace, "=true", "--overwrite")

    assert "is new: the hardened template rolls the pods (identity)" in said.stderr
    assert namespace.template() == hardened


def test_no_server_opts_out_of_a_managed_namespace(managed: Namespace) -> None:
    created = managed.apply(server(labels={SERVER: "false"}), check=False)
    managed.apply(server())
    opted_out = label(managed, "=false", "--overwrite", check=False)

    for refused in (created, opted_out):
        assert refused.returncode == 1
        assert "managed namespace: deploy it in another one (identity)" in refused.stderr
    assert managed.deployment()["metadata"]["labels"][SERVER] == "true"


def test_a_server_in_a_managed_namespace_needs_no_label(managed: Namespace) -> None:
    said = managed.apply(server(labels=NOT_LABELLED))

    (pod,) = managed.wait_until_running()
    assert said.stderr == ""
    labels = managed.deployment()["metadata"]["labels"]
    assert labels == {SERVER: "true"}
    assert pod["metadata"]["labels"].items() >= {(SERVER, "true"), (NAME, "github-tools")}
    assert managed.apply(server(labels=NOT_LABELLED)).stderr == ""
