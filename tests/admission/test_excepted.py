"""An exception turns what its rules refuse into warnings, and does nothing else."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.admission.case import MANAGED, NAME, SERVER, VALIDATE, Json, answer_to
from tests.admission.case import deployment as written
from tests.builders import bare_pod, of_kind, server
from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of, restarted
from tests.in_memory.defaults import copied, template_of
from tests.rules.case import settings_of
from webhook.admission.answer import Severity
from webhook.rules.registry import RULES
from webhook.settings.model import MODES, Settings
from webhook.settings.server_exception import ServerException

UNTIL = 1798675200.0  # 2026-12-31
SAID = "excepted until 2026-12-31 by old-bridge: "
ESCALATING: Json = {"securityContext": {"allowPrivilegeEscalation": True}}
KINDS = ["StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "ReplicationController"]


def granted(
    *rules: str, to: str = "github-tools", images: Iterable[str] = (), name: str = "old-bridge",
    until: float = UNTIL,
) -> ServerException:  # fmt: skip
    return ServerException(name, "tools", to, frozenset(rules), tuple(images), "migrating", until)


def excepting(*rules: str, settings: Settings | None = None, **keys: Any) -> Settings:
    """Settings with an exception for one workload."""
    return (settings or Settings()).with_exceptions([granted(*rules, **keys)])


def labelled_pod_of(workload: Json) -> Json:
    pod = pod_of(workload)
    pod["metadata"]["labels"][SERVER] = "true"
    if workload["kind"] == "Deployment":
        pod["metadata"]["labels"]["pod-template-hash"] = "7d4b9c6f5"
    return pod


REFUSED = {
    "Deployment": server(container=ESCALATING),
    "Pod": bare_pod(container=ESCALATING),
    "Pod of a Deployment": labelled_pod_of(server(container=ESCALATING)),
    "Pod of a StatefulSet": labelled_pod_of(
        of_kind("StatefulSet", containers=[{"name": "mcp", "image": "a", **ESCALATING}])
    ),
}
TOLD = f"{SAID}containers[mcp].securityContext.allowPrivilegeEscalation must be false"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_told_with_the_exception_and_its_end(name: str) -> None:
    document = REFUSED[name]
    assert not ApiServer().create(document).allowed

    outcome = ApiServer(excepting("privilege-escalation")).create(document)

    assert outcome.allowed
    for answer in outcome.answers:
        found = [each for each in answer.findings if each.rule == "privilege-escalation"]
        assert [(each.severity, each.message, each.exception) for each in found] == [
            (Severity.WARNING, TOLD, "old-bridge")
        ]
    assert len(outcome.warnings) == 1
    assert outcome.warnings[0].startswith(SAID)
    assert len(outcome.warnings[0]) <= 120


@pytest.mark.parametrize("kind", KINDS)
def test_authors_of_other_workloads_read_the_same_early(kind: str) -> None:
    document = of_kind(kind, hostNetwork=True)
    refused = ApiServer().create(document).warnings
    told = ApiServer(excepting("host-namespaces")).create(document).warnings

    assert refused == ["pods will be refused: hostNetwork must be false (host-namespaces)"]
    assert told == [f"{SAID}hostNetwork must be false (host-namespaces)"]


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize(
    "settings",
    [
        excepting("capabilities"),
        excepting("privilege-escalation", to="github"),
        excepting("privilege-escalation", to="other"),
        excepting("privilege-escalation", images=["other.example/"]),
        excepting("identity", "isolation-gate", "annotations"),
    ],
    ids=["another-rule", "another-name", "another-workload", "other-images", "guards"],
)
def test_what_has_no_exception_is_refused_as_before(document: Json, settings: Settings) -> None:
    with_, without = ApiServer(settings).create(document), ApiServer().create(document)

    assert with_.answers == without.answers
    assert not with_.allowed


@pytest.mark.parametrize("hook", [{}, {"hook": VALIDATE}], ids=["mutate", "validate"])
def test_an_exception_to_nobody_is_not_one_to_a_pod_whose_name_is_not_known_yet(hook: Json) -> None:
    pod = bare_pod(container=ESCALATING)
    pod["metadata"] = {**pod["metadata"], "generateName": "tools-5d8-"}
    del pod["metadata"]["name"]

    excepted = answer_to(pod, None, excepting("privilege-escalation", to=""), **hook)

    assert excepted == answer_to(pod, None, Settings(), **hook)
    assert not excepted.allowed


def test_absent_fields_are_filled_in_by_the_excepted_rule_too() -> None:
    other = {
        "name": "other",
        "image": "b",
        "securityContext": {"capabilities": {"add": ["SYSLOG"]}},
    }
    document = server(containers=[{"name": "mcp", "image": "a"}, other])
    rules = ("capabilities", "run-as-non-root", "service-account-token")

    stored = ApiServer(excepting(*rules)).create(document)

    assert stored.allowed
    first, second = template_of(stored.stored)["spec"]["containers"]
    assert first["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert second["securityContext"]["capabilities"]["add"] == ["SYSLOG"]
    assert second["securityContext"]["runAsNonRoot"] is True
    assert template_of(stored.stored)["spec"]["automountServiceAccountToken"] is False


OVERRIDING = settings_of(onConflict="override")


@pytest.mark.parametrize("document", [server(hostNetwork=True), bare_pod(hostNetwork=True)])
def test_an_excepted_rule_overrides_nothing(document: Json) -> None:
    overridden = ApiServer(OVERRIDING).create(document)
    kept = ApiServer(excepting("host-namespaces", settings=OVERRIDING)).create(document)

    assert "hostNetwork" not in template_of(overridden.stored)["spec"]
    assert template_of(kept.stored)["spec"]["hostNetwork"] is True
    assert kept.warnings == [f"{SAID}hostNetwork must be false (host-namespaces)"]


def test_what_the_fleet_replaces_first_stays_too() -> None:
    fleet = settings_of(
        mcpServerDefaults={"resources": {"limits": {"memory": "1Gi"}}, "perServer": "forbid"}
    )
    own = {"limits": {"memory": "64Mi"}}
    document = bare_pod(container={"resources": own})

    replaced = ApiServer(fleet).create(document)
    kept = ApiServer(excepting("resources", settings=fleet)).create(document)

    assert replaced.stored["spec"]["containers"][0]["resources"]["limits"] == {"memory": "1Gi"}
    assert kept.stored["spec"]["containers"][0]["resources"]["limits"] == {"memory": "64Mi"}
    assert kept.allowed
    assert kept.warnings[0].startswith(SAID)


def test_what_was_overridden_before_is_back_with_the_next_manifest_that_has_it() -> None:
    before = ApiServer(OVERRIDING).create(server(hostNetwork=True)).stored
    changed = server(hostNetwork=True, container={"image": "registry.example/mcp:2"})

    for settings in (Settings(), OVERRIDING):
        now = ApiServer(excepting("host-namespaces", settings=settings)).update(before, changed)
        assert template_of(now.stored)["spec"]["hostNetwork"] is True
    after = ApiServer(OVERRIDING).update(now.stored, restarted(now.stored))
    assert "hostNetwork" not in template_of(after.stored)["spec"]


def test_pods_of_an_excepted_template_keep_what_it_has() -> None:
    settings = excepting("host-namespaces", settings=OVERRIDING)
    stored = ApiServer(settings).create(server(hostNetwork=True)).stored
    pod = labelled_pod_of(stored)

    assert ApiServer(settings).create(pod).stored["spec"]["hostNetwork"] is True
    assert "hostNetwork" not in ApiServer(OVERRIDING).create(pod).stored["spec"]


def live(**spec: Any) -> Json:
    """A pod of a Deployment, as it is stored under an exception."""
    return {
        **ApiServer(excepting("privilege-escalation"))
        .create(REFUSED["Pod of a Deployment"])
        .stored,
        **spec,
    }


def test_an_update_of_a_live_pod_is_checked_with_its_exception() -> None:
    old = live()
    new = copied(old)
    new["spec"]["containers"][0]["image"] = "registry.example/mcp:2"

    assert not ApiServer().update(old, new).allowed
    assert ApiServer(excepting("privilege-escalation")).update(old, new).allowed
    only_first = excepting("privilege-escalation", images=["registry.example/mcp:1"])
    assert not ApiServer(only_first).update(old, new).allowed


@pytest.mark.parametrize(
    ("mounted", "allowed"), [("registry.example/data:1", True), ("evil.example/data:1", False)]
)
def test_an_image_that_is_mounted_has_to_match_as_those_that_run(
    mounted: str, *, allowed: bool
) -> None:
    volumes = [{"name": "data", "image": {"reference": mounted}}, {"name": "tmp", "emptyDir": {}}]
    document = server(container=ESCALATING, volumes=volumes)
    excepted = excepting("privilege-escalation", "volume-types", images=["registry.example"])

    assert ApiServer(excepted).create(document).allowed is allowed


def test_a_toleration_of_a_live_pod_is_let_off() -> None:
    old = live()
    new = copied(old)
    new["spec"].setdefault("tolerations", []).append({"operator": "Exists"})

    assert ApiServer().update(old, new).refused_by == ["tolerations"]
    outcome = ApiServer(excepting("tolerations")).update(old, new)
    assert (outcome.allowed, outcome.warned_by) == (True, ["tolerations"])


@pytest.mark.parametrize("label", [SERVER, NAME])
def test_labels_of_a_live_pod_are_guarded_whatever_is_granted(label: str) -> None:
    old = live()
    new = copied(old)
    new["metadata"]["labels"][label] = "other"
    everything = excepting(*(rule.id for rule in RULES))

    assert ApiServer(everything).update(old, new).refused_by == ["identity"]
    assert ApiServer(everything).update(old, new, "status").refused_by == ["identity"]


def test_the_gate_is_guarded_whatever_is_granted() -> None:
    old = live()
    assert old["spec"]["schedulingGates"]
    new = copied(old)
    del new["spec"]["schedulingGates"]
    everything = excepting(*(rule.id for rule in RULES))

    assert ApiServer(everything).update(old, new).refused_by == ["isolation-gate"]
    on_a_node = bare_pod(nodeName="node-1")
    assert ApiServer(everything).create(on_a_node).refused_by == ["isolation-gate"]


DEBUGGER: Json = {"name": "debugger", "image": "registry.example/shell:1", **ESCALATING}


@pytest.mark.parametrize(
    ("images", "allowed"),
    [((), True), (["registry.example/"], True), (["registry.example/mcp"], False)],
)
def test_an_ephemeral_container_has_to_have_a_granted_image_as_well(
    images: list[str], *, allowed: bool
) -> None:
    old = live()
    new = copied(old)
    new["spec"]["ephemeralContainers"] = [DEBUGGER]

    assert not ApiServer().update(old, new, "ephemeralcontainers").allowed
    outcome = ApiServer(excepting("privilege-escalation", images=images)).update(
        old, new, "ephemeralcontainers"
    )
    assert outcome.allowed is allowed


def test_an_ephemeral_container_counts_beside_one_whose_image_is_not_granted() -> None:
    old = live()
    new = copied(old)
    new["spec"]["ephemeralContainers"] = [DEBUGGER]
    its_own = excepting("privilege-escalation", images=["registry.example/shell"])

    assert not ApiServer(its_own).update(old, new, "ephemeralcontainers").allowed


CEILINGS = settings_of(mcpServerMaximums={"limits": {"memory": "1Gi"}})


def test_a_resize_above_a_ceiling_is_let_off() -> None:
    old = live()
    new = copied(old)
    new["spec"]["containers"][0]["resources"] = {"limits": {"memory": "2Gi"}}

    assert not ApiServer(CEILINGS).update(old, new, "resize").allowed
    outcome = ApiServer(excepting("resource-ceilings", settings=CEILINGS)).update(
        old, new, "resize"
    )
    assert (outcome.allowed, set(outcome.warned_by)) == (True, {"resource-ceilings"})


ONE = settings_of(replicas={"policy": "deny"})


@pytest.mark.parametrize(("images", "allowed"), [((), True), (["example.test/"], False)])
def test_a_scale_has_no_images_so_only_an_exception_for_all_counts(
    images: list[str], *, allowed: bool
) -> None:
    asked = {"kind": "Scale", "metadata": {"name": "tools"}, "spec": {"replicas": 3}}
    before = {**asked, "spec": {"replicas": 1}}
    keys: Any = {"resource": "deployments.apps", "subresource": "scale", "scope": MANAGED}
    settings = excepting("replicas", to="tools", images=images, settings=ONE)

    assert not answer_to(asked, before, ONE, hook=VALIDATE, **keys).allowed
    answer = answer_to(asked, before, settings, hook=VALIDATE, **keys)
    assert answer.allowed is allowed
    command = "mcp-admission exception draft deployment/tools -n tools"
    assert allowed or answer.message.endswith(command)


@pytest.mark.parametrize("policy", ["override", "deny"])
def test_an_excepted_deployment_has_several_replicas(policy: str) -> None:
    settings = excepting("replicas", settings=settings_of(replicas={"policy": policy}))
    created = ApiServer(settings).create(server(replicas=3))
    more = copied(created.stored)
    more["spec"]["replicas"] = 5

    assert created.stored["spec"]["replicas"] == 3
    assert ApiServer(settings).update(created.stored, more).stored["spec"]["replicas"] == 5


def test_a_binding_does_not_say_whose_pod_it_is_for() -> None:
    key = "container.apparmor.security.beta.kubernetes.io/mcp"
    outcome = ApiServer(excepting("apparmor")).bind({"annotations": {key: "unconfined"}})

    assert outcome.refused_by == ["apparmor"]


OWN: Json = {"name": "mcp", "image": "registry.example/mcp:1", **ESCALATING}
SIDE: Json = {"name": "side", "image": "other.example/side:1"}


@pytest.mark.parametrize(
    ("images", "alone", "beside"),
    [
        (["registry.example/mcp:1"], True, False),
        (["registry.example/"], True, False),
        (["registry.example/", "other.example/"], True, True),
        (["other.example/"], False, False),
    ],
)
@pytest.mark.parametrize("part", ["containers", "initContainers"])
def test_every_container_has_to_have_a_granted_image(
    part: str, images: list[str], *, alone: bool, beside: bool
) -> None:
    api = ApiServer(excepting("privilege-escalation", images=images))
    with_side = bare_pod(containers=[OWN])
    with_side["spec"].setdefault(part, []).append(SIDE)

    assert api.create(bare_pod(containers=[OWN])).allowed is alone
    assert api.create(with_side).allowed is beside


def test_a_container_without_an_image_has_none_that_is_granted() -> None:
    document = server(containers=[{"name": "mcp", **ESCALATING}])

    assert (
        not ApiServer(excepting("privilege-escalation", images=["registry.example/"]))
        .create(document)
        .allowed
    )
    assert ApiServer(excepting("privilege-escalation")).create(document).allowed


def test_two_exceptions_for_one_workload_both_count_and_the_longer_one_is_named() -> None:
    both = Settings().with_exceptions(
        [
            granted("privilege-escalation", name="long", until=UNTIL + 86400),
            granted("privilege-escalation", "host-namespaces", name="short"),
        ]
    )

    outcome = ApiServer(both).create(server(container=ESCALATING, hostNetwork=True))

    assert outcome.allowed
    found = {each.rule: each.exception for each in outcome.answers[0].findings}
    assert found == {"privilege-escalation": "long", "host-namespaces": "short"}


def test_a_warning_needs_no_exception() -> None:
    warns = settings_of(onConflict="warn")
    document = server(container=ESCALATING)

    with_ = ApiServer(excepting("privilege-escalation", settings=warns)).create(document)

    assert with_.answers == ApiServer(warns).create(document).answers


@pytest.mark.parametrize("mode", MODES)
def test_no_mode_would_refuse_what_is_excepted(mode: str) -> None:
    settings = excepting("privilege-escalation", settings=settings_of(mode=mode))
    answers = ApiServer(settings).create(server(container=ESCALATING)).answers

    assert [answer.would for answer in answers] == ["" if mode == "enforce" else "patch", ""]


def test_of_very_many_findings_the_same_number_has_words() -> None:
    containers = [{"name": f"c{at}", "image": "a", **ESCALATING} for at in range(150)]
    containers[0]["ports"] = [{"name": "mcp", "containerPort": 80}]
    findings = answer_to(
        bare_pod(containers=containers), settings=excepting("privilege-escalation")
    ).findings

    assert len([each for each in findings if each.exception]) == 100
    assert [each.more for each in findings if each.more] == [50]


COMMANDS = {
    "Deployment": (server(hostNetwork=True), "deployment/github-tools"),
    "Pod": (bare_pod(hostNetwork=True), "pod/github-tools"),
    "Pod of a Deployment": (
        labelled_pod_of(server(hostNetwork=True)), "deployment/github-tools",
    ),
    "Pod of a StatefulSet": (
        labelled_pod_of(of_kind("StatefulSet", hostNetwork=True)), "statefulset/github-tools",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("hook", [{}, {"hook": VALIDATE}], ids=["mutate", "validate"])
def test_the_last_line_of_a_refusal_names_the_command_that_asks_for_an_exception(
    name: str, hook: Json
) -> None:
    document, workload = COMMANDS[name]

    last = answer_to(document, **hook).message.splitlines()[-1]

    command = f"mcp-admission exception draft {workload} -n tools"
    assert last.startswith(
        "  remove or correct these fields, or ask the cluster administrator for "
    )
    assert last.endswith(f": {command}")


def test_no_command_is_named_where_no_rule_has_exceptions() -> None:
    refused = answer_to(bare_pod(nodeName="node-1"))

    assert refused.message.splitlines()[-1] == (
        "  correct these fields: there is no exception to the rule in brackets"
    )


def test_a_deployment_of_another_name_borrows_nothing() -> None:
    """Nor do its pods, although their labels are another's."""
    evil = written(
        labels={SERVER: "true", NAME: "github-tools"},
        template={"labels": {"app": "tools", NAME: "github-tools"}},
        hostNetwork=True,
    )
    pod = labelled_pod_of(evil | {"metadata": {"name": "evil"}})
    pod["metadata"]["labels"][NAME] = "github-tools"
    settings = excepting("host-namespaces")

    for document in (evil, pod):
        assert ApiServer(settings).create(document).refused_by == ["host-namespaces"]
