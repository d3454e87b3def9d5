"""What comes of the resource is what replicas can read, or it is refused with its fault."""

from typing import Any

import pytest

from webhook.controller.settings.effective import effective_settings
from webhook.rules.checks.scheduling import REQUIRED
from webhook.settings.faults import SettingsError
from webhook.settings.layers import DEEPEST, FILE
from webhook.settings.load import parse_settings

Json = dict[str, Any]


def nested(levels: int) -> Json:
    """A spec whose values end so many levels down."""
    inside: Json = {}
    for _ in range(levels - 5):
        inside = {"a": inside}
    return {"mcpServerDefaults": {"affinity": {"nodeAffinity": {REQUIRED: inside}}}}


def image(characters: int, character: str = "x") -> Json:
    return {"mcpServerDefaults": {"image": character * characters}}


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({}, id="nothing"),
        pytest.param(image(400_000), id="long"),
        pytest.param(image(10, "\N{ROCKET}"), id="not-ascii"),
        pytest.param({"rules": {"capabilities": "off"}}, id="a-word-that-yaml-knows"),
    ],
)
def test_replicas_read_what_is_written(spec: Json) -> None:
    found = effective_settings(spec, [])

    assert parse_settings(found.text, FILE) == found.settings


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param(nested(DEEPEST + 1), "levels deep", id="one-level-more"),
        pytest.param(nested(400), "levels deep", id="deeper-than-python-goes"),
        pytest.param(image(600_000), "too long", id="twice-in-a-ConfigMap"),
        pytest.param(image(100_000, "\N{ROCKET}"), "too long", id="escaped"),
    ],
)
def test_what_replicas_could_not_have_is_refused(spec: Json, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        effective_settings(spec, [])
