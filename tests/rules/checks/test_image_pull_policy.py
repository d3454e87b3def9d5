"""image-pull-policy: Always, for every container of every list."""

import pytest

from tests.rules.case import Json, base, filled, in_list, refused, with_container
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.image_pull_policy import RULE

KEY = "imagePullPolicy"
AT = f"/spec/containers/0/{KEY}"
FILLED = [
    pytest.param(base(), "add", id="absent"),
    pytest.param(with_container(imagePullPolicy=None), "replace", id="null"),
    pytest.param(with_container(imagePullPolicy=""), "replace", id="empty"),
    pytest.param(with_container(imagePullPolicy="IfNotPresent"), "replace", id="if-not-present"),
    pytest.param(with_container(imagePullPolicy="Always"), None, id="always"),
    pytest.param(with_container(imagePullPolicy="Never"), None, id="never-is-for-the-check"),
    pytest.param(with_container(imagePullPolicy="always"), None, id="another-spelling"),
]


@pytest.mark.parametrize(("pod", "operation"), FILLED)
def test_asks_for_always(pod: Json, operation: str | None) -> None:
    expected = [{"op": operation, "path": AT, "value": "Always"}] if operation else []

    assert filled(RULE, pod) == expected
    assert filled(RULE, pod) == []


@pytest.mark.parametrize(
    ("value", "refuses"),
    [("Always", False), ("Never", True), ("IfNotPresent", True), ("always", True), (None, True),
     ("", True), (["Always"], True)],
)  # fmt: skip
def test_refuses_everything_else(value: object, refuses: bool) -> None:
    messages = [f"containers[main].{KEY} must be Always"] if refuses else []

    assert refused(RULE, with_container(imagePullPolicy=value)) == messages


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_every_container_of_every_list(key: str) -> None:
    assert refused(RULE, in_list(key, imagePullPolicy="Never")) == [
        f"{key}[main].{KEY} must be Always"
    ]
    assert [told["path"] for told in filled(RULE, in_list(key))] == [f"/spec/{key}/0/{KEY}"]
