"""A toleration without a key is refused, unless it is the fleet's; others are the author's."""

import pytest

from tests.rules.case import Json, base, filled, refused, settings_of
from webhook.rules.checks.tolerations import RULE
from webhook.settings.model import Settings

EVERYTHING: Json = {"operator": "Exists"}
NO_EXECUTE: Json = {"operator": "Exists", "effect": "NoExecute"}
KEYED: Json = {"key": "gpu", "operator": "Exists"}
OF_DAEMONSET: Json = {"key": "node.kubernetes.io/not-ready", "operator": "Exists"}
FLEETS = settings_of(mcpServerDefaults={"tolerations": [EVERYTHING, KEYED]})
SENTENCE = "must name the key of a taint: without one, every taint of every node is tolerated"

ROWS = [
    pytest.param(base(), Settings(), 0, id="absent"),
    pytest.param(base(tolerations=None), Settings(), 0, id="null"),
    pytest.param(base(tolerations=[KEYED, OF_DAEMONSET]), Settings(), 0, id="keys"),
    pytest.param(base(tolerations=[EVERYTHING]), Settings(), 1, id="everything"),
    pytest.param(base(tolerations=[NO_EXECUTE]), Settings(), 1, id="one-effect"),
    pytest.param(base(tolerations=[{"key": "", **EVERYTHING}]), Settings(), 1, id="empty-key"),
    pytest.param(base(tolerations=[{"key": None, **EVERYTHING}]), Settings(), 1, id="null-key"),
    pytest.param(base(tolerations=["gpu", {}]), Settings(), 2, id="odd-shapes"),
    pytest.param(
        base(tolerations=[KEYED, EVERYTHING, NO_EXECUTE]), Settings(), 2, id="beside-others"
    ),
    pytest.param(base(tolerations=[EVERYTHING]), FLEETS, 0, id="the-fleets"),
    pytest.param(base(tolerations=[EVERYTHING, NO_EXECUTE]), FLEETS, 1, id="not-the-fleets"),
]


@pytest.mark.parametrize(("pod", "settings", "count"), ROWS)
@pytest.mark.parametrize("kind", ["Pod", "Deployment", "StatefulSet"])
def test_tolerations_of_a_new_pod_or_template(
    pod: Json, settings: Settings, count: int, kind: str
) -> None:
    creating = kind == "Pod"
    messages = refused(RULE, pod, settings, kind=kind, creating=creating)

    assert [message.partition(": ")[2] for message in messages] == [SENTENCE] * count


def test_a_live_pod_keeps_what_it_has() -> None:
    assert refused(RULE, base(tolerations=[EVERYTHING]), creating=False) == []


def test_no_toleration_is_filled_in() -> None:
    assert filled(RULE, base()) == []
