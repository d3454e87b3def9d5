"""Every warning is a whole sentence, however long the names in it are.

Each rule meets a pod that breaks it, in containers, volumes and keys with the longest names; no
word of what it says is lost, and a name that is too long loses its middle alone.
"""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.case import SERVER, Json, answer_to, deployment, pod
from tests.in_memory.defaults import copied
from tests.rules.case import settings_of
from webhook.admission.answer import PODS_REFUSED, Finding, Severity, warning
from webhook.admission.workload import Hook
from webhook.rules.registry import RULES
from webhook.rules.rule import nothing_to_check

NAME = "n" * 253
OURS = "mcp-admission.dev/"
SETTINGS: Json = {
    "onConflict": "warn",
    "replicas": {"policy": "override"},
    "mcpServerDefaults": {"runtimeClassName": "c" * 253, "perServer": "forbid"},
    "mcpServerMaximums": {"limits": {"example.com/" + "r" * 60: "1", "memory": "1Gi", "cpu": "1"}},
    "mcpNamespace": {
        "networkPolicy": {
            "egressCeilings": ["2001:db8:1111:2222:3333:4444:5555:0/112"] * 20,
            "egressProfiles": {f"{'p' * 60}{at}": {"to": [{"podSelector": {}}]} for at in range(9)},
            "ingressProfiles": {
                f"{'p' * 60}{at}": {"from": [{"podSelector": {}}]} for at in range(9)
            },
        }
    },
}


def broken(**fields: Any) -> Json:
    """A pod's spec whose containers have the longest names, and these fields."""
    context = {
        "privileged": True,
        "runAsNonRoot": False,
        "runAsUser": 0,
        "allowPrivilegeEscalation": True,
        "seccompProfile": {"type": "Unconfined"},
        "capabilities": {"add": ["C" * 300], "drop": ["CHOWN"]},
        "procMount": "Unmasked",
        "appArmorProfile": {"type": "Unconfined"},
        "seLinuxOptions": {"type": "t" * 300, "user": "u", "role": "r"},
        "windowsOptions": {"hostProcess": True},
    }
    container = {
        "name": NAME,
        "image": "i",
        "imagePullPolicy": "Never",
        "securityContext": context,
        "ports": [{"name": "p" * 15, "containerPort": 1, "hostPort": 1} for _ in range(20)],
        "livenessProbe": {"httpGet": {"host": "h"}},
        "lifecycle": {"postStart": {"tcpSocket": {"host": "h"}}},
        "resources": {
            "limits": {"memory": "2Gi", "cpu": "0", "example.com/" + "r" * 60: "5"},
            "requests": {"memory": "2Gi"},
        },
        "volumeMounts": [
            {"name": NAME, "mountPath": "/files"},
            {"name": NAME, "mountPath": "/files/" + NAME},
        ],
    }
    return {
        "containers": [container],
        "initContainers": [{**container, "name": "m" * 253}],
        "securityContext": {**context, "sysctls": [{"name": "s" * 253, "value": "1"}]},
        "volumes": [
            {"name": NAME, "hostPath": {"path": "/"}},
            {"name": "mcp-files", "flexVolume": {}},
            {"name": "v" * 253, "projected": {"sources": [{"serviceAccountToken": {}}]}},
        ],
        "hostNetwork": True,
        "hostPID": True,
        "hostIPC": True,
        "nodeName": "n",
        "runtimeClassName": "o" * 253,
        "serviceAccountName": NAME,
        "automountServiceAccountToken": True,
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchFields": [{}], "matchExpressions": [{}]}]
                }
            },
        },
        "tolerations": [{"key": "k"}, {"operator": "Exists"}],
        "priorityClassName": "p" * 253,
        **fields,
    }


ANNOTATIONS = {
    f"container.apparmor.security.beta.kubernetes.io/{'a' * 60}": "unconfined",
    OURS + "port": "p" * 300,
    OURS + "egress": f"10.0.0.0/8,{'e' * 300},192.0.2.1",
    OURS + "ingress-from": f"{'e' * 300},{'f' * 300}",
    OURS + "config-from": "a,b",
    OURS + "file-keys": "../" + NAME,
    OURS + "files-from": "one",
    OURS + "env-from": "A B",
    OURS + "service-account-token": "true",
    OURS + "k" * 300: "",
    OURS + "Env_From": "",
    OURS + "server": "true",
}
SPECS = [
    broken(),
    broken(automountServiceAccountToken=None, volumes=[]),
    broken(containers=[{"name": NAME, "image": "i", "ports": [{"containerPort": 1}]}]),
    broken(containers=[{"name": NAME, "image": "i"}, {"name": "s" * 253, "image": "i"}]),
]
ASKING = [
    ANNOTATIONS,
    {OURS + "container": NAME[:-1], OURS + "file-keys": "a"},
    {OURS + "port": "q" * 15, OURS + "config-from": "tools-mcp-config"},
]


def told(document: Json, old: Json | None = None, **settings: Any) -> list[Finding]:
    """The findings of both hooks."""
    keys = {**SETTINGS, **settings}
    return [
        finding
        for hook in Hook
        for finding in answer_to(
            copied(document), old, settings=settings_of(**keys), hook=hook
        ).findings
    ]


def stateful_set(annotations: Json, spec: Json) -> Json:
    labels = {SERVER: "true"}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": NAME, "labels": labels, "annotations": annotations},
        "spec": {"template": {"metadata": {"labels": labels}, "spec": spec}},
    }


@cache
def everything() -> list[Finding]:
    """What is said of all of them; it takes seconds."""
    found = []
    for spec in SPECS:
        for asked in ASKING:
            template = {"metadata": {"annotations": {OURS + "port": "1"}}}
            labels = {SERVER: "True", OURS + "sever": "true"}
            objects = [
                pod(labels=labels, annotations=asked, **spec),
                deployment(annotations=asked, replicas=5, template=template, **spec),
                stateful_set(asked, spec),
            ]
            for on_conflict in ("warn", "override", "deny"):
                for one in objects:
                    found += told(one, onConflict=on_conflict)
    return found


CHECKING = [rule.id for rule in RULES if rule.check is not nothing_to_check]


@pytest.mark.parametrize("rule", CHECKING)
def test_what_a_rule_says_stays_whole(rule: str) -> None:
    found = [finding for finding in everything() if finding.rule == rule]

    assert found
    for finding in {*found, *map(foretold, found)}:
        said = warning(finding)
        assert len(said) <= 120
        assert any(
            same_words(said, f"{whole} ({rule})") for whole in (finding.message, finding.brief)
        ), said


def foretold(finding: Finding) -> Finding:
    message = PODS_REFUSED + finding.message.removeprefix(PODS_REFUSED)
    brief = PODS_REFUSED + finding.brief.removeprefix(PODS_REFUSED) if finding.brief else ""
    return Finding(finding.rule, Severity.WARNING, finding.path, message, brief)


def same_words(said: str, whole: str) -> bool:
    """Whether it is the same sentence, but for the middle of long words."""
    ours, theirs = said.split(), whole.split()
    return len(ours) == len(theirs) and all(map(shortened, ours, theirs))


def shortened(said: str, word: str) -> bool:
    head, gap, tail = said.partition("...")
    return said == word or (bool(gap) and word.startswith(head) and word.endswith(tail))


@given(st.text(max_size=3000), st.sampled_from(["object", "service-account-token"]))
def test_whatever_is_said_fits_and_names_its_rule(message: str, rule: str) -> None:
    said = warning(Finding(rule, Severity.WARNING, "/spec/" + message, message))

    assert len(said) <= 120
    assert said.isprintable()
    assert said.endswith(f"({rule})")


@given(st.lists(st.text("abc.[]/", min_size=1, max_size=300), min_size=1, max_size=4))
def test_no_word_is_lost(words: list[str]) -> None:
    message = " ".join(words)

    assert same_words(
        warning(Finding("object", Severity.WARNING, "", message)), message + " (object)"
    )


def test_the_kept_ends_of_a_name_are_equally_long() -> None:
    said = warning(Finding("privileged", Severity.WARNING, "", f"containers[{NAME}] must be false"))

    head, tail = said.split(" must ")[0].split("...")
    assert abs(len(head) - len(tail)) <= 1


def test_a_sentence_that_has_too_many_words_is_replaced_by_one_about_the_place() -> None:
    finding = Finding("privileged", Severity.WARNING, "/spec/" + NAME, "many short words " * 20)

    said = warning(finding)

    assert said.startswith("/spec/nnn")
    assert said.endswith("nnn does not follow a rule (privileged)")
    assert len(said) <= 120
