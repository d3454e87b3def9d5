"""A server's author writes Services as before: what is made is called otherwise."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.fixtures import helm_or_skip
from tests.e2e.controller.control import Control
from tests.e2e.controller.weather import (
    NAME,
    OURS,
    is_made,
    is_theirs,
    looked_at,
    service,
    told,
    weather,
)
from tests.e2e.namespace import Namespace, Object
from tools.chart.helm import Helm

FORCED = ("--server-side", "--force-conflicts")


def documents(*found: Object) -> str:
    return yaml.dump_all(found)


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "NodePort"},
        {"clusterIP": "None"},
        {"type": "LoadBalancer"},
        {"ports": [{"port": 3000}]},
        {"ports": [{"name": "mcp", "port": 80, "targetPort": 3000}]},
        {"type": "ExternalName", "externalName": "elsewhere.example", "selector": None},
    ],
    ids=["node-port", "headless", "load-balancer", "without-a-name", "port-80", "external-name"],
)
@pytest.mark.parametrize("options", [(), FORCED], ids=["client-side", "server-side"])
def test_one_file_with_a_service_of_the_same_name_is_applied_again_and_again(
    control: Control, namespace: Namespace, spec: dict[str, Any], options: tuple[str, ...]
) -> None:
    file = documents(weather(), service(**spec))
    namespace.apply(file, *options)
    is_made(namespace)
    before = namespace.get(f"services/{NAME}")
    for _ in range(2):
        said = namespace.apply(file, *options).stdout
        looked_at(control, namespace)

    after = namespace.get(f"services/{NAME}")
    assert after["spec"] == before["spec"]
    assert "labels" not in after["metadata"]
    assert options or f"service/{NAME} unchanged" in said
    assert told(namespace) == {}


def test_kubectl_expose_may_take_the_name_of_a_server(
    control: Control, namespace: Namespace
) -> None:
    namespace.apply(weather())
    is_made(namespace)
    namespace.kubectl("expose", "deployment", NAME, as_user=namespace.tenant)

    looked_at(control, namespace)
    (port,) = namespace.get(f"services/{NAME}")["spec"]["ports"]
    assert port["port"] == 3000
    assert told(namespace) == {}


def charted(folder: Path, *found: Object) -> Path:
    chart = folder / "chart"
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: weather\nversion: 0.1.0\n")
    (chart / "templates" / "all.yaml").write_text(documents(*found))
    return chart


@pytest.fixture(params=["3", "4"])
def helm(tmp_path: Path, request: pytest.FixtureRequest) -> Helm:
    return Helm(helm_or_skip(request.param, request.config), tmp_path)


def install(helm: Helm, namespace: Namespace, chart: Path, *options: str) -> str:
    kubeconfig = ("--kubeconfig", namespace.tenant.kubeconfig)
    where = ("--namespace", namespace.name)
    return helm.run("upgrade", "--install", "weather", chart, *where, *kubeconfig, *options)


@pytest.mark.parametrize("name", [NAME, OURS])
def test_a_release_may_have_a_service_of_either_name(
    control: Control, namespace: Namespace, helm: Helm, tmp_path: Path, name: str
) -> None:
    chart = charted(tmp_path, weather(), service(name, {"app": NAME}))
    for _ in range(2):
        install(helm, namespace, chart)
        looked_at(control, namespace)

    found = namespace.get(f"services/{name}")
    assert found["spec"]["selector"] == {"app": NAME}
    assert found["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "Helm"}
    # The one of the second name leads to the server as ours would.
    assert told(namespace) == {}


def test_a_release_that_takes_our_service_over_has_it(
    control: Control, namespace: Namespace, helm: Helm, tmp_path: Path
) -> None:
    namespace.apply(weather())
    is_made(namespace)
    chart = charted(tmp_path, service(OURS, {"app": "other"}))
    forced = ("--take-ownership", *(("--force-conflicts",) if "helm4" in str(helm.binary) else ()))
    install(helm, namespace, chart, *forced)

    theirs = is_theirs(namespace, OURS)
    assert theirs["spec"]["selector"] == {"app": "other"}
    assert 3000 in [port["port"] for port in theirs["spec"]["ports"]]
    namespace.cluster.wait_for("Event", lambda: set(told(namespace)) == {"NameTaken"})
    install(helm, namespace, chart)
    looked_at(control, namespace)
    assert namespace.get(f"services/{OURS}")["spec"] == theirs["spec"]


@pytest.mark.parametrize("length", [41, 63])
def test_a_service_of_a_long_name_is_left_to_the_servers_author(
    control: Control, namespace: Namespace, length: int
) -> None:
    name = "w" * length
    file = documents(weather(name), service(name))
    for _ in range(2):
        namespace.apply(file)
        namespace.cluster.wait_for("Service", lambda: len(namespace.get("services")["items"]) == 2)
    (ours,) = {each["metadata"]["name"] for each in namespace.get("services")["items"]} - {name}
    assert ours.startswith("w" * 31 + "-")
    assert ours.endswith("-mcp")
    assert told(namespace) == {}


@pytest.mark.parametrize("options", [(), FORCED], ids=["client-side", "server-side"])
@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_a_name_that_belongs_to_another_server_s_author_stays_theirs(
    control: Control, namespace: Namespace, first: str, options: tuple[str, ...]
) -> None:
    """Our Service for `a` would be called as the author of Deployment `a-mcp` calls theirs."""
    of_other = documents(weather("a-mcp"), service("a-mcp"))
    if first == "theirs":
        namespace.apply(of_other, *options)
    namespace.apply(weather("a"))
    if first == "ours":
        is_made(namespace, "a-mcp")
        namespace.apply(of_other, *options)
    namespace.cluster.wait_for("Event", lambda: told(namespace))
    namespace.apply(of_other, *options)

    theirs = is_theirs(namespace, "a-mcp")
    assert theirs["spec"]["selector"] == {"app": "a-mcp"}
    assert [port["port"] for port in theirs["spec"]["ports"]] == [3000]
    is_made(namespace, "a-mcp-mcp")
    (note,) = told(namespace).pop("NameTaken")
    assert note.startswith("Service a-mcp belongs to somebody else and stays as it is: ")
    namespace.kubectl("delete", "deployment", "a", "--wait=true")
    assert namespace.get("services/a-mcp")["metadata"]["uid"] == theirs["metadata"]["uid"]
