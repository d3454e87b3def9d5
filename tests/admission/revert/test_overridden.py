"""What the workload's author wrote and we replaced is remembered, and comes back when it should."""

import pytest

from tests.admission.case import SERVER, Json, deployment, pod
from tests.in_memory.api_server import ApiServer, Outcome
from tests.in_memory.defaults import copied, template_of, with_defaults, with_plugins
from tests.rules.case import settings_of
from webhook.admission.revert import alike
from webhook.settings.model import Settings

OVERRIDE = settings_of(onConflict="override")
FLEET: Json = {
    "perServer": "forbid",
    "tolerations": [{"key": "fleet", "operator": "Exists"}],
    "affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "resources": {"requests": {"memory": "400Mi"}},
}
FORBID = settings_of(mcpServerDefaults=FLEET)
OWN = {
    "tolerations": [{"key": "own", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {"own": []}},
    "containers": [{
        "name": "main", "image": "example.test/mcp:1",
        "resources": {"requests": {"memory": "2Gi"}, "limits": {"cpu": "4"}},
    }],
}  # fmt: skip


def contradicting(**context: object) -> Json:
    """The fields of a spec whose container asks for what is refused."""
    asked = {"privileged": True, "capabilities": {"add": ["NET_ADMIN", "NET_BIND_SERVICE"]}}
    return {
        "hostPID": True,
        "securityContext": {"runAsNonRoot": False},
        "containers": [{"name": "main", "image": "example.test/mcp:1", "imagePullPolicy": "Never",
                        "securityContext": {**asked, **context}}],
    }  # fmt: skip


CASES = [
    pytest.param(OVERRIDE, contradicting(), id="override"),
    pytest.param(FORBID, OWN, id="forbid"),
]


@pytest.mark.parametrize(("settings", "spec"), CASES)
def test_the_same_deployment_again_gets_no_new_template(settings: Settings, spec: Json) -> None:
    manifest = deployment(**spec)
    live = ApiServer(settings).create(manifest).stored
    changed = settings_of(mcpServerDefaults={"nodeSelector": {"pool": "mcp"}})

    outcome = ApiServer(changed).update(live, manifest)

    assert outcome.allowed, outcome.message
    assert template_of(outcome.stored) == template_of(live)


@pytest.mark.parametrize(("settings", "spec"), CASES)
def test_the_same_pod_again_changes_nothing(settings: Settings, spec: Json) -> None:
    cluster = ApiServer(settings)
    live = cluster.create(pod(**spec)).stored

    new = with_plugins(applied_again(live, pod(**spec)))  # they see updates, too
    outcome = cluster.update(live, new)

    assert outcome.allowed, outcome.message
    assert outcome.stored == live


def applied_again(live: Json, manifest: Json) -> Json:
    """What `kubectl apply` of the manifest makes of it: objects merge, lists are replaced."""
    new = copied(live)
    template, asked = template_of(new)["spec"], template_of(manifest)["spec"]
    _merge(template["containers"][0], asked["containers"][0])
    _merge(template, {key: value for key, value in asked.items() if key != "containers"})
    return new


def _merge(target: Json, source: Json) -> None:
    for key, value in source.items():
        if isinstance(value, dict):
            _merge(target.setdefault(key, {}), value)
        else:
            target[key] = copied({"value": value})["value"]


@pytest.mark.parametrize(("settings", "spec"), CASES)
def test_the_same_deployment_applied_again_gets_no_new_template(
    settings: Settings, spec: Json
) -> None:
    manifest = deployment(**spec)
    cluster = ApiServer(settings)
    live = cluster.create(manifest).stored

    outcome = cluster.update(live, applied_again(live, manifest))

    assert outcome.stored == live


@pytest.mark.parametrize(("settings", "spec"), CASES)
def test_opting_out_brings_back_what_was_written(settings: Settings, spec: Json) -> None:
    cluster, manifest = ApiServer(settings), deployment(**spec)
    live = cluster.create(manifest).stored
    new = copied(live)
    new["metadata"]["labels"][SERVER] = "false"

    left = cluster.update(live, new).stored

    assert alike(template_of(left)["spec"], template_of(with_defaults(manifest))["spec"])


def rolled(settings: Settings, live: Json) -> Outcome:
    """The update that `kubectl set image` makes."""
    new = copied(live)
    template_of(new)["spec"]["containers"][0]["image"] = "example.test/mcp:2"
    return ApiServer(settings).update(live, new)


@pytest.mark.parametrize(("settings", "spec"), CASES)
def test_what_was_overridden_is_overridden_again(settings: Settings, spec: Json) -> None:
    live = ApiServer(settings).create(deployment(**spec)).stored

    outcome = rolled(settings, live)

    template_of(live)["spec"]["containers"][0]["image"] = "example.test/mcp:2"
    assert template_of(outcome.stored) == template_of(live)


def test_what_was_overridden_is_not_refused_later() -> None:
    live = ApiServer(OVERRIDE).create(deployment(**contradicting())).stored

    outcome = rolled(Settings(), live)

    assert outcome.allowed, outcome.message
    assert "imagePullPolicy overridden" in str(outcome.warnings)


def test_what_was_overridden_comes_back_where_the_rule_is_off() -> None:
    live = ApiServer(OVERRIDE).create(deployment(**contradicting())).stored

    outcome = rolled(settings_of(rules={"image-pull-policy": "off"}), live)

    container = template_of(outcome.stored)["spec"]["containers"][0]
    assert container["imagePullPolicy"] == "Never"


def test_what_was_taken_away_does_not_come_back_by_itself() -> None:
    live = ApiServer(OVERRIDE).create(deployment(**contradicting())).stored
    off = settings_of(mcpNamespace={"podSecurity": {"enforce": "privileged"}})

    outcome = rolled(off, live)

    spec = template_of(outcome.stored)["spec"]
    assert "hostPID" not in spec
    assert "privileged" not in spec["containers"][0]["securityContext"]
