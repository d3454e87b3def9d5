"""What a container of our image is started with."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tools.cluster.kubelet.conftest import surroundings
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.container import Surroundings, command, environment, local_ports
from tools.cluster.kubelet.in_pod import ACCOUNT
from tools.cluster.kubelet.volumes import NotYetError

Json = dict[str, Any]


def test_paths_and_ports_are_of_this_machine_and_all_else_is_kept(around: Surroundings) -> None:
    container: Json = {
        "name": "serve",
        "args": ["serve", "--listen=0.0.0.0:8443", "--tls-key=/etc/tls/tls.key", "--days=8443"],
        "ports": [{"name": "https", "containerPort": 8443}],
        "volumeMounts": [
            {"name": "etc", "mountPath": "/etc"},
            {"name": "tls", "mountPath": "/etc/tls"},
            {"name": "token", "mountPath": ACCOUNT},
        ],
    }
    ports = local_ports(container)

    python, _, module, facts, *rest = command(container, ports, around)

    assert (python, module) == (sys.executable, "tools.cluster.kubelet.in_pod")
    assert rest == [
        "-m",
        "webhook",
        "serve",
        f"--listen=127.0.0.1:{ports[8443]}",
        f"--tls-key={around.folder}/volumes/tls/tls.key",
        "--days=8443",
    ]
    assert json.loads(Path(facts).read_text())["account"] == f"{around.folder}/volumes/token"


def test_the_environment_is_what_the_pod_says(around: Surroundings) -> None:
    namespace = around.pod["metadata"]["namespace"]
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    around.cluster.create(path, {"metadata": {"name": "settings"}, "data": {"LEVEL": "baseline"}})
    container: Json = {
        "env": [
            {"name": "PLAIN", "value": "1"},
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {
                "name": "LEVEL",
                "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "LEVEL"}},
            },
            {
                "name": "ABSENT",
                "valueFrom": {"secretKeyRef": {"name": "none", "key": "x", "optional": True}},
            },
        ]
    }

    found = environment(container, around)

    assert (found["PLAIN"], found["POD"], found["LEVEL"]) == ("1", "one", "baseline")
    assert "ABSENT" not in found
    assert around.cluster.url.endswith(":" + found["KUBERNETES_SERVICE_PORT"])
    del container["env"][3]["valueFrom"]["secretKeyRef"]["optional"]
    with pytest.raises(NotYetError, match=r"secrets .*/none has no x"):
        environment(container, around)


def test_volumes_wait_for_what_they_are_made_of(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    config = {"name": "late", "items": [{"key": "a", "path": "b"}]}
    volumes = [
        {"name": "config", "configMap": config},
        {"name": "maybe", "configMap": {"name": "never", "optional": True}},
        {"name": "scratch", "emptyDir": {}},
    ]
    around = surroundings(control_plane, tmp_path, namespace, volumes=volumes)
    with pytest.raises(NotYetError, match="late does not exist"):
        around.volumes.sync()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    control_plane.create(path, {"metadata": {"name": "late"}, "data": {"a": "1", "c": "2"}})

    around.volumes.sync()

    assert [file.name for file in around.volumes.folder("config").glob("[!.]*")] == ["b"]
    assert (around.volumes.folder("config") / "b").read_text() == "1"
    assert list(around.volumes.folder("maybe").glob("[!.]*")) == []
    assert list(around.volumes.folder("scratch").iterdir()) == []
