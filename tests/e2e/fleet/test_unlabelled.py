"""The command that a search prints makes the workload a server, whatever kind it is."""

import json
import os
import subprocess

import pytest
import yaml

from tests import builders
from tests.e2e.fleet.commands import Fleet, Json
from tests.e2e.namespace import Namespace

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


def unlabelled(kind: str) -> Json:
    """A server of a kind as its author wrote it."""
    labels, image = builders.NOT_LABELLED, "mcp/github"
    if kind == "Pod":
        return builders.bare_pod("tools", labels=labels, container={"image": image})
    if kind == "Deployment":
        return builders.server("tools", labels=labels, container={"image": image}, replicas=0)
    containers = [builders.container(image=image)]
    found = builders.of_kind(kind, "tools", labels=labels, containers=containers)
    # Its pods would end at once, and it with them.
    return {**found, "spec": {**found["spec"], "suspend": True}} if kind == "Job" else found


def search(fleet: Fleet) -> tuple[int, list[Json]]:
    ended = fleet.run("audit", "--unlabelled", "-o", "json")
    assert ended.out, ended.err
    found: list[Json] = json.loads(ended.out)["workloads"]
    return ended.code, found


def execute(command: str, namespace: Namespace) -> None:
    cluster = namespace.cluster
    folder = cluster.binaries["kubectl"].parent
    done = subprocess.run(
        ["bash", "-ec", f"set -o pipefail; {command}"],
        env={
            **os.environ,
            "KUBECONFIG": str(cluster.kubeconfig),
            "PATH": f"{folder}:{os.environ['PATH']}",
        },
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_the_printed_command_makes_it_a_server(kind: str, fleet: Fleet) -> None:
    namespace, manifest = fleet.namespace, unlabelled(kind)
    manifest["metadata"]["namespace"] = namespace.name
    namespace.create(manifest)
    file = fleet.folder / "manifest.yaml"
    file.write_text(yaml.safe_dump(manifest), encoding="utf-8")

    code, found = search(fleet)
    assert (code, [(each["kind"], each["confidence"]) for each in found]) == (
        1,
        [(kind, "certain")],
    )
    execute(found[0]["labelling"]["command"].replace("FILE", str(file)), namespace)

    assert search(fleet) == (0, [])
    _, report = fleet.audit()
    assert report["summary"]["all"] == 1
    # No port is known, and no controller opens the gate: both are told after a while.
    states = {each["state"] for each in report["servers"]}
    assert states <= {"unprotected", "incomplete", "not-running"}
    reasons = {finding["reason"] for each in report["servers"] for finding in each["findings"]}
    assert reasons <= {"policy-missing", "port-unknown", "scheduling-gated"}
