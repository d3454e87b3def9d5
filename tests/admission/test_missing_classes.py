"""A runtime class that is not there: said at the workload, and no reason to refuse anything."""

from typing import Any

import pytest

from tests.admission.case import VALIDATE, Json, deployment, mutated, pod
from tests.admission.test_other_workloads import OTHERS, workload
from tests.admission.test_written_templates import written
from tests.in_memory.defaults import copied
from tests.in_memory.requests import request
from tests.rules.case import settings_of
from webhook.admission.handler import review
from webhook.admission.workload import Scope
from webhook.settings.model import Settings

KATA = {"mcpServerDefaults": {"runtimeClassName": "kata"}}
SAID = (
    'runtimeClassName: RuntimeClass "{}" not found: Kubernetes refuses the pods until it exists '
    "(runtime-class)"
)


def said(
    document: Json,
    settings: Settings,
    *there: str,
    known: bool = True,
    old: Json | None = None,
) -> tuple[str, ...]:
    """The warnings of the validating hook where these classes are there."""
    asked = request(document, old, hook=VALIDATE)
    asked = asked._replace(runtime_classes=frozenset(there) if known else None)
    answer = review(asked, settings, Scope.OPTED_IN)
    assert answer.allowed
    return answer.warnings


def filled(settings: Settings, **spec: Any) -> Json:
    return mutated(deployment(**spec), settings=settings)


@pytest.mark.parametrize(
    ("settings", "spec", "name"),
    [
        pytest.param(KATA, {}, "kata", id="settings"),
        pytest.param({}, {"runtimeClassName": "gvisor"}, "gvisor", id="author"),
    ],
)
def test_a_deployment_is_told_of_a_class_that_is_not_there(
    settings: Json, spec: Json, name: str
) -> None:
    by = settings_of(**settings)
    found = filled(by, **spec)

    assert said(found, by, "runc") == (SAID.format(name),)
    assert said(found, by) == (SAID.format(name),)
    assert said(found, by, name, "runc") == ()
    assert said(found, by, known=False) == ()


def test_a_deployment_that_names_none_is_told_nothing() -> None:
    assert said(filled(settings_of()), settings_of()) == ()


def test_an_update_that_leaves_the_template_alone_is_told_nothing() -> None:
    by = settings_of(**KATA)
    old = filled(by)
    new = copied(old)
    new["spec"]["replicas"] = 0

    assert said(new, by, old=old) == ()


def test_where_pods_are_filled_in_their_deployment_is_told_as_well() -> None:
    by = settings_of(fillIn="pods", **KATA)
    document = written()
    before = copied(document)

    assert said(document, by) == (SAID.format("kata"),)
    assert document == before
    assert said(written(), by, "kata") == ()


@pytest.mark.parametrize("kind", OTHERS)
def test_other_workloads_are_told_as_well(kind: str) -> None:
    assert said(workload(kind), settings_of(**KATA)) == (SAID.format("kata"),)
    assert said(workload(kind, runtimeClassName="a"), settings_of(), "a") == ()


def test_below_enforce_it_is_a_warning_of_what_enforce_does() -> None:
    assert said(deployment(), settings_of(mode="observe", **KATA)) == ()
    head, warning = said(deployment(), settings_of(mode="warn", **KATA))
    assert head.startswith("stored as it is: once mcp-admission enforces its rules, it ")
    assert warning == SAID.format("kata")


def test_pods_are_not_told_because_kubernetes_refuses_them() -> None:
    by = settings_of(**KATA)

    assert said(mutated(pod(), settings=by), by) == ()


@pytest.mark.parametrize("name", ["a" * 253, "x\r\ny"])
def test_any_name_fits_into_a_warning(name: str) -> None:
    (warning,) = said(filled(settings_of(), runtimeClassName=name), settings_of())

    assert len(warning) <= 120
    assert "\n" not in warning
    assert "not found" in warning


@pytest.mark.parametrize("name", ["", None, 7, ["kata"], {"a": "b"}])
def test_what_is_no_name_is_left_to_kubernetes(name: Any) -> None:
    by = settings_of(mode="warn")
    heard = [said(deployment(runtimeClassName=name), by, known=known) for known in (True, False)]

    assert heard[0] == heard[1]
