"""isolation-gate: new pods wait; what names its node cannot, and is refused wherever it stands."""

from typing import Any

import pytest

from tests.rules.case import Json, base, filled, refused, settings_of
from webhook.rules.checks.isolation_gate import RULE
from webhook.settings.model import Settings

GATE = {"name": "mcp-admission.dev/isolation"}
AT = "/spec/schedulingGates"
ADDED = {"op": "add", "path": AT, "value": [GATE]}
UPDATED = {"creating": False}
NAMES_ITS_NODE = (
    "nodeName must be empty: a pod that names its node cannot wait for its network policy"
)
UNGATED = "schedulingGates must hold mcp-admission.dev/isolation until the network policy exists"


def gated(*gates: Any) -> Json:
    return base(schedulingGates=list(gates))


FILLED = [
    pytest.param(base(), {}, [ADDED], id="absent"),
    pytest.param(base(schedulingGates=None), {}, [{**ADDED, "op": "replace"}], id="null"),
    pytest.param(gated(), {}, [{**ADDED, "op": "replace"}], id="empty"),
    pytest.param(gated(GATE), {}, [], id="there-already"),
    pytest.param(
        gated({"name": "other"}), {}, [{"op": "add", "path": f"{AT}/-", "value": GATE}], id="other"
    ),
    pytest.param(base(nodeName=""), {}, [ADDED], id="node-empty"),
    pytest.param(base(nodeName="a"), {}, [], id="named-node-cannot-wait"),
    pytest.param(base(), UPDATED, [], id="never-on-a-live-pod"),
    pytest.param(base(), {"kind": "Deployment"}, [], id="never-in-a-template"),
    pytest.param(base(), {"kind": "Deployment", **UPDATED}, [], id="nor-when-it-is-updated"),
]


@pytest.mark.parametrize(("pod", "origin", "operations"), FILLED)
def test_new_pods_are_gated(pod: Json, origin: Json, operations: list[Json]) -> None:
    assert filled(RULE, pod, **origin) == operations
    assert filled(RULE, pod, **origin) == []


OF_A_TEMPLATE = {"kind": "Deployment"}
REFUSED = [
    pytest.param(gated(GATE), {}, [], id="gated"),
    pytest.param(gated({"name": "other"}, GATE), {}, [], id="gated-among-others"),
    pytest.param(base(), {}, [UNGATED], id="absent"),
    pytest.param(gated({"name": "other"}), {}, [UNGATED], id="another-gate"),
    pytest.param(gated({"name": 7}, None), {}, [UNGATED], id="gates-of-another-shape"),
    pytest.param(base(nodeName="a"), {}, [NAMES_ITS_NODE], id="names-its-node"),
    pytest.param(
        base(nodeName="a", schedulingGates=[GATE]), {}, [NAMES_ITS_NODE], id="gate-beside-a-node"
    ),
    pytest.param(base(nodeName=["a"]), {}, [NAMES_ITS_NODE], id="node-of-another-shape"),
    pytest.param(base(nodeName="", schedulingGates=[GATE]), {}, [], id="node-empty"),
    pytest.param(base(nodeName="a"), UPDATED, [], id="live-pods-are-on-a-node"),
    pytest.param(base(), UPDATED, [], id="live-pods-have-no-gate"),
    pytest.param(base(), OF_A_TEMPLATE, [], id="template"),
    pytest.param(base(nodeName="a"), OF_A_TEMPLATE, [NAMES_ITS_NODE], id="template-names-its-node"),
    pytest.param(
        base(nodeName="a"),
        {**OF_A_TEMPLATE, **UPDATED},
        [NAMES_ITS_NODE],
        id="template-is-made-to-name-its-node",
    ),
    pytest.param(
        base(nodeName="a"), {"kind": "Job", **UPDATED}, [NAMES_ITS_NODE], id="of-any-workload"
    ),
]


@pytest.mark.parametrize(("pod", "origin", "messages"), REFUSED)
def test_refuses_what_could_not_wait(pod: Json, origin: Json, messages: list[str]) -> None:
    assert refused(RULE, pod, **origin) == messages


SWITCHED_OFF = [
    pytest.param(settings_of(isolation={"gate": False}), id="gate"),
    pytest.param(settings_of(mcpNamespace={"networkPolicy": {"enabled": False}}), id="policies"),
]


@pytest.mark.parametrize("settings", SWITCHED_OFF)
@pytest.mark.parametrize("origin", [{}, UPDATED, OF_A_TEMPLATE], ids=["new", "live", "template"])
def test_nothing_waits_where_nothing_is_waited_for(settings: Settings, origin: Json) -> None:
    assert filled(RULE, base(), settings, **origin) == []
    assert refused(RULE, base(nodeName="a"), settings, **origin) == []
