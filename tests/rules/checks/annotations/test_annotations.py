"""annotations: what a workload asks for is understood, or refused with what to write instead."""

from typing import Any

import pytest

from tests.rules.case import Json, base, filled, pod_of, refused
from webhook.pods.pod import LONGEST_VALUE
from webhook.rules.checks.annotations import RULE
from webhook.settings.model import Settings

PREFIX = "mcp-admission.dev/"
PORT = "must be a port from 1 to 65535 or the name of one"
SECRETS = "must be names of Secrets, separated by commas"
SECRET = "must be the name of one Secret"
KEYS = "must be keys of a Secret, separated by commas"
FLAG = 'must be "true" or "false"'
NO_CONTAINER = "names no container of the pod: there is main"
FOR_DEPLOYMENTS = f"is for Deployments: name existing Secrets with {PREFIX}env-from instead"
NEEDS_CONFIG = f"needs {PREFIX}config-from, which has the keys"
UNKNOWN = "is not read by this version"


def asking(**annotations: Any) -> Json:
    pod = base()
    pod["metadata"]["annotations"] = {
        PREFIX + key.replace("_", "-"): value for key, value in annotations.items()
    }
    return pod


def told(key: str, sentence: str) -> str:
    return f"metadata.annotations[{PREFIX}{key}] {sentence}"


def test_fills_in_nothing() -> None:
    assert filled(RULE, asking(port="80", env_from="one")) == []


PORTS = ["1", "80", "65535", "mcp", "a", "a1", "1a", "web-2", "a-b-c", "a" * 15, "0-a", "8080a"]
NO_PORTS = [
    "", "0", "65536", "080808", "-1", "+1", "1.5", " 80", "80\n", "٨٠",
    "1-2", "-", "--", "a--b", "-a", "a-", "a" * 16, "Mcp", "a_b", "a.b", "mcp\n", "é", "0-9-",
]  # fmt: skip


@pytest.mark.parametrize("port", PORTS)
def test_ports_as_kubernetes_takes_them(port: str) -> None:
    assert refused(RULE, asking(port=port)) == []


@pytest.mark.parametrize("port", NO_PORTS)
def test_ports_that_kubernetes_would_refuse(port: str) -> None:
    assert refused(RULE, asking(port=port)) == [told("port", PORT)]


NAMES = ["one", "one,two", " one , two ", "a.b-c.d", "0", "a" * 253]
NO_NAMES = ["", ",", "one,", "One", "a_b", "-a", "a-", "a..b", ".a", "a" * 254, "a b", "one\ntwo"]


@pytest.mark.parametrize("key", ["env_from", "files_from"])
@pytest.mark.parametrize("names", NAMES)
def test_names_of_secrets(names: str, key: str) -> None:
    assert refused(RULE, asking(**{key: names})) == []


@pytest.mark.parametrize("key", ["env_from", "files_from"])
@pytest.mark.parametrize("names", NO_NAMES)
def test_what_names_no_secrets(names: str, key: str) -> None:
    assert refused(RULE, asking(**{key: names})) == [told(key.replace("_", "-"), SECRETS)]


REFUSED = [
    pytest.param({}, {}, [], id="nothing-asked"),
    pytest.param({"container": "main"}, {}, [], id="container"),
    pytest.param(
        {"container": "other"}, {}, [told("container", NO_CONTAINER)], id="no-such-container"
    ),
    pytest.param({"container": ""}, {}, [told("container", NO_CONTAINER)], id="no-container"),
    pytest.param({"service_account_token": "true"}, {}, [], id="asks-for-a-token"),
    pytest.param({"service_account_token": "false"}, {}, [], id="asks-for-none"),
    *(
        pytest.param(
            {"service_account_token": value},
            {},
            [told("service-account-token", FLAG)],
            id=f"token-{value}",
        )
        for value in ("", "True", "yes", "1", True)
    ),
    pytest.param(
        {"config_from": "values"}, {}, [told("config-from", FOR_DEPLOYMENTS)], id="bare-pod"
    ),
    pytest.param(
        {"config_from": "values"},
        {"kind": "StatefulSet"},
        [told("config-from", FOR_DEPLOYMENTS)],
        id="another-workload",
    ),
    pytest.param({"config_from": "values"}, {"kind": "Deployment"}, [], id="deployment"),
    pytest.param({"config_from": "values"}, {"owner": "ReplicaSet"}, [], id="pod-of-a-deployment"),
    pytest.param(
        {"config_from": "one,two"},
        {"kind": "Deployment"},
        [told("config-from", SECRET)],
        id="config-from-two",
    ),
    pytest.param(
        {"config_from": "One"},
        {"kind": "Deployment"},
        [told("config-from", SECRET)],
        id="config-from-no-name",
    ),
    pytest.param(
        {"config_from": "values", "file_keys": "a.pem, B_2"},
        {"kind": "Deployment"},
        [],
        id="file-keys",
    ),
    pytest.param(
        {"config_from": "values", "file_keys": "a/b"},
        {"kind": "Deployment"},
        [told("file-keys", KEYS)],
        id="no-file-keys",
    ),
    pytest.param(
        {"file_keys": "a"},
        {"kind": "Deployment"},
        [told("file-keys", NEEDS_CONFIG)],
        id="file-keys-of-nothing",
    ),
    pytest.param(
        {"file_keys": "a"},
        {"owner": "ReplicaSet"},
        [],
        id="file-keys-came-with-the-template",
    ),
    pytest.param(
        {"file_keys": "a"},
        {"owner": "StatefulSet"},
        [told("file-keys", FOR_DEPLOYMENTS.replace("env-", "files-"))],
        id="file-keys-of-another-workload",
    ),
    pytest.param(
        {"port": "80"},
        {"disagreeing": (f"{PREFIX}port",)},
        [told("port", "differs from the pod template: say it in one place")],
        id="differs-from-the-template",
    ),
    pytest.param(
        {"port": "0", "env_from": "", "zzz": "x"},
        {},
        [told("port", PORT), told("env-from", SECRETS), told("zzz", UNKNOWN)],
        id="every-one",
    ),
]


@pytest.mark.parametrize(("asks", "origin", "messages"), REFUSED)
def test_refuses_what_cannot_be_read(asks: Json, origin: Json, messages: list[str]) -> None:
    assert refused(RULE, asking(**asks), **origin) == messages


def test_keys_of_others_are_not_read() -> None:
    pod = base()
    pod["metadata"]["annotations"] = {"example.com/port": "0", "mcp-admission.example/port": "0"}

    assert refused(RULE, pod) == []


@pytest.mark.parametrize(
    ("key", "advice"), [("zzz", [True]), ("injected", []), ("revision", []), ("port", [False])]
)
def test_an_unknown_key_is_worth_a_warning_alone(key: str, advice: list[bool]) -> None:
    pod = pod_of(asking(**{key: "0"}))

    assert [found.advice for found in RULE.check(pod, Settings())] == advice


def test_a_value_that_nobody_reads_to_its_end_is_refused_and_not_filled_in() -> None:
    names = ",".join(f"s{number}" for number in range(4000))
    pod = asking(env_from=names, files_from=names)

    too_long = f"is longer than {LONGEST_VALUE} characters, and not read: shorten it"
    assert refused(RULE, pod) == [told("env-from", too_long), told("files-from", too_long)]
    assert pod_of(pod).origin.annotation_list(f"{PREFIX}env-from") == []
