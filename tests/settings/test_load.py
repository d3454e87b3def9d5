"""Settings from a file and the environment: what wins, and what a person reads when it is wrong."""

from pathlib import Path

import pytest

from webhook.settings.faults import SettingsError
from webhook.settings.load import load_settings, parse_settings
from webhook.settings.model import DEFAULT_IMAGE, Settings

RUNTIME_CLASS = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME"
RUNTIME_CLASS_LATER = "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIME_CLASS_NAME"
IMAGE = "OBOT_SERVER_MCPBASE_IMAGE"
SECURITY = "OBOT_SERVER_MCPPOD_SECURITY_"


def file(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(text: str) -> list[str]:
    with pytest.raises(SettingsError) as error:
        parse_settings(text, "settings.yaml")
    return str(error.value).splitlines()


def test_no_file_and_no_environment_are_the_built_in_values() -> None:
    assert load_settings(None) == load_settings(None, {}) == Settings()


@pytest.mark.parametrize("text", ["{}", b"{}", '{"replicas": null}', "mcpNamespace:\nrules:\n"])
def test_a_file_that_sets_nothing_is_all_defaults(text: str | bytes) -> None:
    assert parse_settings(text, "settings.yaml") == Settings()


def test_a_file_overrides_only_the_fields_that_it_names() -> None:
    settings = parse_settings("mcpNamespace: {podSecurity: {enforce: baseline}}", "settings.yaml")

    assert settings.mcp_namespace.pod_security.enforce == "baseline"
    assert settings.mcp_namespace.pod_security.warn == "restricted"
    assert settings.mcp_namespace.network_policy.enabled is True


def test_environment_overrides_the_file_field_by_field(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "mcpServerDefaults: {runtimeClassName: kata, image: example.test/base:1}\n"
        "mcpNamespace: {podSecurity: {enforce: privileged, warn: privileged}}\n",
    )

    settings = load_settings(path, {RUNTIME_CLASS: "gvisor", f"{SECURITY}ENFORCE": "baseline"})

    assert settings.mcp_server_defaults.runtime_class_name == "gvisor"
    assert settings.mcp_server_defaults.image == "example.test/base:1"
    assert settings.mcp_namespace.pod_security.enforce == "baseline"
    assert settings.mcp_namespace.pod_security.warn == "privileged"


def test_resources_are_replaced_as_a_whole() -> None:
    settings = parse_settings(
        "mcpServerDefaults: {resources: {limits: {cpu: 0.5}}}", "settings.yaml"
    )

    assert settings.mcp_server_defaults.resources.limits == {"cpu": "500m"}
    assert settings.mcp_server_defaults.resources.requests == {}


def test_null_is_not_set_at_any_depth() -> None:
    settings = parse_settings(
        "mcpServerDefaults: {image: null, affinity: null, resources: {requests: null}}\n"
        "rules: {sysctls: null}\nselectors: [{a: b}]\n",
        "settings.yaml",
    )

    assert settings.mcp_server_defaults.image == DEFAULT_IMAGE
    assert settings.mcp_server_defaults.resources.requests == {}
    assert settings.rules == {}
    assert settings.selectors == [{"a": "b"}]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1: there are no settings here: write {} for all defaults"),
        ("# nothing\n---\n", "1: there are no settings here: write {} for all defaults"),
        ("- a", "1: settings are a mapping of keys: write {} for all defaults"),
        ("text", "1: settings are a mapping of keys: write {} for all defaults"),
        (
            "{}\n---\nreplicas: {}",
            "3: a second document starts here: keep one, because settings are one mapping",
        ),
        (
            "platform: x\nplatform: y",
            '2: the key "platform" stands on line 1 already: keep one (kubectl takes the last)',
        ),
        ("replicas:\n\tpolicy: deny", "2: a tab stands where YAML wants spaces"),
        ("replicas: {}\n---\nreplicas: [", "3: this is not YAML"),
        ("%YAML 1.1\n---\n{}", "1: kubectl cannot read the directives %YAML and %TAG"),
        ("--- {}", "1: kubectl accepts nothing but a comment on a line that starts with ---"),
        (
            "replicas: {policy: deny, <<: {policy: scale}}",
            '1: the key "policy" stands on line 1 and comes with << too: kubectl and Helm take',
        ),
    ],
)
def test_what_is_no_settings_file(text: str, line: str) -> None:
    (message,) = refused(text)

    assert message.startswith(f"settings.yaml:{line}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "mcpServerDefault: {}",
            (
                "mcpServerDefault: unknown key, did you mean mcpServerDefaults? known here are "
                "mcpNamespace, mcpServerDefaults, mcpServerMaximums, replicas, onConflict, rules, "
                "serviceAccountTokens, isolation, platform, selectors and excludedNamespaces"
            ),
        ),
        (
            "zzz: null",
            (
                "zzz: unknown key: known here are mcpNamespace, mcpServerDefaults, "
                "mcpServerMaximums, replicas, onConflict, rules, serviceAccountTokens, isolation, "
                "platform, selectors and excludedNamespaces"
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


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.yaml: cannot be read \(No such file"):
        load_settings(tmp_path / "gone.yaml")


def test_a_bad_variable_is_named_instead_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(file(tmp_path, "{}"), {f"{SECURITY}ENFORCE": "strict", IMAGE: "x"})

    assert str(error.value) == (
        f'{SECURITY}ENFORCE: "strict" is not accepted: write privileged, baseline or restricted'
    )
