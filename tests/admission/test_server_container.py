"""Which container is the server, whoever put another one beside it, on templates and on pods."""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer, Outcome
from tests.in_memory.controllers import pod_of
from tests.in_memory.defaults import TEMPLATES, copied, template_of

Json = dict[str, Any]

SERVER, CONTAINER = "mcp-admission.dev/server", "mcp-admission.dev/container"
ENV_FROM, FILES_FROM = "mcp-admission.dev/env-from", "mcp-admission.dev/files-from"
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
ASKED = {ENV_FROM: "crm", FILES_FROM: "crm-files"}
OWNED = ["StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet", "ReplicationController"]
SECRETS = [{"secretRef": {"name": "crm"}}]
KNOWN = {"name": "istio-proxy", "image": "registry.example/proxy:1"}
UNKNOWN = {"name": "in-house-agent", "image": "registry.example/agent:1"}
MCP_PORT = [{"name": "mcp", "containerPort": 8080}]
WITHOUT_SECRETS = f"containers: no Secret is given to a guess: set {CONTAINER} (server-container)"
GUESSED = f"containers: the first is taken as the server: set {CONTAINER} (server-container)"


def workload(kind: str, *containers: Json, **annotations: str) -> Json:
    """A workload of the kind whose template has the label and these annotations."""
    own = {key.replace("__", "/").replace("_", "-"): value for key, value in annotations.items()}
    metadata = {"labels": {SERVER: "true"}, "annotations": own}
    document: Json = {"metadata": metadata, "spec": {"containers": list(containers) or [main()]}}
    if kind == "Pod":
        return {"kind": kind, **document, "metadata": {"name": "crm", **metadata}}
    for key in reversed(TEMPLATES[kind]):
        document = {key: document}
    return {"kind": kind, **document, "metadata": {"name": "crm", "labels": {SERVER: "true"}}}


def asking(kind: str, *containers: Json, **more: str) -> Json:
    """The same, which asks for Secrets as environment and as files."""
    document = workload(kind, *containers)
    template_of(document)["metadata"]["annotations"] |= {**ASKED, **more}
    return document


def main(**fields: Any) -> Json:
    return {"name": "main", "image": "registry.example/mcp:1", **fields}


def with_first(document: Json, container: Json) -> Json:
    """What an injector makes of it that puts its container first."""
    changed = copied(document)
    template_of(changed)["spec"]["containers"].insert(0, copied(container))
    return changed


def containers(outcome: Outcome) -> dict[str, Json]:
    assert outcome.allowed, outcome.message
    return {found["name"]: found for found in template_of(outcome.stored)["spec"]["containers"]}


def given(outcome: Outcome) -> list[str]:
    """The containers that have been given the Secrets, or the memory."""
    found = {}
    for name, container in containers(outcome).items():
        files = [mount["name"] for mount in container.get("volumeMounts", [])]
        found[name] = (
            container.get("envFrom") == SECRETS,
            "mcp-files" in files,
            container["resources"].get("requests") == {"memory": "400Mi"},
        )
    assert {*found.values()} <= {(True,) * 3, (False,) * 3}, found
    return [name for name, each in found.items() if all(each)]


@pytest.mark.parametrize("kind", OWNED)
def test_an_injected_proxy_at_the_first_place_of_a_pod_gets_nothing(kind: str) -> None:
    pod = ApiServer().create(with_first(pod_of(asking(kind)), KNOWN))

    assert given(pod) == ["main"]
    assert pod.warnings == []


@pytest.mark.parametrize("kind", ["Deployment", "Pod", *OWNED])
def test_a_sidecar_in_front_in_the_manifest_itself_gets_nothing(kind: str) -> None:
    document = asking(kind, KNOWN, main())
    outcome = ApiServer().create(document)
    pod = outcome if kind == "Pod" else ApiServer().create(pod_of(outcome.stored))

    assert given(pod) == ["main"]
    assert outcome.warnings == pod.warnings == []


@pytest.mark.parametrize("kind", ["Deployment", "Pod", *OWNED])
def test_no_secret_is_given_to_a_guess(kind: str) -> None:
    outcome = ApiServer().create(asking(kind, UNKNOWN, main()))
    pod = outcome if kind == "Pod" else ApiServer().create(pod_of(outcome.stored))

    assert outcome.warnings == [WITHOUT_SECRETS]
    assert [each.get("envFrom") for each in containers(pod).values()] == [None, None]
    assert "volumes" not in pod.stored["spec"]
    assert containers(pod)["in-house-agent"]["resources"] == {"requests": {"memory": "400Mi"}}


@pytest.mark.parametrize("kind", ["Deployment", "Pod", *OWNED])
def test_a_guess_is_said_where_no_secret_is_asked_for(kind: str) -> None:
    assert ApiServer().create(workload(kind, UNKNOWN, main())).warnings == [GUESSED]


@pytest.mark.parametrize("kind", ["Deployment", "Pod", *OWNED])
@pytest.mark.parametrize(
    ("annotations", "server"),
    [
        ({DEFAULT_CONTAINER: "main"}, "main"),
        ({DEFAULT_CONTAINER: "main", CONTAINER: "in-house-agent"}, "in-house-agent"),
        ({CONTAINER: "main"}, "main"),
    ],
)
def test_an_annotation_ends_the_guessing(kind: str, annotations: Json, server: str) -> None:
    outcome = ApiServer().create(asking(kind, UNKNOWN, main(), **annotations))
    pod = outcome if kind == "Pod" else ApiServer().create(pod_of(outcome.stored))

    assert given(pod) == [server]
    assert outcome.warnings == []


@pytest.mark.parametrize("injected", [KNOWN, UNKNOWN, {**UNKNOWN, "ports": MCP_PORT}])
def test_a_pod_has_the_server_of_the_template_it_came_from(injected: Json) -> None:
    deployment = ApiServer().create(asking("Deployment"))
    pod = ApiServer().create(with_first(pod_of(deployment.stored), injected))

    assert given(pod) == ["main"]
    assert pod.warnings == []


@pytest.mark.parametrize("kind", ["Pod", *OWNED])
def test_a_pod_keeps_its_server_when_it_is_reviewed_again(kind: str) -> None:
    """An injector that comes later has the pod reviewed again, with its container in front."""
    document = asking(kind)
    first = ApiServer().create(document if kind == "Pod" else pod_of(document))
    again = ApiServer().create(with_first(first.stored, UNKNOWN))

    assert given(again) == ["main"]
    assert again.warnings == []


def test_a_memory_of_a_container_that_is_gone_counts_for_nothing() -> None:
    """Somebody copied a pod, and called its container by another name."""
    first = copied(ApiServer().create(asking("Pod")).stored)
    first["spec"]["containers"][0]["name"] = "renamed"

    assert given(ApiServer().create(first)) == ["renamed"]


def test_what_is_complete_is_not_annotated_for_it() -> None:
    """The server is remembered beside what was filled in, and not for its own sake."""
    of_its_own = main(resources={"requests": {"memory": "1Gi"}})
    complete = ApiServer().create(workload("Deployment", of_its_own)).stored
    del template_of(complete)["metadata"]["annotations"]

    assert ApiServer().create(complete).patch == []


@pytest.mark.parametrize("kind", ["StatefulSet", "Pod"])
def test_native_sidecars_and_debugging_containers_are_no_servers(kind: str) -> None:
    document = asking(kind)
    spec = template_of(document)["spec"]
    spec["initContainers"] = [{**UNKNOWN, "restartPolicy": "Always", "ports": MCP_PORT}]
    pod = ApiServer().create(document if kind == "Pod" else pod_of(document))

    assert given(pod) == ["main"]


def test_a_guess_is_not_said_about_a_debugging_container() -> None:
    pod = ApiServer().create(workload("Pod", UNKNOWN, main())).stored
    debugging = copied(pod)
    debugging["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "registry.example/d:1"}]

    outcome = ApiServer().update(pod, debugging, "ephemeralcontainers")

    assert outcome.allowed
    assert outcome.warnings == []


def test_a_pod_of_windows_is_chosen_for_alike() -> None:
    document = asking("Pod", KNOWN, main())
    document["spec"]["os"] = {"name": "windows"}

    assert given(ApiServer().create(document)) == ["main"]


def test_a_server_that_becomes_a_guess_loses_its_secrets() -> None:
    """Another container came beside it, or an older version has given them to the first."""
    deployment = asking("Deployment", main(ports=MCP_PORT), UNKNOWN)
    live = ApiServer().create(deployment)
    assert given(ApiServer().create(pod_of(live.stored))) == ["main"]
    new = copied(live.stored)
    del template_of(new)["spec"]["containers"][0]["ports"]

    outcome = ApiServer().update(live.stored, new)

    assert outcome.warnings == [WITHOUT_SECRETS]
    assert "volumes" not in template_of(outcome.stored)["spec"]
    assert [each.get("envFrom") for each in containers(outcome).values()] == [None, None]
