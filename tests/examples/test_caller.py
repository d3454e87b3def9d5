"""The example of a caller is one that the policies of servers let in, and the only kind."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.admission import Scope
from webhook.fleet.policies.policy_parts import selects
from webhook.objects.network_policies import build_baseline_policy
from webhook.settings.model import Settings

CALLER = yaml.safe_load(
    (Path(__file__).parents[2] / "manifests" / "examples" / "caller.yaml").read_text()
)
LABELS: dict[str, str] = CALLER["metadata"]["labels"]
RELEASE = "mcp-admission-system"


def lets_in(labels: dict[str, str], namespace: str) -> bool:
    policy: Any = build_baseline_policy("servers", Settings(), RELEASE, Scope.MANAGED)
    return any(
        selects(peer["podSelector"], labels)
        and selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": namespace})
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
    )


def test_the_caller_of_the_example_may_call_the_server() -> None:
    assert lets_in(LABELS, RELEASE)


@pytest.mark.parametrize(
    ("labels", "namespace"), [({}, RELEASE), (LABELS, "servers"), (LABELS, "default")]
)
def test_no_other_pod_may_call_the_server_of_the_example(
    labels: dict[str, str], namespace: str
) -> None:
    assert not lets_in(labels, namespace)
