"""Defaults that no pod could have are refused where they are written, not where they are used."""

import pytest

from webhook.settings.faults import SettingsError
from webhook.settings.load import parse_settings

RESOURCE_NAMES = (
    "this key is not accepted: write cpu, memory, ephemeral-storage, hugepages-2Mi, or one with a "
    "domain, such as example.com/gpu"
)
DEFAULTS, TOLERATION = "mcpServerDefaults: {{{}}}", "mcpServerDefaults: {{tolerations: [{}]}}"
MAXIMUM = "mcpServerMaximums: {{limits: {{{}: 1}}}}"
VERSION = "mcpNamespace: {{podSecurity: {{enforceVersion: {}}}}}"


@pytest.mark.parametrize(
    "text",
    [
        *(MAXIMUM.format(name) for name in ("cpu", "hugepages-2Mi", "nvidia.com/gpu", "a.b/C_d")),
        TOLERATION.format("{operator: Exists}"),
        TOLERATION.format("{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}"),
        TOLERATION.format("{key: example.com/pool, value: tools}"),
        TOLERATION.format("{key: a, operator: Gt, value: '5'}"),
        DEFAULTS.format("nodeSelector: {example.com/pool: tools, empty: ''}"),
        VERSION.format("v1.30"),
        "isolation: {controllerUser: null}",
    ],
)
def test_what_pods_can_have_is_accepted(text: str) -> None:
    assert parse_settings(text, "settings.yaml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (MAXIMUM.format("memry"), f"mcpServerMaximums.limits.memry: {RESOURCE_NAMES}"),
        (MAXIMUM.format("hugepages-2MB"), RESOURCE_NAMES),
        (MAXIMUM.format("-a/b"), RESOURCE_NAMES),
        (TOLERATION.format("{}"), "without a key, operator has to be Exists: write one of them"),
        (TOLERATION.format("{key: '', value: a}"), "without a key, operator has to be Exists"),
        (
            TOLERATION.format("{key: a, operator: Exists, value: b}"),
            "mcpServerDefaults.tolerations[0]: operator Exists takes no value: take it out",
        ),
        (TOLERATION.format("{key: a b}"), 'the key "a b" is no label key: write letters, digits'),
        (TOLERATION.format("{key: a, value: b c}"), 'the value "b c" is no label value: at most'),
        (TOLERATION.format("{key: a, operator: Lt, value: b}"), "Lt compares whole numbers"),
        (
            TOLERATION.format("{key: a, tolerationSeconds: 5}"),
            "tolerationSeconds is for effect NoExecute alone: write it, or no seconds",
        ),
        (DEFAULTS.format("nodeSelector: {a b: c}"), "such as example.com/pool"),
        (DEFAULTS.format("nodeSelector: {a: b c}"), "such as tools"),
        (DEFAULTS.format(f"nodeSelector: {{a: {'b' * 64}}}"), "at most 63 letters"),
        ("selectors: [{a: -b}]", "such as tools"),
        ("isolation: {controllerUser: ''}", "write at least one character"),
        (VERSION.format("1.30"), "1.3 is a number: write v1.30, with its v, or latest"),
        (VERSION.format("31"), "31 is a number: write v1.30, with its v, or latest"),
        (VERSION.format("1.30.1"), "write latest, or a version from v1.25 to v1.37"),
    ],
)
def test_what_they_cannot_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings(text, "settings.yaml")

    assert sentence in str(refused.value)
    assert str(refused.value).startswith("settings.yaml:1: ")
