"""Values that the chart refuses, before anything is rendered, and what it says of them."""

import pytest

from tools.chart.helm import MANIFESTS, NAMESPACE, RELEASE, Helm, HelmError, Json


def policy(**values: object) -> Json:
    return {"mcpNamespace": {"networkPolicy": values}}


BROUGHT: Json = {"certificates": {"mode": "bring-your-own"}}


def kept_to(*namespaces: str) -> Json:
    return {"scope": {"namespaces": [*namespaces]}, **BROUGHT}


REFUSED: dict[str, tuple[Json, str, str]] = {
    "unknown key": ({"onConflicts": "deny"}, "/onConflicts", "the keys here are authorsPolicy,"),
    "unknown key inside": (
        {"serve": {"replica": 1}},
        "/serve/replica",
        "affinity, clients, logLevel, nodeSelector, replicas,",
    ),
    "replicas of the console": (
        {"console": {"replicas": 2}},
        "/console/replicas",
        "hosts, ingress, nodeSelector, resources, tls, tokenHeader, tolerations",
    ),
    "a console with the webhook's key": (
        {"console": {"tls": {"secretName": "mcp-admission-tls"}}},
        "console.tls.secretName: mcp-admission-tls",
        "make a Secret of its own",
    ),
    "a console whose certificate nobody issues": (
        {**BROUGHT, "console": {"enabled": True, "tls": {"issued": True}}},
        "console.tls.issued: with certificates.mode bring-your-own",
        "name a Secret of yours in console.tls.secretName",
    ),
    "a console with the webhook's name": (
        {"console": {"hosts": [f"mcp-admission.{NAMESPACE}.svc"]}},
        f"console.hosts: a certificate for mcp-admission.{NAMESPACE}.svc would be good for",
        "give the console another name",
    ),
    "a console whose name is above the webhook's": (
        {"console": {"hosts": ["console.example", "cluster.local"]}},
        "console.hosts: a certificate for cluster.local would be good for",
        "give the console another name",
    ),
    "an Ingress without a host": (
        {"console": {"enabled": True, "ingress": {"enabled": True}}},
        "console.hosts is empty",
        "--set console.hosts={console.example}",
    ),
    "a host with a port": (
        {"console": {"hosts": ["console.example:8443"]}},
        "/console/hosts/0",
        "'console.example:8443' does not match",
    ),
    "unknown rule": ({"rules": {"capability": "warn"}}, "/rules/capability", "capabilities, "),
    "unknown environment name": (
        {"config": {"OBOT": "x"}},
        "/config/OBOT",
        "OBOT_SERVER_MCPBASE_IMAGE",
    ),
    "unknown key of a toleration": (
        {"mcpServerDefaults": {"tolerations": [{"operatr": "Exists"}]}},
        "/mcpServerDefaults/tolerations/0/operatr",
        "effect, key, operator, tolerationSeconds, value",
    ),
    "level": (
        {"mcpNamespace": {"podSecurity": {"enforce": "restrictive"}}},
        "/mcpNamespace/podSecurity/enforce",
        "must be one of 'privileged', 'baseline', 'restricted'",
    ),
    "level by its other name": (
        {"config": {"OBOT_SERVER_MCPPOD_SECURITY_ENFORCE": "restrictive"}},
        "/config/OBOT_SERVER_MCPPOD_SECURITY_ENFORCE",
        "must be one of 'privileged', 'baseline', 'restricted'",
    ),
    "no boolean": (
        {"config": {"OBOT_SERVER_MCPPOD_SECURITY_ENABLED": "yes"}},
        "/config/OBOT_SERVER_MCPPOD_SECURITY_ENABLED",
        "must be one of true, false",
    ),
    "API servers without a prefix": (
        {"networkPolicy": {"apiServerCIDRs": ["192.0.2.7"]}},
        "/networkPolicy/apiServerCIDRs/0",
        "'192.0.2.7' does not match",
    ),
    "API servers of no network": (
        {"networkPolicy": {"apiServerCIDRs": ["300.0.2.0/24"]}},
        "/networkPolicy/apiServerCIDRs/0",
        "does not match",
    ),
    "version": (
        {"mcpNamespace": {"podSecurity": {"warnVersion": "1.30"}}},
        "/mcpNamespace/podSecurity/warnVersion",
        "latest|v1",
    ),
    "quantity": (
        {"mcpServerMaximums": {"limits": {"memory": "400MB"}}},
        "/mcpServerMaximums/limits/memory",
        "'400MB' does not match",
    ),
    "a collector without a scheme": (
        {"traces": {"endpoint": "collector:4318"}},
        "/traces/endpoint",
        "'collector:4318' does not match",
    ),
    "a collector with a password": (
        {"traces": {"endpoint": "http://user:password@collector:4318"}},
        "/traces/endpoint",
        "does not match",
    ),
    "a variable of others": (
        {"traces": {"variables": {"HTTP_PROXY": "http://proxy"}}},
        "/traces/variables/HTTP_PROXY",
        "the keys here are OTEL_*",
    ),
    "off without quotes": ({"rules": {"replicas": False}}, "/rules/replicas", "'off'"),
    "host bits": (
        policy(egressCeilings=["10.0.0.1/8"]),
        "mcpNamespace.networkPolicy.egressCeilings: 10.0.0.1/8 has bits after its prefix",
        "such as 203.0.113.0/24",
    ),
    "host bits inside an octet": (policy(dnsPeers=["1.2.3.64/25"]), "dnsPeers: 1.2.3.64/25", ""),
    "host bits of IPv6": (policy(dnsPeers=["fd00::1:0/96"]), "dnsPeers: fd00::1:0/96", ""),
    "host bits inside a group": (
        policy(dnsPeers=["2001:db8:4000::/33"]),
        "dnsPeers: 2001:db8:4000::/33",
        "",
    ),
    "no block": (
        policy(egressCeilings=["example.test"]),
        "/mcpNamespace/networkPolicy/egressCeilings/0",
        "does not match",
    ),
    "no octet": (policy(dnsPeers=["256.0.0.0/8"]), "/mcpNamespace/networkPolicy/dnsPeers/0", ""),
    "port": (policy(gateway={"port": 0}), "/mcpNamespace/networkPolicy/gateway/port", "want 1"),
    "profile name": (
        policy(egressProfiles={"Data_Base": {"to": []}}),
        "invalid propertyName 'Data_Base'",
        "does not match",
    ),
    "no replica": ({"serve": {"replicas": 0}}, "/serve/replicas", "want 1"),
    "replicas": ({"control": {"replicas": -1}}, "/control/replicas", "got -1, want 1"),
    "namespace with capitals": (
        {"mcpNamespace": {"name": "Team-A"}},
        "/mcpNamespace/name",
        "'Team-A' does not match",
    ),
    "our own namespace": (
        {"mcpNamespace": {"name": NAMESPACE}},
        f"mcpNamespace.name: {NAMESPACE} is never reviewed",
        "a namespace of their own",
    ),
    "system namespace": ({"mcpNamespace": {"name": "kube-system"}}, "mcpNamespace.name", ""),
    "the servers' namespace excluded": (
        {"excludedNamespaces": ["kube-public", f"{RELEASE}-mcp"]},
        f"excludedNamespaces: {RELEASE}-mcp is the namespace of the MCP servers",
        "take it out",
    ),
    "excluded namespace": ({"excludedNamespaces": ["A"]}, "/excludedNamespaces/0", ""),
    "empty selector": ({"selectors": [{}]}, "/selectors/0", "minProperties"),
    "selector that ends the expression": (
        {"selectors": [{"app": "x' || 'a' == 'a"}]},
        "/selectors/0/app",
        "does not match",
    ),
    "unknown key of a profile": (
        policy(egressProfiles={"db": {"to": [], "port": []}}),
        "/mcpNamespace/networkPolicy/egressProfiles/db/port",
        "ports, to",
    ),
    "ceiling below the built-in default": (
        {"mcpServerMaximums": {"limits": {"memory": "200Mi"}}},
        "mcpServerMaximums.limits.memory: 200Mi is less than",
        "mcpServerDefaults.resources.requests.memory, 400Mi: raise the one or lower the other",
    ),
    "ceiling of requests below the default": (
        {
            "mcpServerMaximums": {"requests": {"cpu": "699m"}},
            "mcpServerDefaults": {"resources": {"requests": {"cpu": 0.7}}},
        },
        "mcpServerMaximums.requests.cpu: 699m is less than",
        "requests.cpu, 0.7",
    ),
    "ceiling of limits below the default": (
        {
            "mcpServerMaximums": {"limits": {"memory": "1G"}},
            "mcpServerDefaults": {"resources": {"limits": {"memory": "1Gi"}}},
        },
        "mcpServerMaximums.limits.memory: 1G is less than",
        "mcpServerDefaults.resources.limits.memory, 1Gi",
    ),
    "default limit below the default request": (
        {
            "mcpServerDefaults": {
                "resources": {"requests": {"memory": "2k"}, "limits": {"memory": "1999"}}
            }
        },
        "mcpServerDefaults.resources.limits.memory: 1999 is less than",
        "requests.memory, 2k",
    ),
    "two images": (
        {
            "config": {"OBOT_SERVER_MCPBASE_IMAGE": "a:1"},
            "mcpServerDefaults": {"image": "b:1"},
        },
        "config.OBOT_SERVER_MCPBASE_IMAGE (a:1) and mcpServerDefaults.image (b:1) differ",
        "set one of them",
    ),
    "certificates without rights": (
        {"scope": "namespace"},
        "certificates.mode: own writes caBundle",
        "choose cert-manager or bring-your-own",
    ),
    "certificates without rights in namespaces": (
        {"scope": {"namespaces": ["team-a"]}},
        "certificates.mode: own writes caBundle",
        "choose cert-manager or bring-your-own",
    ),
    "another scope": ({"scope": "team-a"}, "/scope", "'cluster', 'namespace'"),
    "no namespaces": (
        kept_to(),
        "scope.namespaces is empty",
        "list the namespaces of the MCP servers, or write scope: cluster",
    ),
    "a scope without a key": (
        {"scope": {}, **BROUGHT},
        "scope.namespaces is empty",
        "list the namespaces of the MCP servers, or write scope: cluster",
    ),
    "the release namespace in the scope": (
        kept_to("team-a", NAMESPACE),
        f"scope.namespaces: {NAMESPACE} is never reviewed",
        "take it out",
    ),
    "kube-system in the scope": (
        kept_to("kube-system"),
        "scope.namespaces: kube-system is never reviewed",
        "take it out",
    ),
    "an excluded namespace in the scope": (
        kept_to("team-a") | {"excludedNamespaces": ["team-a"]},
        "scope.namespaces: team-a is in excludedNamespaces",
        "take it out of one of them",
    ),
    "a namespace twice in the scope": (kept_to("a", "a"), "/scope/namespaces", "are equal"),
    "capitals in the scope": (kept_to("Team-A"), "/scope/namespaces/0", "does not match"),
    "another key of the scope": (
        {"scope": {"namespace": ["a"]}},
        "/scope",
        "the keys here are namespaces",
    ),
    "copies of Secrets": ({"secrets": {"copy": "no"}}, "/secrets/copy", "want null or boolean"),
    "certificate mode": ({"certificates": {"mode": "acme"}}, "/certificates/mode", "'own'"),
}


def test_the_chart_asks_for_an_image(helm: Helm) -> None:
    with pytest.raises(HelmError) as refused:
        helm.run("template", RELEASE, MANIFESTS / "chart", "--kube-version", helm.kubernetes)

    assert str(refused.value).count("image.repository is not set: name the image") == 1


@pytest.mark.parametrize(("values", "key", "accepted"), REFUSED.values(), ids=REFUSED)
def test_bad_values_of_the_chart_are_refused_by_name(
    helm: Helm, values: Json, key: str, accepted: str
) -> None:
    with pytest.raises(HelmError) as refused:
        helm.rendered(values)

    assert key in str(refused.value)
    assert accepted in str(refused.value)


EQUAL = {
    "the same in another unit": ({"memory": "400Mi"}, {"memory": 419430400}),
    "thousandths": ({"cpu": "700m"}, {"cpu": 0.7}),
    "an exponent": ({"memory": "1e3"}, {"memory": "1k"}),
    "large": ({"memory": "1Ei"}, {"memory": "1048576Ti"}),
    "another resource": ({"nvidia.com/gpu": 8}, {"memory": "1Mi"}),
}


@pytest.mark.parametrize(("default", "ceiling"), EQUAL.values(), ids=EQUAL)
def test_a_ceiling_may_be_as_low_as_its_default(helm: Helm, default: Json, ceiling: Json) -> None:
    assert helm.objects(
        {
            "mcpServerDefaults": {"resources": {"requests": default}},
            "mcpServerMaximums": {"requests": ceiling},
        }
    )


ACCEPTED = ["0.0.0.0/0", "10.64.0.0/10", "1.2.3.4/32", "1.2.3.128/25", "::/0", "fd00::/8",
            "2001:db8:8000::/33", "fd00::1:0/112", "1:2:3:4:5:6:7:8/128"]  # fmt: skip


def test_address_blocks_without_host_bits_are_accepted(helm: Helm) -> None:
    assert helm.objects(policy(egressCeilings=ACCEPTED))


def test_another_release_name_gives_its_servers_a_namespace(helm: Helm) -> None:
    assert helm.objects(release="obot")[0]["metadata"]["name"] == "obot-mcp"
