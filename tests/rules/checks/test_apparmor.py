"""AppArmor profiles: in the fields of pod and containers, and in the older annotations."""

import pytest

from tests.rules.case import Json, base, filled, in_list, refused, with_container
from webhook.pods.fields import Malformed
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.apparmor import RULE
from webhook.settings.rule_settings import Level

FIELD = "securityContext.appArmorProfile must be RuntimeDefault or Localhost"
KEY = "container.apparmor.security.beta.kubernetes.io/main"
ANNOTATION = f"metadata.annotations[{KEY}] must be runtime/default or localhost/<profile>"


def profile(value: object) -> Json:
    return {"appArmorProfile": value}


def annotated(**annotations: object) -> Json:
    pod = base()
    pod["metadata"]["annotations"] = {
        key.replace("__", KEY.partition("/")[0] + "/"): value for key, value in annotations.items()
    }
    return pod


def test_checks_from_baseline_on_and_fills_in_nothing() -> None:
    assert RULE.level is Level.BASELINE
    assert filled(RULE, base()) == []


PROFILES_ACCEPTED = [
    None,
    {"type": "RuntimeDefault"},
    {"type": "Localhost", "localhostProfile": "mcp"},
]
PROFILES_REFUSED = [
    {"type": "Unconfined"},
    {"type": "runtime/default"},
    {"type": ""},
    {"type": None},
    {"type": ["Localhost"]},
    {},
    {"localhostProfile": "mcp"},
    "RuntimeDefault",
    [],
    False,
]


@pytest.mark.parametrize("value", PROFILES_ACCEPTED)
def test_accepts_profiles(value: object) -> None:
    assert refused(RULE, base(securityContext=profile(value))) == []
    assert refused(RULE, with_container(securityContext=profile(value))) == []


@pytest.mark.parametrize("value", PROFILES_REFUSED)
def test_refuses_profiles(value: object) -> None:
    assert refused(RULE, base(securityContext=profile(value))) == [FIELD]
    assert refused(RULE, with_container(securityContext=profile(value))) == [
        f"containers[main].{FIELD}"
    ]


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    pod = in_list(key, restartPolicy="Always", securityContext=profile({"type": "Unconfined"}))
    assert refused(RULE, pod) == [f"{key}[main].{FIELD}"]


@pytest.mark.parametrize("value", ["runtime/default", "localhost/mcp", "localhost/", "", None])
def test_accepts_annotations(value: object) -> None:
    assert refused(RULE, annotated(__main=value)) == []


@pytest.mark.parametrize(
    "value", ["unconfined", "RuntimeDefault", "localhost", " localhost/mcp", False, 0, [], {}]
)
def test_refuses_annotations(value: object) -> None:
    assert refused(RULE, annotated(__main=value)) == [ANNOTATION]


def test_refuses_annotations_whatever_container_they_name() -> None:
    pod = annotated(__main="unconfined", __gone="unconfined", __="unconfined", other="unconfined")
    assert refused(RULE, pod) == [
        ANNOTATION,
        ANNOTATION.replace("/main]", "/gone]"),
        ANNOTATION.replace("/main]", "/]"),
    ]


def test_refuses_in_both_places() -> None:
    pod = annotated(__main="unconfined")
    pod["spec"]["securityContext"] = profile({"type": "Unconfined"})
    assert refused(RULE, pod) == [FIELD, ANNOTATION]


def test_annotations_of_a_wrong_shape_are_malformed() -> None:
    pod = base()
    pod["metadata"]["annotations"] = [KEY]
    with pytest.raises(Malformed):
        refused(RULE, pod)
