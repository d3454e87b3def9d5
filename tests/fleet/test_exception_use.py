"""Exceptions are told by what became of them, and by whether a server needs them."""

from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import RESOURCES, Json, filled_in, stored
from webhook.admission import Scope
from webhook.fleet.exception_use import ExceptionUse
from webhook.fleet.workloads import server_workload
from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.model import Settings
from webhook.settings.rule_settings import Level
from webhook.settings.server_exception import ServerException

DAY = 24 * 60 * 60.0
NOW = 1_798_675_200.0  # 2026-12-31
DEFAULTS = Settings()


def granted(name: str, *rules: str, days: float = 30, workload: str = "crm") -> ServerException:
    return ServerException(name, "team", workload, frozenset(rules), (), "old", NOW + days * DAY)


HOST = granted("host", "host-namespaces")
ENDS = granted("ends", "host-namespaces", days=6)
ASIDE = granted("aside", "capabilities")
OTHER = granted("other", "host-namespaces", workload="bridge")


def document(name: str, **spec: Any) -> Json:
    given = {
        "workload": {"namespace": "team", "name": "crm"},
        "rules": ["host-namespaces"],
        "reason": "old",
        "expires": "2026-12-01T00:00:00Z",
        **spec,
    }
    return {"metadata": {"name": name, "creationTimestamp": "2026-11-01T00:00:00Z"}, "spec": given}


def use(*exceptions: ServerException) -> ExceptionUse:
    overlays = {"team": Overlay(exceptions=exceptions)} if exceptions else {}
    return ExceptionUse(SettingsByNamespace(DEFAULTS, overlays))


def look(at: ExceptionUse, found: Json) -> None:
    resource = RESOURCES[found["kind"]]
    workload = server_workload(found, resource, DEFAULTS, Scope.OPTED_IN)
    assert workload is not None
    at.look(found, resource, workload, Scope.OPTED_IN)


def states(of: ExceptionUse, namespace: str | None = None, *, all_seen: bool = True) -> Json:
    return {each.name: each.state for each in of.statuses(NOW, namespace, all_seen=all_seen)}


NEEDING = [
    stored(builders.server("crm", hostPID=True)),
    stored(builders.of_kind("StatefulSet", "crm", hostPID=True)),
    stored(builders.of_kind("CronJob", "crm", hostPID=True)),
    stored(builders.bare_pod("crm", hostPID=True)),
]


@pytest.mark.parametrize("found", NEEDING, ids=lambda each: str(each["kind"]))
def test_an_exception_is_in_force_while_a_server_needs_it(found: Json) -> None:
    seen = use(HOST, ASIDE, OTHER)
    look(seen, found)
    look(seen, found)

    assert states(seen) == {"host": "in-force", "aside": "unused", "other": "unused"}


def test_a_server_that_needs_none_of_the_rules_leaves_an_exception_unused() -> None:
    seen = use(HOST)
    look(seen, filled_in(builders.server("crm"), DEFAULTS))

    assert states(seen) == {"host": "unused"}
    assert states(seen, all_seen=False) == {"host": "in-force"}


def test_what_ends_within_days_is_said() -> None:
    seen = use(ENDS)
    look(seen, NEEDING[0])

    (found,) = seen.statuses(NOW, all_seen=True)
    assert found.state == "ending"
    assert found.line == (
        "exception ends for team/crm (host-namespaces): it ends on 2027-01-06: mend the server, "
        "or make another one"
    )


def test_documents_say_what_is_not_in_force() -> None:
    seen = use(HOST)
    look(seen, NEEDING[0])
    for each in (
        document("host", expires="2027-01-30T00:00:00Z"),
        document("ended"),
        document("waits", expires="2027-01-10T00:00:00Z"),
        document("wrong", rules=["no-such-rule"]),
    ):
        seen.add_document(each)

    assert states(seen) == {
        "ended": "ended",
        "host": "in-force",
        "waits": "not-in-force",
        "wrong": "not-in-force",
    }
    lines = {each.name: each.line for each in seen.statuses(NOW, all_seen=True)}
    assert "has ended on 2026-12-01: delete it" in lines["ended"]
    assert "see its status" in lines["waits"]
    assert lines["wrong"].startswith("exception wrong: spec.rules")


@pytest.mark.parametrize(
    ("rules", "state"),
    [(["host-namespaces"], "not-in-force"), (["host-namespaces", "replicas"], "in-force")],
)
def test_what_pod_security_refuses_nevertheless_is_said(rules: list[str], state: str) -> None:
    overlays = {"team": Overlay(exceptions=(granted("host", *rules),))}
    levels = {"team": Level.BASELINE}
    seen = ExceptionUse(SettingsByNamespace(DEFAULTS, overlays), levels.get)
    look(seen, NEEDING[0])

    (found,) = seen.statuses(NOW, all_seen=True)

    assert found.state == state
    assert found.message.endswith(
        "Pod Security of namespace team (baseline) still refuses what host-namespaces objects to: "
        "set mcpNamespace.podSecurity.enforce to privileged there, or run the workload in a "
        "namespace without this label"
    )
    levels.clear()
    (found,) = seen.statuses(NOW, all_seen=True)
    assert (found.state, found.message) == ("in-force", "in force until 2027-01-30")


def test_one_namespace_has_its_own_exceptions() -> None:
    seen = use(HOST)
    seen.add_document(document("ended", workload={"namespace": "shop", "name": "crm"}))

    assert states(seen, "shop") == {"ended": "ended"}
    assert states(seen, "team") == {"host": "unused"}
