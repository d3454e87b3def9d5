"""What Policy Reporter makes of reports: the lines of its detailed metrics, in its own words.

As its sources have it: a result without a resource is about the scope of its report, one without a
source has that of the report, and one without a category is `Other`. Results of equal labels are
one line.
"""

from typing import Any

Json = dict[str, Any]
LABELS = (
    "namespace", "rule", "policy", "report", "kind", "name", "status", "severity", "category",
    "source",
)  # fmt: skip


def metric_lines(reports: list[Json]) -> set[str]:
    """`policy_report_result{...} 1` for each result, as a scrape would have it."""
    return {_line(report, each) for report in reports for each in report.get("results") or []}


def _line(report: Json, result: Json) -> str:
    resources = result.get("resources") or ([report["scope"]] if "scope" in report else [])
    about = resources[0] if resources else {}
    values = {
        "namespace": report["metadata"]["namespace"],
        "rule": result.get("rule", ""),
        "policy": result["policy"],
        "report": report["metadata"]["name"],
        "kind": about.get("kind", ""),
        "name": about.get("name", ""),
        "status": result.get("result", ""),
        "severity": result.get("severity", ""),
        "category": result.get("category") or "Other",
        "source": result.get("source") or report.get("source", ""),
    }
    labels = ",".join(f'{key}="{values[key]}"' for key in LABELS)
    return f"policy_report_result{{{labels}}} 1"
