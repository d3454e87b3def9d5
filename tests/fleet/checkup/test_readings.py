"""What checks judge is read once, in pages; nothing is written, and no Secret is read."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kube.virtual_time import run
from tools.chart.shipped import everything
from webhook.controller.installation import LEASE, Installation
from webhook.fleet.checkup.catalog import CHECKS_AFTER, CHECKS_BEFORE, names_read
from webhook.fleet.checkup.checks import Reading
from webhook.fleet.checkup.readings import READINGS, WRITTEN, read_all
from webhook.kube.errors import Forbidden, NotFound

Json = dict[str, Any]
NOW = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
HOOKS = Path("tests/chart/hooks.yaml")
FORBIDDEN = Forbidden(403, "Forbidden", "no right")


class Cluster:
    """Answers each path with what `answer` returns or raises; what is listed is empty."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self._answer, self.asked = answer, list[str]()

    def server_time(self) -> datetime:
        return NOW

    async def get(self, path: str) -> Json:
        self.asked.append(f"get {path}")
        found: Json = self._answer(path)
        return found

    async def list_each(self, path: str, take: Callable[[Json], Any], **given: Any) -> str:
        self.asked.append(f"list {path}")
        assert given["page"] <= 200
        self._answer(path)
        return "1"

    async def create(self, path: str, body: Json) -> Json:
        self.asked.append(f"create {path}")
        attributes = body["spec"]["resourceAttributes"]
        return {"status": {"allowed": attributes["resource"] != "secrets"}}


def read(cluster: Cluster, *names: str) -> dict[str, Reading]:
    api: Any = cluster
    return run(read_all(api, Installation(), names))


def missing(_: str) -> Any:
    raise NotFound(404, "NotFound", "none")


def refused(_: str) -> Any:
    raise FORBIDDEN


def test_every_reading_of_the_tables_exists_and_is_used() -> None:
    used = names_read([*CHECKS_BEFORE, *CHECKS_AFTER])

    assert {*used} <= READINGS.keys()
    assert READINGS.keys() - {*used} <= {"locked-file"}


def test_nothing_is_written_and_no_secret_is_read() -> None:
    cluster = Cluster(lambda _: {"metadata": {}})

    read(cluster, *READINGS)

    verbs = {each.partition(" ")[0] for each in cluster.asked}
    assert verbs == {"get", "list", "create"}
    assert not [each for each in cluster.asked if "/secrets" in each]
    creates = {each for each in cluster.asked if each.startswith("create ")}
    assert creates == {"create /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"}


def test_what_is_not_there_is_no_object_and_what_is_refused_is_unread() -> None:
    names = [each for each in READINGS if each != "rights"]

    absent, unread = read(Cluster(missing), *names), read(Cluster(refused), *names)

    assert {*absent.values()} == {Reading()}
    assert {each.unread for each in unread.values()} == {"you may not read it: no right"}


def test_each_right_of_an_installation_is_asked_for() -> None:
    found = read(Cluster(missing), "rights")["rights"].items

    assert [each["resource"] for each in found if not each["allowed"]] == ["secrets"]
    assert len(found) == len(WRITTEN)


def test_the_rights_are_those_of_every_kind_that_the_chart_has() -> None:
    hooks = yaml.safe_load_all(HOOKS.read_text(encoding="utf-8"))
    kinds = {each["kind"].lower() for each in (*everything(), *hooks)}

    asked = {resource.removesuffix("s").replace("policie", "policy") for _, resource, _ in WRITTEN}
    # Helm keeps a release in Secrets.
    assert asked - {"secret"} == kinds


def lease(age: float, version: str = "1", holder: str = "pod_uid") -> Json:
    renewed = f"{NOW - timedelta(seconds=age):%Y-%m-%dT%H:%M:%S.%fZ}"
    spec = {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 15}
    return {"metadata": {"resourceVersion": version}, "spec": spec}


@pytest.mark.parametrize(
    ("answers", "renewed"),
    [
        ([lease(14)], True),
        ([lease(1, holder="")], False),
        ([lease(3600, "1"), lease(3600, "2")], True),
        ([lease(3600, "1"), lease(3600, "1")], False),
        ([lease(3600, "1"), lease(3600, "2", holder="")], False),
        ([{"metadata": {}, "spec": {}}], False),
    ],
    ids=["fresh", "released", "slow clock", "away", "released meanwhile", "empty"],
)
def test_a_lease_is_renewed_if_it_is_fresh_or_changes(answers: list[Json], renewed: bool) -> None:
    left = iter(answers)

    found = read(Cluster(lambda _: next(left)), LEASE)[LEASE]

    assert [each["renewed"] for each in found.items] == [renewed]
    assert next(left, None) is None


def test_a_lease_that_goes_while_it_is_looked_at_is_not_renewed() -> None:
    answers: Iterator[Callable[[str], Any]] = iter([lambda _: lease(3600), missing])

    def answer(path: str) -> Any:
        return next(answers)(path)

    found = read(Cluster(answer), LEASE)[LEASE]

    assert [each["renewed"] for each in found.items] == [False]
