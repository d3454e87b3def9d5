"""`check`, `status` and `audit` of an installation that is kept to some namespaces.

There is no settings resource, and certificates are somebody else's: what is told comes from the
Leases, from the objects of the installation, and from the namespaces that are listed.
"""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from certs.authority import issue_leaf, make_authority, service_names
from tests import builders
from tests.release.checked import check, run, status
from tests.release.watched import SECONDS
from tools.chart.helm import NAMESPACE
from tools.release.release import CONFIGURATIONS, Release

pytestmark = pytest.mark.control_plane

PORTS = {"ports": [{"name": "mcp", "containerPort": 8099}]}
SECRETS, MERGE = f"/api/v1/namespaces/{NAMESPACE}/secrets", "application/merge-patch+json"
KEPT, OTHER = "kept", "other"
MISSING = builders.server("lacking", asks={"config-from": "nowhere"}, container=PORTS)


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture(scope="module")
def narrowed(release: Release) -> Iterator[Release]:
    """Kept to one namespace, beside which there is another one with a labelled workload."""
    cluster, now = release.cluster, datetime.now(UTC).replace(microsecond=0)
    for name in (KEPT, OTHER, NAMESPACE):
        cluster.named_namespace(name, {})
    cluster.kubectl(
        "apply", "--namespace", OTHER, "--filename", "-", sent=builders.server("theirs")
    )
    authority = make_authority(now, timedelta(days=3650))
    names = service_names("mcp-admission", NAMESPACE)
    leaf = issue_leaf(authority, names, now, timedelta(days=90))
    pair = {"tls.crt": text(leaf.certificate_pem), "tls.key": text(leaf.key_pem)}
    metadata = {"name": "mcp-admission-tls"}
    cluster.create(SECRETS, {"metadata": metadata, "type": "kubernetes.io/tls", "data": pair})
    values = f"scope.namespaces={{{KEPT}}},certificates.mode=bring-your-own"
    release.install("--set", values)
    bundle = text(authority.certificate_pem)
    for path in CONFIGURATIONS:
        webhooks = cluster.get(path)["webhooks"]
        for each in webhooks:
            each["clientConfig"]["caBundle"] = bundle
        assert cluster.raw("PATCH", path, {"webhooks": webhooks}, MERGE).status == 200
    release.rolled_out()
    yield release
    release.uninstall()


def test_an_installation_that_is_kept_to_a_namespace_is_checked_like_any_other(
    narrowed: Release,
) -> None:
    found = check(narrowed, "--wait", "150")
    code, screen = status(narrowed)

    wrong = [found.checks[each] for each in found.verdicts("fault", "unknown")]
    assert wrong == [], wrong
    assert found.code == code == 0
    assert screen["enforcing"]["enforcing"] == "yes"
    assert screen["settings"]["valid"] is None
    assert [each["namespace"] for each in screen["namespaces"]] == []
    assert found.checks["settings"]["told"][0]["message"].startswith("no MCPServerSettings")


def test_a_server_that_lacks_a_part_is_told_in_the_namespaces_that_are_listed(
    narrowed: Release,
) -> None:
    narrowed.cluster.kubectl("apply", "--namespace", KEPT, "--filename", "-", sent=MISSING)

    def told() -> bool:
        with ThreadPoolExecutor() as pool:
            audit, checked, screen = pool.map(
                lambda command: run(narrowed, command, "-o", "json"), ("audit", "check", "status")
            )
        assert audit.out, audit
        found = json.loads(audit.out)
        assert [(each["name"], each["state"]) for each in found["servers"]] == [
            ("lacking", "incomplete")
        ]
        assert found["exceptions_unread"] == ""
        faults = checked.checks["servers"]["told"]
        assert [each["message"] for each in faults] == [
            f"1 of 1 servers is incomplete (1 config-missing), in {KEPT}"
        ]
        assert json.loads(screen.out)["needs"] == faults
        return True

    narrowed.wait_for("audit, check and status", told, 3 * SECONDS)
