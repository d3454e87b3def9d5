"""identity: the two labels by which a server is found, on pods and on templates."""

from typing import Any

import pytest

from tests.rules.case import Json, base, filled, refused
from webhook.rules.checks.identity import RULE

SERVER, NAME = "mcp-admission.dev/server", "mcp-admission.dev/name"
AT = "/metadata/labels"
AT_SERVER, AT_NAME = f"{AT}/mcp-admission.dev~1server", f"{AT}/mcp-admission.dev~1name"
BOTH = {SERVER: "true", NAME: "github-tools"}
TEMPLATE = {"kind": "Deployment"}
LONG = "a-name-of-more-than-forty-characters-for-a-server"
SHORTENED = "a-name-of-more-than-forty-chara-99f4f3b6"


def labelled(labels: Any) -> Json:
    pod = base()
    pod["metadata"]["labels"] = labels
    return pod


def named(name: str) -> list[Json]:
    """What gives a pod that has the other label its name."""
    return [{"op": "add", "path": AT_NAME, "value": name}]


FILLED = [
    pytest.param(base(), {}, [{"op": "add", "path": AT, "value": BOTH}], id="absent"),
    pytest.param(
        labelled(None), {}, [{"op": "replace", "path": AT, "value": BOTH}], id="labels-null"
    ),
    pytest.param(
        labelled({"app": "tools"}),
        {},
        [
            {"op": "add", "path": AT_SERVER, "value": "true"},
            {"op": "add", "path": AT_NAME, "value": "github-tools"},
        ],
        id="other-labels-kept",
    ),
    pytest.param(labelled(dict(BOTH)), {}, [], id="there-already"),
    pytest.param(labelled({SERVER: "true"}), {}, named("github-tools"), id="name-absent"),
    pytest.param(
        labelled({SERVER: "true", NAME: ""}),
        {},
        [{"op": "replace", "path": AT_NAME, "value": "github-tools"}],
        id="name-empty",
    ),
    pytest.param(
        labelled({**BOTH, SERVER: None}),
        {},
        [{"op": "replace", "path": AT_SERVER, "value": "true"}],
        id="server-null",
    ),
    pytest.param(labelled({**BOTH, SERVER: "yes"}), {}, [], id="mistyped-is-for-the-check"),
    pytest.param(labelled({**BOTH, SERVER: ""}), {}, [], id="empty-is-for-the-check"),
    pytest.param(
        labelled({SERVER: "true", NAME: "other"}), {}, [], id="name-of-the-template-stays-on-pods"
    ),
    pytest.param(
        labelled({SERVER: "true", NAME: "other"}),
        TEMPLATE,
        [{"op": "replace", "path": AT_NAME, "value": "github-tools"}],
        id="name-in-a-template-is-ours",
    ),
    pytest.param(labelled({SERVER: "true"}), {"name": LONG}, named(SHORTENED), id="long-name"),
    pytest.param(
        labelled({SERVER: "true"}), {"name": "1.Tools"}, named("tools-d6b1b17e"), id="illegal-name"
    ),
]


@pytest.mark.parametrize(("pod", "origin", "operations"), FILLED)
def test_labels_the_pod(pod: Json, origin: Json, operations: list[Json]) -> None:
    assert filled(RULE, pod, **origin) == operations
    assert filled(RULE, pod, **origin) == []


WRONG = f'metadata.labels[{SERVER}] must be "true"'
NAMELESS = f"metadata.labels[{NAME}] must name the server"
REFUSED = [
    pytest.param(labelled(dict(BOTH)), [], id="both"),
    pytest.param(labelled({**BOTH, NAME: "other"}), [], id="another-name"),
    pytest.param(base(), [WRONG, NAMELESS], id="absent"),
    pytest.param(labelled({NAME: "a"}), [WRONG], id="server-absent"),
    pytest.param(labelled({SERVER: "true"}), [NAMELESS], id="name-absent"),
    pytest.param(labelled({SERVER: "true", NAME: ""}), [NAMELESS], id="name-empty"),
    *(
        pytest.param(labelled({**BOTH, SERVER: value}), [WRONG], id=f"server-{value!r}")
        for value in ("false", "True", "yes", "", 1, True, ["true"])
    ),
]


@pytest.mark.parametrize(("pod", "messages"), REFUSED)
def test_refuses_what_would_not_be_found(pod: Json, messages: list[str]) -> None:
    assert refused(RULE, pod) == messages
    assert refused(RULE, pod, None, **TEMPLATE) == messages
