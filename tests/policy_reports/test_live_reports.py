"""What is kept of a report, which APIs there are, and how ours are taken out of one."""

from typing import Any

from tests.policy_reports.report_cluster import OLDER, OPEN, OURS, ReportCluster
from webhook.policy_reports.live_reports import (
    live_report,
    offered_apis,
    report_removals,
)

Json = dict[str, Any]


def test_what_others_write_into_metadata_is_kept_short() -> None:
    long = "x" * 100_000
    annotations = {"mcp-admission.dev/report-digest": long}
    found: Json = {"resourceVersion": "7", "annotations": annotations}

    kept = live_report({"metadata": {**found, "ownerReferences": [{"name": long}]}})

    assert kept.version == "7"
    assert len(kept.digest) == 64
    assert len(kept.server) == 253
    assert live_report({"metadata": {"resourceVersion": "7"}}) == ("7", "None", "None")


async def test_the_api_to_use_comes_first() -> None:
    cluster: Any = ReportCluster(OLDER, OPEN)

    assert [each.version async for each in offered_apis(cluster)] == [OPEN, OLDER]
    assert [each async for each in offered_apis(_of_others())] == []


def _of_others() -> Any:
    class Others(ReportCluster):
        async def get(self, _: str) -> Json:
            return {"resources": [{"name": "something"}]}

    return Others()


async def test_a_removal_names_each_namespace_and_leaves_reports_of_others() -> None:
    cluster: Any = ReportCluster(OLDER, OPEN)
    for version, resource in ((OPEN, "reports"), (OLDER, "policyreports")):
        for namespace, labels in (("a", OURS), ("b", OURS), ("c", {"team": "c"})):
            path = f"/apis/{version}/namespaces/{namespace}/{resource}/crm-mcp-report"
            metadata = {"name": "crm-mcp-report", "namespace": namespace, "labels": labels}
            cluster.put(path, {"metadata": metadata})

    found = [each async for each in report_removals(cluster)]

    assert [line for line, _ in found] == [
        "Namespace a loses 1 reports of ours",
        "Namespace b loses 1 reports of ours",
        "Namespace a loses 1 policyreports of ours",
        "Namespace b loses 1 policyreports of ours",
    ]
    assert cluster.writes == []
    assert [await remove() for _, remove in found] == [True] * 4
    assert [await remove() for _, remove in found] == [False] * 4
    assert {path.split("/")[5] for path in cluster.reports} == {"c"}
