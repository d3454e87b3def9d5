"""One report for each server, written when what the rules say has changed, and only then."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import filled_in
from tests.kube.virtual_time import run
from tests.policy_reports.report_cluster import (
    OLDER,
    OPEN,
    OURS,
    RESOURCES,
    SOON,
    ReportCluster,
    Reporting,
    Servers,
)
from webhook.kube.errors import ApiError
from webhook.objects import ReportedServer, report_results
from webhook.policy_reports import report_reconciler
from webhook.settings.model import Settings

Json = dict[str, Any]
BAD = builders.server("crm", replicas=1, hostNetwork=True)
GOOD = filled_in(builders.server("crm", replicas=1), Settings())


def place(name: str = "crm", version: str = OPEN) -> str:
    return f"/apis/{version}/namespaces/team/{RESOURCES[version]}/{name}-mcp-report"


def working(
    story: Callable[[ReportCluster, Servers], Awaitable[None]], *offered: str
) -> ReportCluster:
    """The cluster after a story that begins with one bad server and its report."""

    async def main() -> ReportCluster:
        cluster = ReportCluster(*(offered or (OPEN,)))
        servers = Servers(cluster)
        reporting = Reporting(cluster, servers)
        async with reporting:
            await servers.see(BAD)
            await asyncio.sleep(SOON)
            await story(cluster, servers)
            await asyncio.sleep(SOON)
        return cluster

    return run(main())


async def nothing(_: ReportCluster, __: Servers) -> None:
    """Nothing happens."""


def test_a_server_has_a_report_and_it_is_written_once() -> None:
    async def the_same_again(_: ReportCluster, servers: Servers) -> None:
        for _number in range(3):
            await servers.see(BAD)

    cluster = working(the_same_again)

    assert cluster.says(place()) == ["host-namespaces fail"]
    assert cluster.writes == [f"POST {place()}"]


def test_what_is_mended_is_told() -> None:
    async def mended(_: ReportCluster, servers: Servers) -> None:
        await servers.see(GOOD)

    cluster = working(mended)

    assert cluster.says(place()) == ["drift pass"]
    assert cluster.writes == [f"POST {place()}", f"PUT {place()}"]


def test_where_pods_are_filled_in_nothing_is_said_before_they_were_judged() -> None:
    seen: list[list[str]] = []
    labelled = builders.server("crm", replicas=1)
    labelled["spec"]["template"]["metadata"]["labels"][builders.SERVER] = "true"

    async def main() -> ReportCluster:
        cluster = ReportCluster(OPEN)
        servers = Servers(cluster, Settings.model_validate({"fillIn": "pods"}))
        for states in (("out-of-date", "out-of-date", "refused", "too-large"), ("too-large",)):
            reporting = Reporting(cluster, servers)
            await servers.see(labelled)
            async with reporting:
                written = len(cluster.writes)
                await asyncio.sleep(SOON)
                assert len(cluster.writes) == written
                for state in states:
                    servers.judge.put_pods("team", {"crm": state})
                    await asyncio.sleep(SOON)
                    seen.append(cluster.says(place()))
        return cluster

    cluster = run(main())
    assert seen == [
        ["drift warn"], ["drift warn"], ["drift fail"], ["drift error"], ["drift error"],
    ]  # fmt: skip
    assert len(cluster.writes) == 3


def test_a_controller_that_starts_again_writes_nothing() -> None:
    async def main() -> ReportCluster:
        cluster = ReportCluster(OPEN)
        for _ in range(3):
            servers = Servers(cluster)
            reporting = Reporting(cluster, servers)
            await servers.see(BAD)
            await servers.see(builders.server("search"))
            async with reporting:
                await asyncio.sleep(SOON)
        return cluster

    assert sorted(run(main()).writes) == [f"POST {place()}", f"POST {place('search')}"]


def test_one_that_is_made_anew_belongs_to_the_new_server() -> None:
    async def anew(_: ReportCluster, servers: Servers) -> None:
        await servers.see(BAD, uid="another")

    cluster = working(anew)

    (owner,) = cluster.reports[place()]["metadata"]["ownerReferences"]
    assert owner["uid"] == "another"


def test_a_report_that_is_deleted_or_altered_is_written_again() -> None:
    async def attacked(cluster: ReportCluster, _: Servers) -> None:
        cluster.collect(place())
        await asyncio.sleep(SOON)
        forged = cluster.reports[place()]
        forged["metadata"]["annotations"] = {}
        cluster.put(place(), {**forged, "results": []})

    cluster = working(attacked)

    assert cluster.says(place()) == ["host-namespaces fail"]
    assert cluster.writes == [f"POST {place()}"] * 2 + [f"PUT {place()}"]


def test_a_name_that_somebody_else_has_taken_is_taken_back() -> None:
    async def main() -> ReportCluster:
        cluster = ReportCluster(OPEN)
        metadata = {"name": "crm-mcp-report", "namespace": "team"}
        cluster.put(place(), {"metadata": metadata, "results": []})
        servers = Servers(cluster)
        reporting = Reporting(cluster, servers)
        await servers.see(BAD)
        async with reporting:
            await asyncio.sleep(SOON)
        return cluster

    cluster = run(main())
    assert cluster.says(place()) == ["host-namespaces fail"]
    assert OURS.items() <= cluster.reports[place()]["metadata"]["labels"].items()
    assert cluster.writes == [f"POST {place()}", f"PUT {place()}"]


def test_a_report_whose_label_was_taken_away_has_it_again() -> None:
    async def hidden(cluster: ReportCluster, _: Servers) -> None:
        found = cluster.reports[place()]
        cluster.put(place(), {**found, "metadata": {**found["metadata"], "labels": {}}})

    cluster = working(hidden)

    assert OURS.items() <= cluster.reports[place()]["metadata"]["labels"].items()
    assert cluster.writes == [f"POST {place()}"] * 2 + [f"PUT {place()}"]


def test_the_end_of_a_server_is_left_to_kubernetes() -> None:
    async def deleted(cluster: ReportCluster, servers: Servers) -> None:
        servers.lose("crm")
        await asyncio.sleep(SOON)
        cluster.collect(place())

    assert working(deleted).writes == [f"POST {place()}"]


def test_what_is_no_server_any_more_loses_its_report() -> None:
    async def opted_out(_: ReportCluster, servers: Servers) -> None:
        servers.opt_out("crm")

    cluster = working(opted_out)

    assert cluster.reports == {}
    assert cluster.writes == [f"POST {place()}", f"DELETE {place()}"]


def test_one_that_opted_out_while_no_controller_ran_loses_its_report() -> None:
    async def main() -> ReportCluster:
        cluster = ReportCluster(OPEN)
        servers = Servers(cluster)
        reporting = Reporting(cluster, servers)
        await servers.see(BAD)
        async with reporting:
            await asyncio.sleep(SOON)
        servers = Servers(cluster)
        servers.opted_out = {"crm"}
        async with Reporting(cluster, servers):
            await asyncio.sleep(SOON)
        return cluster

    assert run(main()).reports == {}


def test_nothing_is_written_where_nothing_may_be() -> None:
    async def main() -> ReportCluster:
        cluster = ReportCluster(OPEN)
        servers = Servers(cluster)
        reporting = Reporting(cluster, servers)
        servers.here_too = False
        await servers.see(BAD)
        async with reporting:
            await asyncio.sleep(SOON)
        return cluster

    assert run(main()).calls == []


def test_a_server_that_goes_before_it_is_written_about_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def gone(cluster: ReportCluster, servers: Servers) -> None:
        await servers.see(GOOD)
        cluster.deployments.clear()

    assert working(gone).writes == [f"POST {place()}"]
    assert "reconcile failed" not in caplog.text


def test_without_an_api_nothing_is_asked_for_but_whether_there_is_one() -> None:
    async def main() -> ReportCluster:
        cluster = ReportCluster()
        servers = Servers(cluster)
        reporting = Reporting(cluster, servers)
        await servers.see(BAD)
        async with reporting:
            await asyncio.sleep(SOON)
        return cluster

    assert run(main()).calls == []


@pytest.mark.parametrize(("offered", "used"), [((OLDER,), OLDER), ((OLDER, OPEN), OPEN)])
def test_the_newer_api_is_used_where_both_are(offered: tuple[str, ...], used: str) -> None:
    cluster = working(nothing, *offered)

    assert list(cluster.reports) == [place(version=used)]


def test_an_api_that_comes_or_goes_is_followed_and_nothing_is_left_in_the_other() -> None:
    seen: list[list[str]] = []

    async def other(cluster: ReportCluster, _: Servers) -> None:
        for offered in ({OLDER, OPEN}, {OLDER}, set(), {OPEN}):
            cluster.offered = offered
            await asyncio.sleep(SOON)
            seen.append(list(cluster.reports))
            if OPEN not in offered:
                cluster.reports = {
                    path: each for path, each in cluster.reports.items() if OPEN not in path
                }

    working(other, OLDER)

    assert seen == [
        [place(version=OPEN)],
        [place(version=OPEN), place(version=OLDER)],
        [place(version=OLDER)],
        [place(version=OLDER), place(version=OPEN)],
    ]


def test_an_api_that_cannot_be_asked_for_is_still_there(caplog: pytest.LogCaptureFixture) -> None:
    async def lost(cluster: ReportCluster, servers: Servers) -> None:
        cluster.lost = ApiError(503, "ServiceUnavailable", "the aggregated API is away")
        await asyncio.sleep(SOON)
        await servers.see(GOOD)
        await asyncio.sleep(SOON)

    assert working(lost).says(place()) == ["drift pass"]
    assert "APIs of reports not read" in caplog.text


def test_a_controller_that_is_kept_to_some_namespaces_lists_in_these_alone() -> None:
    async def main() -> ReportCluster:
        cluster = ReportCluster(OLDER, OPEN)
        servers = Servers(cluster)
        reporting = Reporting(cluster, servers, ("team", "tools"))
        await servers.see(BAD)
        elsewhere = place(version=OLDER).replace("/team/", "/elsewhere/")
        metadata = {"name": "crm-mcp-report", "namespace": "elsewhere", "labels": OURS}
        cluster.put(elsewhere, {"metadata": metadata})
        async with reporting:
            await asyncio.sleep(SOON)
        return cluster

    cluster = run(main())
    assert cluster.writes == [f"POST {place()}"]
    assert len(cluster.reports) == 2


def test_nothing_is_worked_out_while_the_cluster_has_no_reports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once it has, each server is read and judged for its report."""
    worked_out: list[str] = []

    def counted(server: ReportedServer, *seen: Any, **how: Any) -> list[Json]:
        worked_out.append(server.name)
        return report_results(server, *seen, **how)

    monkeypatch.setattr(report_reconciler, "report_results", counted)

    async def main() -> tuple[ReportCluster, list[str]]:
        cluster = ReportCluster()
        servers = Servers(cluster)
        async with Reporting(cluster, servers):
            for manifest in (BAD, GOOD, BAD, builders.server("search")):
                await servers.see(manifest)
            without = [*worked_out]
            cluster.offered.add(OPEN)
            await asyncio.sleep(2 * SOON)
            cluster.offered.clear()
            await asyncio.sleep(SOON)
            before = len(worked_out)
            await servers.see(GOOD)
            without += worked_out[before:]
            cluster.offered.add(OPEN)
            await asyncio.sleep(2 * SOON)
        return cluster, without

    cluster, without = run(main())
    assert without == []
    assert cluster.says(place()) == ["drift pass"]
    assert cluster.says(place("search"))
    posted = [f"POST {place()}", f"POST {place('search')}"]
    assert sorted(cluster.writes) == sorted([*posted, f"PUT {place()}"])


def test_servers_are_not_read_again_by_a_controller_that_starts() -> None:
    async def main() -> ReportCluster:
        cluster = ReportCluster(OPEN)
        for _ in range(2):
            cluster.calls.clear()
            servers = Servers(cluster)
            reporting = Reporting(cluster, servers)
            await servers.see(BAD)
            async with reporting:
                await asyncio.sleep(SOON)
        return cluster

    assert [each for each in run(main()).calls if "deployments" in each] == []
