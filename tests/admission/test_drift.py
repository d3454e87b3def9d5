"""What rolling a server would do: nothing, a change that is named, or a refusal and its reasons."""

from copy import deepcopy
from typing import Any

import pytest

from tests import builders
from tests.admission.older_templates import older
from tests.controller.servers.live import Json, filled_in, memory, server, settings, stored
from webhook.admission import Scope
from webhook.admission.drift import (
    CURRENT,
    OUT_OF_DATE,
    REFUSED,
    STATES,
    UNPROTECTED,
    Change,
    changes,
    drift_of,
)
from webhook.settings.model import Settings

DEFAULTS = Settings()
MEMORY = "containers[mcp].resources.requests.memory"
PATH = "/spec/template/spec/containers/0/resources/requests/memory"
PRIVILEGED = [builders.container(securityContext={"privileged": True})]


def replicas(found: Json, count: int) -> Json:
    found["spec"]["replicas"] = count
    return found


def labelled(found: Json, **labels: str | None) -> Json:
    kept = {**found["metadata"]["labels"], **labels}
    found["metadata"]["labels"] = {key: value for key, value in kept.items() if value is not None}
    return found


def annotated(found: Json, key: str, value: str) -> Json:
    found["spec"]["template"]["metadata"].setdefault("annotations", {})[key] = value
    return found


CASES = [
    pytest.param(filled_in(server(), DEFAULTS), {}, CURRENT, id="as-it-would-be"),
    pytest.param(
        filled_in(server(), settings(**memory("800Mi"))),
        {},
        OUT_OF_DATE,
        id="filled-in-under-others",
    ),
    pytest.param(filled_in(server(), DEFAULTS), memory("800Mi"), OUT_OF_DATE, id="other-settings"),
    pytest.param(stored(server()), {}, UNPROTECTED, id="never-filled-in"),
    pytest.param(stored(server(containers=PRIVILEGED)), {}, REFUSED, id="never-and-refused"),
    pytest.param(
        stored(server(containers=PRIVILEGED)),
        {"onConflict": "override"},
        UNPROTECTED,
        id="overridden-and-not-refused",
    ),
    pytest.param(
        filled_in(
            server(containers=[builders.container(resources={"limits": {"memory": "2Gi"}})]),
            DEFAULTS,
        ),
        {"mcpServerMaximums": {"limits": {"memory": "1Gi"}}},
        REFUSED,
        id="above-a-new-ceiling",
    ),
    pytest.param(
        replicas(filled_in(server(), DEFAULTS), 3),
        {"replicas": {"policy": "deny"}},
        CURRENT,
        id="replicas-that-are-there-are-not-asked-for",
    ),
    pytest.param(
        annotated(filled_in(server(), DEFAULTS), "mcp-admission.dev/revision", "a1"),
        {},
        CURRENT,
        id="rolled-for-its-configuration",
    ),
    pytest.param(
        annotated(filled_in(server(), settings(**memory("1Gi"))), "team.example/x", "y"),
        {},
        OUT_OF_DATE,
        id="with-annotations-of-its-own",
    ),
    pytest.param(
        filled_in(server(), DEFAULTS),
        {"mcpServerDefaults": {"runtimeClassName": "gvisor"}},
        OUT_OF_DATE,
        id="a-runtime-class-more",
    ),
    pytest.param(
        labelled(filled_in(server(), DEFAULTS), **{builders.SERVER: None}),
        {},
        UNPROTECTED,
        id="label-in-the-template-alone",
    ),
]


@pytest.mark.parametrize(("found", "values", "expected"), CASES)
def test_a_server_is_in_one_state(found: Json, values: Json, expected: str) -> None:
    before = deepcopy(found)
    seen = drift_of(found, settings(**values), Scope.OPTED_IN)

    assert seen.state == expected == drift_of(found, settings(**values), Scope.OPTED_IN).state
    assert found == before
    assert bool(seen.changes) == (expected in (OUT_OF_DATE, UNPROTECTED))
    assert bool(seen.reasons) == (expected == REFUSED)
    assert expected in STATES


def test_the_field_is_named_with_both_values() -> None:
    seen = drift_of(filled_in(server(), DEFAULTS), settings(**memory("800Mi")), Scope.OPTED_IN)

    assert seen.changes == (Change(MEMORY, PATH, "400Mi", "800Mi"),)


def test_what_is_absent_is_told_leaf_by_leaf() -> None:
    found = {
        each.field: each for each in drift_of(stored(server()), DEFAULTS, Scope.OPTED_IN).changes
    }

    assert found[MEMORY] == Change(MEMORY, PATH, None, "400Mi")
    assert found["containers[mcp].securityContext.runAsUser"].after == 1000
    assert found["automountServiceAccountToken"].after is False
    assert found["metadata.labels[mcp-admission.dev/name]"].path == (
        "/spec/template/metadata/labels/mcp-admission.dev~1name"
    )
    assert not any("injected" in field or "revision" in field for field in found)


def test_a_refusal_names_the_rule_and_the_place() -> None:
    seen = drift_of(stored(server(containers=PRIVILEGED)), DEFAULTS, Scope.OPTED_IN)

    assert [(each.rule, each.path) for each in seen.reasons][:1] == [
        ("privileged", "/spec/template/spec/containers/0/securityContext/privileged")
    ]


def test_a_namespace_that_is_managed_makes_everything_a_server() -> None:
    unlabelled = builders.server("crm", labels={}, replicas=1)

    assert drift_of(stored(unlabelled), DEFAULTS, Scope.MANAGED).state == UNPROTECTED
    assert (
        drift_of(filled_in(unlabelled, DEFAULTS, managed=True), DEFAULTS, Scope.MANAGED).state
        == CURRENT
    )


def test_an_object_that_no_engine_can_read_would_be_refused() -> None:
    seen = drift_of(stored(server(containers="none")), DEFAULTS, Scope.OPTED_IN)

    assert (seen.state, [each.rule for each in seen.reasons]) == (REFUSED, ["object"])


NAMED = {"name": "v", "emptyDir": {}}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": None, "c": {}}, []),
        ({"spec": {"a": 1}}, {"spec": {"a": 2}}, [Change("a", "/spec/a", 1, 2)]),
        ({"l": [1]}, {"l": [1, 2]}, [Change("l", "/l", [1], [1, 2])]),
        ({}, {"v": [NAMED]}, [Change("v[v]", "/v/0", None, NAMED)]),
        ({"v": [NAMED]}, {"v": []}, [Change("v[v]", "/v/0", NAMED, None)]),
        ({"v": [NAMED, NAMED]}, {}, [Change("v", "/v", [NAMED, NAMED], None)]),
        (
            {"v": [{"name": "b", "x": 1}]},
            {"v": [NAMED, {"name": "b", "x": 2}]},
            [Change("v[b].x", "/v/0/x", 1, 2), Change("v[v]", "/v/0", None, NAMED)],
        ),
        ({"a~b/c": 1}, {}, [Change("[a~b/c]", "/a~0b~1c", 1, None)]),
        ({"a": "text"}, {"a": {"b": 1}}, [Change("a", "/a", "text", {"b": 1})]),
        (
            {"metadata": {"annotations": {"mcp-admission.dev/injected": "{}"}}},
            {},
            [
                Change(
                    "metadata.annotations[mcp-admission.dev/injected]",
                    "/metadata/annotations/mcp-admission.dev~1injected",
                    "{}",
                    None,
                )
            ],
        ),
    ],
)
def test_differences_are_told_by_field(before: Any, after: Any, expected: list[Change]) -> None:
    assert list(changes(before, after)) == expected


def test_what_pods_are_given_is_told_where_it_stands_on_them() -> None:
    fleet = {
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"pool": "mcp"},
        "tolerations": [{"key": "mcp", "operator": "Exists"}],
    }

    seen = drift_of(
        filled_in(server(), DEFAULTS), settings(mcpServerDefaults=fleet), Scope.OPTED_IN
    )

    assert seen.state == OUT_OF_DATE
    assert [(each.field, each.before, each.after) for each in seen.changes] == [
        ("imagePullSecrets[registry]", None, {"name": "registry"}),
        ("nodeSelector.pool", None, "mcp"),
        ("tolerations", None, fleet["tolerations"]),
    ]


def test_a_setting_that_the_author_has_overruled_changes_nothing() -> None:
    own = [builders.container(resources={"requests": {"memory": "64Mi"}})]
    found = filled_in(server(containers=own), DEFAULTS)

    assert drift_of(found, settings(**memory("800Mi")), Scope.OPTED_IN).state == CURRENT


def older_template() -> Json:
    return older(filled_in(server(), DEFAULTS))


def test_what_moves_from_a_template_to_its_pods_is_told() -> None:
    found = older_template()
    fleet = {"mcpServerDefaults": {"imagePullSecrets": [{"name": "fleet"}]}}

    seen = drift_of(found, settings(**fleet), Scope.OPTED_IN)

    assert seen.state == OUT_OF_DATE
    assert [(each.field, each.before, each.after) for each in seen.changes] == [
        (MEMORY, "400Mi", None),
        ("imagePullSecrets[fleet]", {"name": "fleet"}, None),
    ]


def test_what_changes_on_the_pods_of_an_older_template_is_told_alone() -> None:
    found = older_template()
    fleet = {"imagePullSecrets": [{"name": "fleet"}], **memory("800Mi")["mcpServerDefaults"]}

    seen = drift_of(found, settings(mcpServerDefaults=fleet), Scope.OPTED_IN)

    assert seen.changes == (Change(MEMORY, PATH, "400Mi", "800Mi"),)
