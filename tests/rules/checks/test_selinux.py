"""SELinux options: an allow-list of types, no user, no role."""

import pytest

from tests.rules.case import Json, base, edition, filled, in_list, refused, with_container
from webhook.pods.fields import Malformed
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.selinux import RULE
from webhook.settings.rule_settings import Level

TYPE = "securityContext.seLinuxOptions.type must be a type of containers, such as container_t"
USER = "securityContext.seLinuxOptions.user must not be set"
ROLE = "securityContext.seLinuxOptions.role must not be set"


def options(**fields: object) -> Json:
    return {"seLinuxOptions": fields}


def test_checks_from_baseline_on_and_fills_in_nothing() -> None:
    assert RULE.level is Level.BASELINE
    assert filled(RULE, base()) == []


CASES = [
    pytest.param({}, [], id="absent"),
    pytest.param({"seLinuxOptions": None}, [], id="null"),
    pytest.param(options(), [], id="empty"),
    pytest.param(options(type="", user="", role=""), [], id="empty-texts"),
    pytest.param(options(type=None, user=None, role=None), [], id="nulls"),
    pytest.param(options(type="container_t", level="s0:c1,c2"), [], id="container_t"),
    pytest.param(options(type="container_init_t"), [], id="container_init_t"),
    pytest.param(options(type="container_kvm_t"), [], id="container_kvm_t"),
    pytest.param(options(type="container_engine_t"), [], id="container_engine_t"),
    pytest.param(options(type="spc_t"), [TYPE], id="spc_t"),
    pytest.param(options(type=["container_t"]), [TYPE], id="type-a-list"),
    pytest.param(options(type=False), [TYPE], id="type-a-boolean"),
    pytest.param(options(user="system_u"), [USER], id="user"),
    pytest.param(options(role="system_r"), [ROLE], id="role"),
    pytest.param(options(user=0, role=False), [USER, ROLE], id="wrong-types"),
    pytest.param(options(type="spc_t", user="u", role="r"), [TYPE, USER, ROLE], id="all-at-once"),
]


@pytest.mark.parametrize(("context", "messages"), CASES)
def test_selinux_options_of_pods_and_containers_are_refused(
    context: Json, messages: list[str]
) -> None:
    assert refused(RULE, base(securityContext=context)) == messages
    assert refused(RULE, with_container(securityContext=context)) == [
        f"containers[main].{message}" for message in messages
    ]


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    pod = in_list(key, restartPolicy="Always", securityContext=options(user="system_u"))
    assert refused(RULE, pod) == [f"{key}[main].{USER}"]


def test_the_type_of_container_engines_is_accepted_since_1_31() -> None:
    pod = base(securityContext=options(type="container_engine_t"))
    assert refused(RULE, pod, edition("baseline", "v1.30")) == [TYPE]
    assert refused(RULE, pod, edition("baseline", "v1.31")) == []


@pytest.mark.parametrize("wrong", ["spc_t", [], False, 0])
def test_options_of_a_wrong_shape_are_malformed(wrong: object) -> None:
    with pytest.raises(Malformed):
        refused(RULE, base(securityContext={"seLinuxOptions": wrong}))
