"""envFrom: which Secrets reach the server container, once each."""

import pytest

from tests.rules.case import Json, base, filled, with_container
from webhook.rules.checks.config_env import RULE

ENV_FROM, CONFIG_FROM = "mcp-admission.dev/env-from", "mcp-admission.dev/config-from"
AT = "/spec/containers/0/envFrom"
LONG = "a-name-of-more-than-forty-characters-for-a-server"


def ref(name: object) -> Json:
    return {"secretRef": {"name": name}}


def asking(pod: Json, **annotations: str) -> Json:
    keys = {"env": ENV_FROM, "config": CONFIG_FROM}
    pod["metadata"]["annotations"] = {keys[key]: value for key, value in annotations.items()}
    return pod


ONE = {"op": "add", "path": AT, "value": [ref("one")]}
BARE = [
    pytest.param(base(), [], id="not-asked"),
    pytest.param(asking(base(), env="one"), [ONE], id="one"),
    pytest.param(
        asking(base(), env="one, two,,one"),
        [{**ONE, "value": [ref("one"), ref("two")]}],
        id="each-once",
    ),
    pytest.param(
        asking(with_container(envFrom=[]), env="one"), [{**ONE, "op": "replace"}], id="empty"
    ),
    pytest.param(asking(with_container(envFrom=[ref("one")]), env="one"), [], id="there-already"),
    pytest.param(
        asking(with_container(envFrom=[{"configMapRef": {"name": "one"}}]), env="one"),
        [{"op": "add", "path": f"{AT}/-", "value": ref("one")}],
        id="configmap-of-the-name",
    ),
    pytest.param(
        asking(with_container(envFrom=[ref(["one"])]), env="one"),
        [{"op": "add", "path": f"{AT}/-", "value": ref("one")}],
        id="name-of-another-shape",
    ),
    pytest.param(asking(base(), config="values"), [], id="config-from-is-for-deployments"),
    pytest.param(asking(base(containers=[]), env="one"), [], id="no-container"),
]  # fmt: skip


@pytest.mark.parametrize(("pod", "operations"), BARE)
def test_references_secrets_that_exist(pod: Json, operations: list[Json]) -> None:
    assert filled(RULE, pod) == operations


def test_a_deployment_gets_the_secret_that_is_made_for_it_first() -> None:
    pod = asking(base(), config="values", env="own")

    filled(RULE, pod, kind="Deployment", name="tools")

    assert pod["spec"]["containers"][0]["envFrom"] == [ref("tools-mcp-config"), ref("own")]


def test_the_secret_is_called_after_the_identity() -> None:
    pod = asking(base(), config="values")

    filled(RULE, pod, kind="Deployment", name=LONG)

    name = pod["spec"]["containers"][0]["envFrom"][0]["secretRef"]["name"]
    assert name == "a-name-of-more-than-forty-chara-99f4f3b6-mcp-config"


TWO = [{"name": "a"}, {"name": "b"}]


def test_other_containers_get_no_secrets() -> None:
    pod = asking(base(initContainers=[{"name": "i"}], containers=TWO), env="one")

    pod["metadata"]["annotations"]["mcp-admission.dev/container"] = "a"

    assert [told["path"] for told in filled(RULE, pod)] == [AT]


def test_a_guess_gets_no_secrets() -> None:
    assert filled(RULE, asking(base(containers=TWO), env="one")) == []
