"""A fault names the line, the key, what stands there and what is accepted."""

import pytest

from webhook.settings.faults import SettingsError
from webhook.settings.load import parse_settings


def refused(text: str) -> list[str]:
    with pytest.raises(SettingsError) as error:
        parse_settings(text, "settings.yaml")
    return str(error.value).splitlines()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "mcpServerDefault: {}",
            (
                "mcpServerDefault: unknown key, did you mean mcpServerDefaults? known here are "
                "mode, fillIn, delegated, exceptions, "
                "mcpNamespace, mcpServerDefaults, mcpServerMaximums, replicas, priorityClasses, "
                "onConflict, rules, serviceAccountTokens, secrets, isolation, platform, selectors "
                "and excludedNamespaces"
            ),
        ),
        (
            "zzz: null",
            (
                "zzz: unknown key: known here are mode, fillIn, delegated, exceptions, "
                "mcpNamespace, mcpServerDefaults, "
                "mcpServerMaximums, replicas, priorityClasses, onConflict, rules, "
                "serviceAccountTokens, secrets, isolation, platform, selectors and "
                "excludedNamespaces"
            ),
        ),
        (
            "mcpServerDefaults: {tolerations: [{efect: x}]}",
            (
                "mcpServerDefaults.tolerations[0].efect: unknown key, did you mean effect? "
                "known here are key, operator, value, effect and tolerationSeconds"
            ),
        ),
        (
            "mcpServerDefaults: {affinity: {nodeAffinities: {}}}",
            (
                "mcpServerDefaults.affinity.nodeAffinities: unknown key, did you mean "
                "nodeAffinity? known here are nodeAffinity, podAffinity and podAntiAffinity"
            ),
        ),
        ("replicas: {polcy: deny}", "replicas.polcy: unknown key, did you mean policy?"),
        ("rules: {capabilites: deny}", "rules.capabilites: unknown key, did you mean capabil"),
        (
            "mcpNamespace: {podSecurity: {enforce: strict}}",
            (
                'mcpNamespace.podSecurity.enforce: "strict" is not accepted: write privileged, '
                "baseline or restricted"
            ),
        ),
        (
            "mcpNamespace: {podSecurity: {warnVersion: v1.24}}",
            (
                'mcpNamespace.podSecurity.warnVersion: "v1.24" is not accepted: write latest, or a '
                "version from v1.25 to v1.37"
            ),
        ),
        (
            "mcpNamespace: {podSecurity: {warnVersion: 1.30}}",
            "mcpNamespace.podSecurity.warnVersion: 1.3 is a number: write v1.30, with its v",
        ),
        (
            "rules: {capabilities: off}",
            (
                'rules.capabilities: false is not accepted: write off in quotes ("off"), which '
                "YAML reads as false without them"
            ),
        ),
        (
            'isolation: {gate: "yes"}',
            'isolation.gate: "yes" is not accepted: write true or false',
        ),
        (
            'mcpNamespace: {networkPolicy: {gateway: {port: "80"}}}',
            (
                'mcpNamespace.networkPolicy.gateway.port: "80" is not accepted: write a whole '
                "number, without quotes"
            ),
        ),
        (
            "mcpNamespace: {networkPolicy: {dnsPorts: [53, 0]}}",
            "mcpNamespace.networkPolicy.dnsPorts[1]: 0 is not accepted: write at least 1",
        ),
        (
            "mcpNamespace: {networkPolicy: {dnsPorts: [70000]}}",
            "mcpNamespace.networkPolicy.dnsPorts[0]: 70000 is not accepted: write at most 65535",
        ),
        (
            "mcpNamespace: {networkPolicy: {dnsPeers: [10.0.0.1/8]}}",
            (
                'mcpNamespace.networkPolicy.dnsPeers[0]: "10.0.0.1/8" is not a block of addresses: '
                "write 10.0.0.0/8"
            ),
        ),
        (
            "mcpNamespace: {networkPolicy: {egressCeilings: [10.0.0.1]}}",
            (
                'mcpNamespace.networkPolicy.egressCeilings[0]: "10.0.0.1" is not a block of '
                "addresses: write 10.0.0.1/32"
            ),
        ),
        (
            "mcpNamespace: {networkPolicy: {dnsPeers: [dns]}}",
            (
                'mcpNamespace.networkPolicy.dnsPeers[0]: "dns" is not a block of addresses: '
                "write one such as 203.0.113.0/24"
            ),
        ),
        (
            "mcpNamespace: {networkPolicy: {egressProfiles: {A_b: {to: [{podSelector: {}}]}}}}",
            (
                "mcpNamespace.networkPolicy.egressProfiles.A_b: this key is not accepted: write "
                "lower-case letters, digits and hyphens, such as team-a"
            ),
        ),
        (
            "mcpNamespace: {networkPolicy: {ingressProfiles: {a: {ports: []}}}}",
            "mcpNamespace.networkPolicy.ingressProfiles.a.from: this key is required: add it",
        ),
        (
            "mcpServerDefaults: {nodeSelector: {kubernetes.io/os: true}}",
            "mcpServerDefaults.nodeSelector[kubernetes.io/os]: true is not accepted: write text,",
        ),
        (
            "mcpServerDefaults: {resources: {limits: {memory: 4MB}}}",
            (
                'mcpServerDefaults.resources.limits.memory: "4MB" is not a quantity: write a '
                "number with an optional suffix n, u, m, k, M, G, T, P, E, Ki,"
            ),
        ),
        (
            "mcpServerMaximums: {limits: {cpu: -1}}",
            "mcpServerMaximums.limits.cpu: a quantity of a resource is not negative",
        ),
        (
            "mcpServerMaximums: {limits: {cpu: true}}",
            "mcpServerMaximums.limits.cpu: a quantity is a number with an optional suffix",
        ),
        (
            "serviceAccountTokens: {names: [github-tools]}",
            (
                'serviceAccountTokens.names[0]: "github-tools" is not accepted: write a '
                "namespace and a name, such as team-a/github-tools"
            ),
        ),
        (
            'mcpServerDefaults: {image: ""}',
            'mcpServerDefaults.image: "" is not accepted: write at least one character',
        ),
        (
            f"mcpNamespace: {{name: {'a' * 64}}}",
            "mcpNamespace.name: a value of 66 characters is not accepted: write at most 63 char",
        ),
        ("replicas: []", "replicas: a list is not accepted: write a mapping of keys and values"),
        ("rules: deny", 'rules: "deny" is not accepted: write a mapping of keys and values'),
        ("selectors: {}", "selectors: a mapping is not accepted: write a list, one item after"),
        (
            "mcpServerDefaults: {affinity: {podAffinity: [1]}}",
            "mcpServerDefaults.affinity.podAffinity: a list is not accepted: write a mapping",
        ),
    ],
)
def test_a_fault_names_the_key_what_was_found_and_what_is_accepted(
    text: str, sentence: str
) -> None:
    (message,) = refused(text)

    assert message.startswith(f"settings.yaml:1: {sentence}")


def test_every_fault_has_its_line() -> None:
    assert refused("platform: vms\nisolation:\n  gate: 1\n  gat: true\n") == [
        "settings.yaml:3: isolation.gate: 1 is not accepted: write true or false",
        (
            "settings.yaml:4: isolation.gat: unknown key, did you mean gate? known here are gate, "
            "controllerUser and breakGlassGroups"
        ),
        'settings.yaml:1: platform: "vms" is not accepted: write kubernetes or openshift',
    ]


def test_a_null_for_an_unknown_rule_is_no_silent_default() -> None:
    assert any(
        "rules.capabilites: unknown key" in line for line in refused("rules: {capabilites: }")
    )


def test_a_thousand_faults_are_not_a_thousand_lines() -> None:
    lines = refused("selectors: [" + "1," * 1000 + "]")

    assert len(lines) == 21
    assert lines[-1] == "and 980 more"
