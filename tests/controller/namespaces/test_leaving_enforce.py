"""Leaving `mode: enforce`: labels at once, then gates, and the policy when nobody needs it."""

import itertools
from typing import Any

import pytest

from tests.controller.namespaces.test_namespace_reconciler import Team, entry
from tests.kube.virtual_time import run
from webhook import names
from webhook.controller.namespaces.namespace_reconciler import PAUSE
from webhook.settings.by_namespace import SettingsByNamespace
from webhook.settings.model import Settings

Json = dict[str, Any]
NUMBERS = itertools.count(10_000)
MANAGED = {names.MANAGED: "true"}


class Managed(Team):
    """A managed namespace in which everything was made; what is deleted is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.gone: list[str] = []
        self.kept = MANAGED
        self.view.namespaces.put(self.namespace(**MANAGED))

    async def delete(self, *path: object, **_: object) -> None:
        self.gone.extend(map(str, path))

    def switch(self, mode: str) -> None:
        given = Settings.model_validate({"mode": mode})
        self.view.change_settings(SettingsByNamespace(given))

    def pod(self, *gates: str) -> None:
        metadata = {"name": "p", "namespace": "team", "uid": "p", "resourceVersion": version()}
        spec = {names.GATES: [{"name": each} for each in gates]}
        self.view.pods.put({"metadata": metadata, "spec": spec})

    def access_policy(self) -> Json:
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "crm", "uid": "crm"}
        metadata = {"name": "crm-mcp-access", "namespace": "team", "ownerReferences": [owner]}
        metadata |= {"uid": "access", "resourceVersion": version()}
        return {"metadata": metadata, "spec": {}}


def version() -> str:
    return str(next(NUMBERS))


def test_the_policy_goes_after_the_last_gate_and_the_labels_before() -> None:
    async def main() -> None:
        team = Managed()
        await team.namespaces.reconcile("team")
        team.pod(names.GATE)

        team.switch("warn")
        assert await team.namespaces.reconcile("team") == PAUSE
        assert team.labels[-1] == {}
        assert team.gone == []
        team.pod()
        assert await team.namespaces.reconcile("team") is None
        assert len(team.gone) == 1

        team.switch("enforce")
        await team.namespaces.reconcile("team")
        assert team.labels[-1]
        assert team.view.made["NetworkPolicy"].get("team", team.made["metadata"]["name"])

    run(main())


@pytest.mark.parametrize("made", [True, False], ids=["policy-stands", "policy-deleted"])
def test_policies_of_servers_isolate_nobody_alone(made: bool) -> None:
    """The policy is opened while they are there, if it is still there."""

    async def main() -> None:
        team = Managed()
        await team.namespaces.reconcile("team")
        policies = team.view.made["NetworkPolicy"]
        policies.put(team.access_policy())
        if not made:
            policies.drop("team", team.made["metadata"]["name"])
        before = team.made["spec"]

        team.switch("observe")
        assert await team.namespaces.reconcile("team") == PAUSE
        spec = team.made["spec"]
        assert (spec["ingress"] == spec["egress"] == [{}]) is made
        assert (spec == before) is not made
        assert team.told == []

        policies.drop("team", "crm-mcp-access")
        assert await team.namespaces.reconcile("team") is None
        assert len(team.gone) == int(made)

    run(main())


def test_labels_that_somebody_set_by_hand_stay_or_come_back() -> None:
    async def main() -> None:
        team = Managed()
        prefix = "pod-security.kubernetes.io/"
        stricter, weaker = {f"{prefix}warn": "restricted"}, {f"{prefix}enforce": "baseline"}
        team.kept = {**MANAGED, **stricter, **weaker}
        team.by_hand = set(team.kept)
        found = team.namespace(**team.kept)
        found["metadata"]["managedFields"] = entry("kubectl-label", "Update", team.by_hand)
        team.view.namespaces.put(found)

        await team.namespaces.reconcile("team")
        assert team.labels[-1].keys() == {
            f"{prefix}{each}" for each in ("enforce", "enforce-version", "audit", "audit-version")
        }
        assert team.labels[-1][f"{prefix}enforce"] == "restricted"
        written = len(team.labels)
        await team.namespaces.reconcile("team")
        assert len(team.labels) == written, "it is settled"

        team.switch("observe")
        await team.namespaces.reconcile("team")
        assert team.labels[written:] == [weaker, {}]

    run(main())
