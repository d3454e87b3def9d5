"""The console of the chart: nothing of it while it is off, and no right where it is on."""

import json

import pytest

from tests.chart.test_rendered import of_process
from tests.chart.value_sets import VALUE_SETS
from tools.chart.helm import Helm, Json

NAME = "mcp-admission-console"
KINDS = ["Deployment", "NetworkPolicy", "Service", "ServiceAccount"]
CONSOLE = VALUE_SETS["console"]


def of_the_console(objects: list[Json]) -> list[Json]:
    return [each for each in objects if each["metadata"]["name"] == NAME]


@pytest.mark.parametrize("name", ["defaults", "namespace-scoped", "openshift", "monitoring"])
def test_a_console_that_is_off_changes_no_byte(helm: Helm, name: str) -> None:
    off = {"console": {**CONSOLE["console"], "enabled": False}}

    assert helm.rendered({**VALUE_SETS[name], **off}) == helm.rendered(VALUE_SETS[name])
    assert of_the_console(helm.objects(VALUE_SETS[name])) == []


def test_a_console_is_beside_everything_else_and_named_nowhere_there(helm: Helm) -> None:
    objects = helm.objects(CONSOLE)
    own = of_the_console(objects)
    others = [each for each in objects if each not in own]

    assert sorted(each["kind"] for each in own) == sorted([*KINDS, "Ingress"])
    assert others == helm.objects()
    assert NAME not in json.dumps(others)


def test_a_console_has_no_token_and_one_key_that_is_its_own(helm: Helm) -> None:
    objects = helm.objects(CONSOLE)
    deployment = of_process(objects, "Deployment", "console")
    pod = deployment["template"]["spec"]
    (account,) = [each for each in of_the_console(objects) if each["kind"] == "ServiceAccount"]

    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert pod["automountServiceAccountToken"] is account["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == NAME
    assert "priorityClassName" not in pod
    sources = {each["name"]: each for each in pod["volumes"]}
    assert sources.keys() == {"api-server", "tls"}
    assert sources["api-server"]["configMap"]["name"] == "kube-root-ca.crt"
    assert sources["tls"]["secret"]["secretName"] == "console-tls"
    (container,) = pod["containers"]
    assert container["resources"].keys() == {"requests", "limits"}
    assert {"--host=console.example", "--host=fleet.example"} <= {*container["args"]}
    assert "--token-header=Authorization" in container["args"]


def test_a_console_calls_dns_and_the_api_server_alone(helm: Helm) -> None:
    policy = of_process(helm.objects(CONSOLE), "NetworkPolicy", "console")

    assert [each["port"] for rule in policy["ingress"] for each in rule["ports"]] == [8443, 8080]
    (egress,) = policy["egress"]
    assert {each["port"] for each in egress["ports"]} == {53, 5353, 443, 6443}


@pytest.mark.parametrize(
    ("values", "port"),
    [({}, ("http", 80)), ({"tls": {"secretName": "a"}}, ("https", 443))],
    ids=["without TLS", "with TLS"],
)
def test_the_ingress_leads_to_the_service(helm: Helm, values: Json, port: tuple[str, int]) -> None:
    ingress = {"enabled": True, "annotations": {"a.example/b": "c"}}
    console = {"enabled": True, "hosts": ["console.example"], "ingress": ingress, **values}
    objects = {each["kind"]: each for each in of_the_console(helm.objects({"console": console}))}

    (served,) = objects["Service"]["spec"]["ports"]
    assert (served["name"], served["port"]) == port
    assert objects["Ingress"]["metadata"]["annotations"] == {"a.example/b": "c"}
    spec = objects["Ingress"]["spec"]
    assert spec["tls"] == [{"hosts": ["console.example"]}]
    (rule,) = spec["rules"]
    assert rule["host"] == "console.example"
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": NAME, "port": {"number": port[1]}}
