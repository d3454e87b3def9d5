"""Units of work are about tests that exist, and what shares a control plane is one of them."""

from pathlib import Path

import pytest

from tests import distribution
from tests.distribution import UNITS, scope

ROOT = Path(__file__).parents[1]
FILES = [str(each.relative_to(ROOT)) for each in sorted(ROOT.glob("tests/**/test_*.py"))]


@pytest.mark.parametrize("path", [path for unit in UNITS for path in unit.paths])
def test_a_path_of_a_unit_leads_to_tests(path: str) -> None:
    assert [file for file in FILES if file.startswith(path)]


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("tests/e2e/controller_faults/test_faults.py", "tests/e2e/fleet/test_audit.py", True),
        ("tests/e2e/test_scaling.py", "tests/e2e/in_tree/test_runtime_classes.py", True),
        ("tests/scenarios/test_gate.py", "tests/scenarios/test_tokens.py", True),
        ("tests/hostile/test_reviews.py", "tests/hostile/test_preemption.py", True),
        (
            "tests/console/browser/test_fleet_pages.py",
            "tests/console/browser/test_chromium.py",
            True,
        ),
        ("tests/kube/api/test_calls.py", "tests/tools/cluster/kubelet/test_probe.py", True),
        ("tests/e2e/controller_leaders/test_fleet.py", "tests/e2e/fleet/test_audit.py", False),
        ("tests/e2e/test_scaling.py", "tests/e2e/fleet/test_audit.py", False),
        ("tests/e2e/test_scaling.py", "tests/scenarios/test_gate.py", False),
        ("tests/release/test_install.py", "tests/release/test_pages.py", False),
        ("tests/rules/checks/test_replicas.py", "tests/rules/checks/test_sysctls.py", False),
    ],
)
def test_what_shares_a_control_plane_is_one_unit(one: str, other: str, *, together: bool) -> None:
    scopes = {scope(f"{file}::test_it[a::b]") for file in (one, other)}

    assert len(scopes) == (1 if together else 2)


def test_there_is_a_worker_more_where_a_test_only_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)

    assert (distribution.workers(waiting=True), distribution.workers(waiting=False)) == (3, 2)
