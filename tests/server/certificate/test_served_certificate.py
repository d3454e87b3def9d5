"""The real process and the certificate that it shows: proven, measured, and ended."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.server.certificates import HOST, Volume, key, serial_of
from tests.server.process import Server, command
from tools.cluster.waiting import wait_for

EXPIRY = "certificate_expiry_timestamp_seconds"
ENDED = datetime.now(UTC) - timedelta(days=1)
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=40)
NAMES = (HOST, "webhook.mcp.svc")


@pytest.fixture
def options(authority: trustme.CA, tmp_path: Path) -> tuple[str, ...]:
    """Of a server that knows its Service and its bundle."""
    file = tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(str(file))
    return ("--service", "webhook.mcp", "--ca-bundle", str(file))


def test_only_what_is_proven_is_shown(
    volume: Volume, authority: trustme.CA, options: tuple[str, ...]
) -> None:
    volume.write_pair(authority.issue_cert(*NAMES))
    with Server(authority, command(volume, *options)) as running:
        before = running.serial()
        keys: set[str] = set()
        for bad in (
            authority.issue_cert(HOST),
            trustme.CA().issue_cert(*NAMES),
            authority.issue_cert(*NAMES, not_after=ENDED),
        ):
            keys |= {line for line in key(bad).decode().split() if len(line) > 40}
            failed = 'file_reloads_total{file="certificate",result="failure"}'
            count = running.sample(failed)
            volume.write_pair(bad)
            wait_for("refusal", lambda: running.sample(failed) != count)  # noqa: B023
        assert running.serial() == before
        assert running.probe("/readyz") == (200, "ok\n")

        good = authority.issue_cert(*NAMES, not_after=SOON)
        volume.write_pair(good)
        wait_for("new pair", lambda: running.serial() == serial_of(good, authority))
        assert running.sample(EXPIRY) == SOON.timestamp()
        logged = running.logged("file reload failed")
        reasons = ("is not for the Service", "vouches for", "ended on")
        for line, reason in zip(logged, reasons, strict=True):
            assert reason in line["reason"]
        assert keys
        assert not [line for line in keys if line in json.dumps(running.lines)]


def test_with_an_ended_certificate_it_is_not_ready_until_the_next(
    volume: Volume, authority: trustme.CA
) -> None:
    volume.write_pair(authority.issue_cert(HOST, not_after=ENDED))
    with Server(authority, command(volume)) as running:
        reason = f"the certificate ended on {ENDED:%Y-%m-%d %H:%M} UTC"
        assert running.probe("/readyz") == (503, f"{reason}\n")
        assert running.probe("/healthz") == (200, "ok\n")
        assert running.sample(EXPIRY) == int(ENDED.timestamp())
        wait_for("line", lambda: running.logged("not ready"))
        assert running.logged("not ready")[0]["reason"] == reason

        volume.write_pair(authority.issue_cert(HOST))
        wait_for("readiness", lambda: running.probe("/readyz") == (200, "ok\n"))
        assert running.review()["allowed"] is True


def test_with_a_certificate_for_another_service_it_does_not_start(
    volume: Volume, authority: trustme.CA, options: tuple[str, ...]
) -> None:
    volume.write_pair(authority.issue_cert(HOST))
    done = subprocess.run(
        command(volume, *options), capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 2
    logged = json.loads(done.stderr)
    assert logged["reason"].endswith("have it issued with the DNS name webhook.mcp.svc")
