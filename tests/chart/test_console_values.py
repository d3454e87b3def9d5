"""The console of the chart: nothing of it while it is off, and no right where it is on."""

import json
import re

import pytest

from tests.chart.test_rendered import of_process
from tests.chart.value_sets import VALUE_SETS
from tools.chart.helm import Helm, Json

NAME = "mcp-admission-console"
KINDS = ["Deployment", "NetworkPolicy", "Service", "ServiceAccount"]
CONSOLE = VALUE_SETS["console"]
SECRETS = [f"mcp-admission-{each}" for each in ("ca", "tls", "console-ca", "console-tls")]


def name(found: Json) -> str:
    return str(found["metadata"]["name"])


def of_the_console(objects: list[Json]) -> list[Json]:
    return [each for each in objects if each["metadata"]["name"] == NAME]


@pytest.mark.parametrize("name", ["defaults", "namespace-scoped", "openshift", "monitoring"])
def test_a_console_that_is_off_changes_no_byte(helm: Helm, name: str) -> None:
    off = {"console": {**CONSOLE["console"], "enabled": False}}

    assert helm.rendered({**VALUE_SETS[name], **off}) == helm.rendered(VALUE_SETS[name])
    issued = {"console": {"enabled": False, "tls": {"issued": True}}}
    assert helm.rendered({**VALUE_SETS[name], **issued}) == helm.rendered(VALUE_SETS[name])
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


def secret_of(objects: list[Json]) -> str | None:
    """The Secret whose files the console's pod mounts."""
    volumes = of_process(objects, "Deployment", "console")["template"]["spec"]["volumes"]
    names = [each["secret"]["secretName"] for each in volumes if "secret" in each]
    assert len(names) <= 1
    return names[0] if names else None


def arguments(objects: list[Json], process: str) -> list[str]:
    (container,) = of_process(objects, "Deployment", process)["template"]["spec"]["containers"]
    return [str(each) for each in container["args"]]


@pytest.mark.parametrize("mode", ["own", "cert-manager", "bring-your-own"])
@pytest.mark.parametrize("ingress", [False, True])
@pytest.mark.parametrize("issued", [None, False, True])
def test_a_certificate_is_issued_unless_somebody_else_ends_tls(
    helm: Helm, mode: str, ingress: bool, issued: bool | None
) -> None:
    if mode == "bring-your-own" and issued:
        return
    given = {"enabled": True, "hosts": ["a.example"], "tls": {"issued": issued}}
    console = {**given, "ingress": {"enabled": ingress}}
    objects = helm.objects({"certificates": {"mode": mode}, "console": console})

    wanted = mode != "bring-your-own" and (not ingress if issued is None else issued)
    assert secret_of(objects) == ("mcp-admission-console-tls" if wanted else None)
    assert ("--tls-key=/etc/mcp-admission/tls/tls.key" in arguments(objects, "console")) is wanted
    named = [each for each in arguments(objects, "certificates") if "console" in each]
    assert bool(named) is (wanted and mode == "own")
    (service,) = [each for each in of_the_console(objects) if each["kind"] == "Service"]
    assert service["spec"]["ports"][0]["port"] == (443 if wanted else 80)


def test_the_process_of_the_certificates_gets_two_secrets_more_and_no_other_right(
    helm: Helm,
) -> None:
    objects = helm.objects(VALUE_SETS["console with a certificate of its own"])
    before = {(each["kind"], name(each)): each for each in helm.objects()}
    changed = {
        key: each
        for each in objects
        if (key := (each["kind"], name(each))) in before and each != before[key]
    }

    assert changed.keys() == {
        ("Deployment", "mcp-admission-certificates"),
        ("Role", "mcp-admission-certificates"),
        ("ValidatingAdmissionPolicy", "mcp-admission-certificates"),
        ("Role", "mcp-admission-uninstall"),
    }
    for key, each in changed.items():
        assert everything_but_secrets(each) == everything_but_secrets(before[key])
    assert [each for each in arguments(objects, "certificates") if "console" in each] == [
        "--console-name=localhost",
        f"--console-name={NAME}.mcp-admission-system.svc",
        "--console-name=console.example",
    ]


def everything_but_secrets(found: Json) -> str:
    """An object without the names of the console, and of its Secrets."""
    text = json.dumps(found)
    for quoted in ('"{}"', "'{}'"):
        for each in SECRETS[2:]:
            text = text.replace(f", {quoted.format(each)}", "")
    text = re.sub(r', "--console-name=[^"]*"', "", text)
    return text.replace(" and mcp-admission-console-ca and mcp-admission-console-tls", "")


def test_cert_manager_issues_for_the_names_of_the_console_alone(helm: Helm) -> None:
    objects = helm.objects(VALUE_SETS["console with cert-manager"])
    (made,) = [each for each in of_the_console(objects) if each["kind"] == "Certificate"]
    (serving,) = [each for each in objects if name(each) == "mcp-admission-serving"]

    spec = made["spec"]
    assert spec["dnsNames"] == ["localhost", f"{NAME}.mcp-admission-system.svc", "console.example"]
    assert spec["ipAddresses"] == ["192.0.2.1"]
    assert (spec["secretName"], spec["usages"]) == ("mcp-admission-console-tls", ["server auth"])
    assert spec["issuerRef"] == serving["spec"]["issuerRef"]
    assert secret_of(objects) == spec["secretName"]
    (role,) = [
        each
        for each in objects
        if each["kind"] == "Role" and name(each) == "mcp-admission-certificates"
    ]
    assert "console" not in str(role)


@pytest.mark.parametrize(
    ("values", "port"),
    [
        ({}, ("http", 80)),
        ({"tls": {"secretName": "a"}}, ("https", 443)),
        ({"tls": {"issued": True}}, ("https", 443)),
    ],
    ids=["without TLS", "with TLS", "with a certificate that is issued"],
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
