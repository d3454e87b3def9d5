"""Environment variables of Services: switched off, on new pods and templates alone."""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of, restarted
from tests.in_memory.defaults import copied, template_of
from webhook.admission import Scope, drift
from webhook.settings.model import Settings

Json = dict[str, Any]

KEY = "enableServiceLinks"
SERVER = "mcp-admission.dev/server"
OFF = Settings.model_validate({"rules": {"service-links": "off"}})


def pod(**spec: Any) -> Json:
    containers = [{"name": "main", "image": "registry.example/mcp:1"}]
    return {
        "kind": "Pod",
        "metadata": {"name": "memory", "labels": {SERVER: "true"}},
        "spec": {"containers": containers, **spec},
    }


def deployment(**spec: Any) -> Json:
    template = {"metadata": {"labels": {"app": "memory"}}, "spec": pod(**spec)["spec"]}
    metadata = {"name": "memory", "namespace": "tools", "labels": {SERVER: "true"}}
    return {"kind": "Deployment", "metadata": metadata, "spec": {"template": template}}


@pytest.mark.parametrize("spec", [{}, {KEY: True}, {KEY: False}, {KEY: None}])
@pytest.mark.parametrize("make", [pod, deployment])
def test_no_service_becomes_a_variable(make: Any, spec: Json) -> None:
    outcome = ApiServer().create(make(**spec))

    assert template_of(outcome.stored)["spec"][KEY] is False
    assert outcome.warnings == []


@pytest.mark.parametrize("kind", ["StatefulSet", "Job"])
def test_pods_of_other_workloads_get_no_service_links(kind: str) -> None:
    document = {**deployment(**{KEY: True}), "kind": kind}
    document["spec"]["template"]["metadata"]["labels"] = {SERVER: "true"}
    stored = ApiServer().create(pod_of(document)).stored

    assert stored["spec"][KEY] is False


def test_settings_switch_it_off() -> None:
    assert KEY not in template_of(ApiServer(OFF).create(deployment()).stored)["spec"]
    assert ApiServer(OFF).create(pod()).stored["spec"][KEY] is True


def as_an_older_version_left_it() -> Json:
    """A Deployment that was filled in before there was such a rule."""
    return ApiServer(OFF).create(deployment()).stored


def test_an_older_template_is_out_of_date_and_nothing_else() -> None:
    found = {**as_an_older_version_left_it()}
    outlook = drift.drift_of(found, Settings(), Scope.OPTED_IN)

    assert (outlook.state, outlook.reasons) == ("out-of-date", ())
    assert [(each.field, each.before, each.after) for each in outlook.changes] == [
        (KEY, None, False)
    ]


def test_a_restart_of_an_older_one_brings_it_and_a_sync_does_not() -> None:
    live = as_an_older_version_left_it()

    assert template_of(ApiServer().update(live, deployment()).stored) == template_of(live)
    restart = ApiServer().update(live, restarted(live)).stored
    assert template_of(restart)["spec"][KEY] is False


def test_a_new_pod_of_an_older_template_has_it() -> None:
    made = ApiServer().create(pod_of(as_an_older_version_left_it()))

    assert made.allowed
    assert made.stored["spec"][KEY] is False


@pytest.mark.parametrize("scope", [Scope.OPTED_IN, Scope.MANAGED])
def test_a_live_pod_that_has_them_takes_a_new_image(scope: Scope) -> None:
    """The field cannot change any more, so it is neither refused nor touched."""
    live = ApiServer(OFF, scope).create(pod()).stored
    new = copied(live)
    new["spec"]["containers"][0]["image"] = "registry.example/mcp:2"

    outcome = ApiServer(Settings(), scope).update(live, new)

    assert (outcome.allowed, outcome.warnings, outcome.patch) == (True, [], [])
    assert outcome.stored["spec"][KEY] is True


def test_the_manifest_of_a_pod_can_be_applied_again() -> None:
    live = ApiServer().create(pod(**{KEY: True})).stored
    again = copied(live)
    again["spec"][KEY] = True

    assert ApiServer().update(live, again).stored["spec"][KEY] is False


@pytest.mark.parametrize("spec", [{}, {KEY: True}, {KEY: False}])
def test_opting_out_gives_back_what_the_author_wrote(spec: Json) -> None:
    manifest = deployment(**spec)
    live = ApiServer().create(manifest).stored
    leaving = copied(live)
    leaving["metadata"]["labels"][SERVER] = "false"

    left = ApiServer().update(live, leaving).stored

    assert template_of(left)["spec"].get(KEY) == spec.get(KEY)
