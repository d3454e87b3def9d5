"""Fields that no rule reads come through as their author wrote them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import NOT_LABELLED, OPTED_IN, Manifest, bare_pod, container, server
from tests.e2e.namespace import Namespace

PROBE = {"grpc": {"port": 9000, "service": "tools"}, "periodSeconds": 7}
CHOSEN = [".initContainers[0].imagePullPolicy", ".containers[0].imagePullPolicy"]
FIELDS: dict[str, Any] = {
    "automountServiceAccountToken": False,
    "initContainers": [container(name="sidecar", restartPolicy="Always", startupProbe=PROBE)],
    "containers": [
        container(
            command=["/mcp", "$(NAME)"],
            env=[
                {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            ],
            livenessProbe=PROBE,
            lifecycle={"preStop": {"sleep": {"seconds": 3}}},
            resizePolicy=[{"resourceName": "cpu", "restartPolicy": "NotRequired"}],
            resources={"requests": {"memory": "100Mi", "example.com/gpu": "1"}}
            | {"limits": {"example.com/gpu": "1"}},
            securityContext={"readOnlyRootFilesystem": True},
            terminationMessagePolicy="FallbackToLogsOnError",
            tty=True,
            volumeMounts=[
                {"name": "data", "mountPath": "/data", "subPathExpr": "$(NAME)"},
                {"name": "all", "mountPath": "/all", "recursiveReadOnly": "IfPossible"}
                | {"readOnly": True},
            ],
            workingDir="/srv",
        )
    ],
    "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
    "enableServiceLinks": False,
    "hostAliases": [{"ip": "203.0.113.7", "hostnames": ["tools.example"]}],
    "preemptionPolicy": "PreemptLowerPriority",
    "readinessGates": [{"conditionType": "example.com/ready"}],
    "setHostnameAsFQDN": True,
    "shareProcessNamespace": True,
    "subdomain": "tools",
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"app": "github-tools"}},
            "matchLabelKeys": ["pod-template-hash"],
        }
    ],
    "volumes": [
        {"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "all", "projected": {"sources": [{"downwardAPI": {"items": []}}]}},
    ],
}


def lost(before: Any, after: Any, place: str = "") -> list[str]:
    """The places where `after` lacks or changes what `before` holds."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            found
            for key, value in before.items()
            for found in lost(value, after.get(key), f"{place}.{key}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) <= len(after):
        pairs = enumerate(zip(before, after, strict=False))
        return [found for at, pair in pairs for found in lost(*pair, f"{place}[{at}]")]
    return [] if before == after else [place]


@pytest.mark.parametrize("made", [server, bare_pod], ids=["Deployment", "Pod"])
def test_fields_that_the_product_does_not_read_are_kept(
    namespace: Namespace, made: Callable[..., Manifest]
) -> None:
    path = f"{made()['kind'].lower()}s?dryRun=All"
    answers = [
        namespace.raw("POST", path, made(labels=labels, **FIELDS))
        for labels in (NOT_LABELLED, OPTED_IN)
    ]

    without, with_us = (answer.json()["spec"] for answer in answers)
    if "template" in without:
        without, with_us = without["template"]["spec"], with_us["template"]["spec"]
    assert lost(without, with_us) == CHOSEN
    assert [answer.warnings for answer in answers] == [[], []]
