"""Clocks that differ, and certificates that ended while the controller was away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certs.authority import Pair, issue_leaf, make_authority
from tests.controller.certificates.cluster import Installed, plan
from tests.controller.certificates.controller import Controller
from tests.controller.certificates.load import Load
from tests.controller.certificates.replica import Followed
from tools.cluster.ports import LOOPBACK
from webhook.controller.serving_replicas import Replica

DAY = timedelta(days=1)
YEAR = 365 * DAY
SETTLE = timedelta(seconds=0.3)
SKEWS = [timedelta(minutes=minutes) for minutes in (-50, 50)]


def controller(
    installed: Installed, replica: Followed, skew: timedelta = timedelta(0)
) -> Controller:
    return Controller(
        installed.cluster.kubeconfig,
        installed.places,
        plan(installed.places, settle=SETTLE),
        [Replica(LOOPBACK, replica.port)],
        skew,
    )


def stored_long_ago(installed: Installed, authority: timedelta, leaf: timedelta) -> Pair:
    """What a controller has left behind that was last here at these times before now."""
    now = datetime.now(UTC).replace(microsecond=0)
    plan_then = plan(installed.places)
    issuer = make_authority(now - authority, plan_then.authority_lifetime)
    pair = issue_leaf(issuer, plan_then.names, now - leaf, plan_then.leaf_lifetime)
    ours = {"ca.crt": issuer.certificate_pem, "ca.key": issuer.key_pem}
    installed.store("mcp-admission-ca", ours)
    served = {"tls.crt": pair.certificate_pem, "tls.key": pair.key_pem}
    installed.store("mcp-admission-tls", served | {"ca.crt": issuer.certificate_pem})
    return issuer


def is_served(installed: Installed, replica: Followed) -> bool:
    """Whether the replica shows the leaf of the one authority, and API servers accept it."""
    shown = installed.shown(replica.port)
    return installed.is_settled() and shown == installed.leaf().certificate


@pytest.mark.parametrize(
    ("authority", "leaf", "new_authority"),
    [
        (YEAR, 91 * DAY, False),
        (11 * YEAR, 11 * YEAR, True),
        (YEAR, YEAR, False),
        (8 * YEAR, YEAR, True),
    ],
    ids=["leaf ended", "authority ended", "away for a year", "away while both came due"],
)
def test_expired_certificates_are_replaced_without_hands(
    installed: Installed, tmp_path: Path, authority: timedelta, leaf: timedelta, new_authority: bool
) -> None:
    before = stored_long_ago(installed, authority, leaf)

    with Followed(installed, tmp_path / "replica") as replica, controller(installed, replica):
        installed.cluster.wait_for("certificate", lambda: is_served(installed, replica))

    assert (installed.authority().certificate != before.certificate) == new_authority


@pytest.mark.parametrize("skew", SKEWS, ids=["behind", "ahead"])
def test_no_handshake_fails_where_clocks_differ(
    installed: Installed, tmp_path: Path, skew: timedelta
) -> None:
    with Followed(installed, tmp_path / "replica") as replica:
        with controller(installed, replica, skew):
            installed.cluster.wait_for("certificate", lambda: is_served(installed, replica))
        before = installed.authority().certificate
        with (
            Load(installed, lambda: [replica.port], senders=0) as load,
            controller(installed, replica, -skew),
        ):
            installed.rotate("--ca")
            installed.cluster.wait_for(
                "new authority", lambda: installed.authority().certificate != before
            )
            installed.cluster.wait_for("certificate", lambda: is_served(installed, replica))
            enough = load.handshakes + 10
            installed.cluster.wait_for("more handshakes", lambda: load.handshakes >= enough)

    assert load.failures == []
