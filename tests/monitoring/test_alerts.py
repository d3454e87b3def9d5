"""Each alert fires for what it is about and is quiet otherwise, as promtool works it out."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.monitoring.queries import alerts, groups, selectors, unknown
from tools.chart.helm import Helm
from tools.cluster.binaries import Binaries

DAY = 24 * 60 * 60
PREFIX = "MCPAdmission"


def series(metric: str, **labels: str) -> str:
    """A series as promtool reads it."""
    written = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"mcp_admission_{metric}{{{written}}}"


def refused(*, dry_run: str = "false") -> str:
    return series("reviews_total", decision="refused", dry_run=dry_run, hook="validate")


def buckets(**counts: str) -> dict[str, str]:
    """The histogram of reviews, by the ends of its buckets in milliseconds."""
    ends = {name: str(int(name[1:]) / 1000) for name in counts if name != "more"}
    return {
        series("review_duration_seconds_bucket", hook="mutate", le=ends.get(name, "+Inf")): values
        for name, values in counts.items()
    }


def stored(name: str) -> str:
    return series("stored_certificate_expiry_timestamp_seconds", certificate=name)


def digest(of: str, pod: str) -> str:
    return series("settings_info", digest=of, pod=pod)


def turned_away(status: str) -> str:
    return series("rejected_requests_total", status=status)


def resources(kind: str, state: str) -> str:
    return series("settings_resources", kind=kind, state=state)


MANAGED, OPTED_IN = (series("enforcing", scope=each) for each in ("managed", "opted-in"))
BELOW, AWAY = (
    series("enforcing_info", scope="managed", reason=each)
    for each in ("BelowEnforce", "Unreachable")
)
UNKNOWN = " ".join(["NaN"] * 31)
PROBED = series("enforcing_timestamp_seconds")
FAULTS = series("certificate_faults")
SHOWN = series("certificate_expiry_timestamp_seconds", pod="serve-1")
NOT_RUNNING, OLD = (series("servers", state=each) for each in ("not-running", "out-of-date"))
GATE = series("oldest_gated_pod_timestamp_seconds")
IN_FORCE, ENDING = (series("exceptions", state=each) for each in ("in-force", "ending"))


class Case(NamedTuple):
    """What is scraped each minute, and how many alerts of a name fire at the end."""

    alert: str
    said: str
    fires: int
    series: Mapping[str, str]
    minutes: int = 30


CASES = [
    Case("NotEnforcing", "enforced again", 0, {MANAGED: "0x10 1x20"}),
    Case("NotEnforcing", "both scopes enforced", 0, {MANAGED: "1x30", OPTED_IN: "1x30"}),
    Case("NotEnforcing", "one of two not", 1, {MANAGED: "1x20 0x10", OPTED_IN: "1x30"}),
    Case("NotEnforcing", "not yet wanted", 0, {MANAGED: "0x30", BELOW: "1x30"}),
    Case("NotEnforcing", "wanted", 1, {MANAGED: "0x30", BELOW: "1x5 _x25", AWAY: "_x5 1x25"}),
    Case("NotEnforcing", "nobody knows", 0, {MANAGED: UNKNOWN}),
    Case("NotEnforcing", "a former leader", 0, {MANAGED: "0x5 _x25"}),
    Case("EnforcementUnknown", "probed, and not enforced", 0, {MANAGED: "0x30", PROBED: "0+60x30"}),
    Case("EnforcementUnknown", "not scraped", 1, {}),
    Case("EnforcementUnknown", "not known", 1, {MANAGED: UNKNOWN, PROBED: "0+60x30"}),
    Case("EnforcementUnknown", "probed long ago", 1, {MANAGED: "1x30", PROBED: "60x30"}),
    Case("CertificateFault", "mended", 0, {FAULTS: "1x10 0x20"}),
    Case("CertificateFault", "not mended", 1, {FAULTS: "0x10 2x20"}),
    Case("CertificateEnds", "to be renewed soon", 0, {stored("leaf"): f"{20 * DAY}x30"}),
    Case("CertificateEnds", "stored and not renewed", 1, {stored("leaf"): f"{14 * DAY}x30"}),
    Case("CertificateEnds", "served and not renewed", 1, {SHOWN: f"{14 * DAY}x30"}),
    Case("CertificateEnds", "not there yet", 0, {SHOWN: "0x30"}),
    Case("CertificateEnds", "two", 2, {stored(each): f"{DAY}x30" for each in ("leaf", "ca")}),
    Case("ReplicasDiffer", "the same", 0, {digest("a", "1"): "1x30", digest("a", "2"): "1x30"}),
    Case("ReplicasDiffer", "followed", 0, {digest("a", "1"): "1x30", digest("b", "2"): "1x2 _x28"}),
    Case("ReplicasDiffer", "behind", 1, {digest("a", "1"): "1x30", digest("b", "2"): "1x30"}),
    Case("Slow", "fast", 0, buckets(e10="0+60x30", e2500="0+60x30", more="0+60x30")),
    Case("Slow", "slow", 1, buckets(e10="0+30x30", e2500="0+50x30", e5000="0+60x30",
                                    more="0+60x30")),
    Case("Slow", "no reviews", 0, buckets(e2500="5x30", more="9x30")),
    Case("Overloaded", "once", 0, {turned_away("503"): "0x10 1x20"}),
    Case("Overloaded", "all the time", 1, {turned_away("503"): "0+5x30"}),
    Case("Overloaded", "slow clients", 0, {turned_away("408"): "0+5x30"}),
    Case("RefusalsJump", "as yesterday", 0, {refused(): "0+4x1500"}, 1500),
    Case("RefusalsJump", "a few", 0, {refused(): "0x1490 0+1x10"}, 1500),
    Case("RefusalsJump", "many more", 1, {refused(): "0+1x1490 1490+10x10"}, 1500),
    Case("RefusalsJump", "after a quiet day", 1, {refused(): "0x1490 0+5x10"}, 1500),
    Case("RefusalsJump", "dry runs", 0, {refused(dry_run="true"): "0x1490 0+9x10"}, 1500),
    Case("ServersNotRunning", "a rollout", 0, {NOT_RUNNING: "0x20 3x10"}),
    Case("ServersNotRunning", "for good", 1, {NOT_RUNNING: "0x5 3x25"}),
    Case("ServersNotRunning", "another state", 0, {OLD: "3x30"}),
    Case("GateWaits", "nobody", 0, {GATE: "0x30"}),
    Case("GateWaits", "a pod each minute", 0, {GATE: "0+60x30"}),
    Case("GateWaits", "one pod for long", 1, {GATE: "0x20 1200x10"}),
    Case("SettingsRefused", "valid", 0, {resources("A", "valid"): "1x30",
                                         resources("A", "refused"): "0x30"}),
    Case("SettingsRefused", "one kind", 1, {resources("A", "refused"): "1x30",
                                            resources("B", "refused"): "0x30"}),
    Case("ExceptionEnds", "in force", 0, {IN_FORCE: "1x30", ENDING: "0x30"}),
    Case("ExceptionEnds", "ending", 1, {ENDING: "0x10 1x20"}),
    Case("ExceptionEnds", "ended", 0, {ENDING: "1x10 0x20"}),
]  # fmt: skip
NAMES = sorted({case.alert for case in CASES})


@pytest.fixture(scope="module")
def folder(helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the rules, as the Prometheus operator hands them to Prometheus."""
    made = tmp_path_factory.mktemp("rules")
    (made / "rules.yaml").write_text(yaml.dump({"groups": groups(helm)}), encoding="utf-8")
    return made


def promtool(monitoring: Binaries, *arguments: str | Path) -> str:
    """What it prints; an exit code other than 0 fails the test with it."""
    ran = subprocess.run(
        [monitoring["promtool"], *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    return said


def test_promtool_finds_nothing_wrong_with_the_rules(monitoring: Binaries, folder: Path) -> None:
    said = promtool(
        monitoring, "check", "rules", "--lint=all", "--lint-fatal", folder / "rules.yaml"
    )

    assert f"{len(NAMES)} rules found" in said


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires_for_what_it_is_about_and_is_quiet_otherwise(
    monitoring: Binaries, folder: Path, name: str
) -> None:
    cases = [case for case in CASES if case.alert == name]
    assert {bool(case.fires) for case in cases} == {True, False}
    tests = [
        {
            "name": case.said,
            "interval": "1m",
            "input_series": [
                {"series": each, "values": values} for each, values in case.series.items()
            ],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{PREFIX}{name}", alertstate="firing"}}) '
                    "or vector(0)",
                    "eval_time": f"{case.minutes}m",
                    "exp_samples": [{"labels": "{}", "value": case.fires}],
                }
            ],
        }
        for case in cases
    ]
    file = folder / f"{name}.yaml"
    file.write_text(yaml.dump({"rule_files": ["rules.yaml"], "tests": tests}), encoding="utf-8")

    promtool(monitoring, "test", "rules", file)


def test_every_alert_is_among_the_cases(helm: Helm) -> None:
    assert alerts(helm).keys() == {f"{PREFIX}{name}" for name in NAMES}


def test_what_the_cases_scrape_are_metrics_that_there_are() -> None:
    named = {each for case in CASES for text in case.series for each in selectors(text)}

    assert unknown(named) == set()
