"""docs/adoption.md, walked command by command in a cluster with servers, teams and Argo CD.

A smaller fleet stands for forty servers. The sections follow one another, as on the page; what the
page says beside its commands is looked at between them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.fixtures import binaries_or_skip, helm_or_skip
from tests.docs.blocks import blocks
from tests.e2e.namespace import assert_hardened
from tests.release.walk import TEAMS, Walk
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.kubelet import Kubelet
from tools.release.release import CONFIGURATIONS, Release

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]

PAGE = (Path(__file__).parents[2] / "docs" / "adoption.md").read_text(encoding="utf-8")
BLOCKS = blocks(PAGE)
NEEDS = ["Prometheus", "the audit log of the API server"]


@pytest.fixture(scope="module")
def walk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Walk]:
    """A cluster with running servers, in which nothing of the product is installed."""
    binaries, helm = binaries_or_skip(request.config), helm_or_skip("4", request.config)
    with (
        ControlPlane(binaries, audit=True, kwok=False) as cluster,
        Kubelet(cluster) as kubelet,
    ):
        yield Walk(Release(cluster, kubelet, helm), tmp_path_factory.mktemp("walk"))


def policies(walk: Walk) -> list[Json]:
    """The network policies of the teams."""
    return walk.objects("/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies")


def failure_policies(walk: Walk) -> set[str]:
    """Those of the webhooks that review servers."""
    found = [each for path in CONFIGURATIONS for each in walk.release.cluster.get(path)["webhooks"]]
    named = {each["name"].partition(".")[0]: each["failurePolicy"] for each in found}
    return {policy for name, policy in named.items() if name != "settings"}


def nothing_is_changed(walk: Walk) -> None:
    """Every template is as Git had it at first, but for what a team corrects; nothing was made."""
    found, first = walk.templates(), walk.first
    assert {name for name in first if found[name] != first[name]} <= {"postgres-tools"}
    assert policies(walk) == []
    assert failure_policies(walk) == {"Ignore"}


def the_audit_log_is_as_shown(walk: Walk) -> None:
    """The annotations of the request that labelled a server; the digest is of these settings."""
    found = re.search(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    recorded = [
        event.get("annotations", {})
        for event in walk.release.cluster.audit_events()
        if event["objectRef"].get("name") == "postgres-tools" and event["verb"] == "patch"
    ]
    ours = [
        {key: value for key, value in each.items() if ".mcp-admission.dev/" in key}
        for each in recorded
    ]
    assert json.loads(found[1]) in ours


def everything_is_enforced(walk: Walk) -> None:
    """Every server is filled in, and Argo CD has nothing to sync."""
    found = walk.templates()
    for name in ("docs", "github-tools", "jira", "postgres-tools"):
        assert_hardened(found[name])
    assert failure_policies(walk) == {"Fail"}
    assert len(policies(walk)) == len(TEAMS)
    for team in TEAMS:
        walk.sync(team)
    assert walk.templates() == found


def everything_is_left_alone(walk: Walk) -> None:
    """Policies are gone, and what was filled in is not."""
    walk.release.wait_for("policies that are gone", lambda: not policies(walk))
    assert failure_policies(walk) == {"Ignore"}
    assert_hardened(walk.templates()["docs"])


AFTER: Mapping[str, Callable[[Walk], None]] = {
    "2. Find the servers": nothing_is_changed,
    "4. Read what is recorded": the_audit_log_is_as_shown,
    "6. Fix it, or ask for an exception": nothing_is_changed,
    "8. Enforce for the cluster": everything_is_enforced,
    "Going back": everything_is_left_alone,
}


def test_the_page_is_walked_command_by_command(walk: Walk) -> None:
    for section in dict.fromkeys(block.section for block in BLOCKS):
        for block in BLOCKS:
            if block.section == section and block.needs is None:
                walk.step(block)
        if section in AFTER:
            AFTER[section](walk)


def test_each_command_that_is_not_run_says_why() -> None:
    assert sorted({block.needs for block in BLOCKS if block.needs}) == NEEDS


def test_each_check_belongs_to_a_section() -> None:
    assert AFTER.keys() <= {block.section for block in BLOCKS}
