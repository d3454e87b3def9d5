"""`check` and `status` on an installation: well, broken, and mended by the command they print."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from certs.authority import Pair, issue_leaf
from tools.chart.helm import NAMESPACE
from tools.release.release import CONFIGURATIONS, PLUGIN, Release

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/mcp-admission-tls"
CERTIFICATES = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/mcp-admission-certificates"
UPGRADE = "helm upgrade mcp-admission "
LOCAL_UPGRADE = f"{UPGRADE}--post-renderer {PLUGIN} "
MERGE = "application/merge-patch+json"
SERVE, CONTROL = (f"deployment/mcp-admission-{name}" for name in ("serve", "control"))
# The test's node runs no network plugin, and what runs there is reached from here.
KNOWN_NOTES = {"network-plugin"}


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def checks(self) -> dict[str, Json]:
        """Each check by its id."""
        return {each["id"]: each for each in json.loads(self.out)["checks"]}

    def verdicts(self, *verdicts: str) -> set[str]:
        """The checks with one of these verdicts."""
        return {name for name, each in self.checks.items() if each["verdict"] in verdicts}

    def mend(self, check: str) -> str:
        """The command that mends it."""
        return str(self.checks[check]["told"][0]["mend"])


def run(release: Release, *words: str) -> Ended:
    way = ("--kubeconfig", str(release.cluster.kubeconfig))
    command = [sys.executable, "-m", "webhook", *words, *way]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    return Ended(done.returncode, done.stdout, done.stderr)


def check(release: Release, *words: str) -> Ended:
    ended = run(release, "check", "-o", "json", *words)
    assert ended.out, ended.err
    return ended


def status(release: Release) -> tuple[int, Json]:
    ended = run(release, "status", "-o", "json")
    assert ended.out, ended.err
    return ended.code, json.loads(ended.out)


def mended(release: Release, command: str, folder: Path | None = None) -> Ended:
    """Run the command as a person would, in this folder, then wait until all is well.

    Helm gets what it needs where API servers reach no pods.
    """
    home, cluster = release.local_helm, release.cluster
    environment = {**os.environ, **home.environment, "KUBECONFIG": str(cluster.kubeconfig)}
    programs = cluster.folder / "programs"
    programs.mkdir(exist_ok=True)
    for name, binary in {"kubectl": cluster.binaries["kubectl"], "helm": home.binary}.items():
        (programs / name).unlink(missing_ok=True)
        (programs / name).symlink_to(binary)
    environment["PATH"] = os.pathsep.join([str(programs), os.environ["PATH"]])
    here = command.replace(UPGRADE, LOCAL_UPGRADE)
    shell = ["bash", "-c", f"set -o pipefail; {here}"]
    subprocess.run(shell, check=True, env=environment, cwd=folder)
    return check(release, "--wait", "150")


@pytest.fixture(scope="module")
def installed(release: Release) -> Iterator[Release]:
    """Checked before, installed, and waited for by `check`."""
    before = check(release)
    assert json.loads(before.out)["stage"] == "before"
    assert (before.code, before.verdicts("fault", "unknown")) == (0, set())
    assert before.verdicts("note") == KNOWN_NOTES

    release.install()
    after = check(release, "--wait", "240")
    assert (after.code, after.verdicts("fault", "unknown", "note")) == (0, set()), after
    yield release
    release.uninstall()


def test_a_healthy_installation_needs_nobody(installed: Release) -> None:
    code, found = status(installed)
    screen = run(installed, "status")

    assert (code, found["needs"]) == (0, [])
    assert found["enforcing"]["enforcing"] == "yes"
    assert [each["ready"] for each in found["replicas"]] == [True, True]
    assert {each["digest"] for each in found["replicas"]} == {found["settings"]["digest"]}
    assert None not in {*found["certificates"].values(), *found["leaders"].values()}
    assert screen.out.startswith("enforcing      yes since ")
    assert screen.out.endswith("nothing needs a person\n")


def test_deleted_registrations_are_put_back_by_the_command(installed: Release) -> None:
    for path in CONFIGURATIONS:
        assert installed.cluster.raw("DELETE", path).status == 200

    def told() -> Ended | None:
        found = check(installed)
        return found if "fault" in found.checks["enforcing"]["verdict"] else None

    broken = installed.wait_for("fault", told, 40)
    code, found = status(installed)

    assert broken is not None
    assert broken.code == code == 1
    assert broken.verdicts("fault") == {"registrations", "enforcing"}
    assert found["enforcing"]["reason"] == "RegistrationMissing"
    assert found["needs"][0]["mend"] == broken.mend("registrations")
    assert mended(installed, broken.mend("registrations")).code == 0


def test_serve_that_is_scaled_to_nothing_is_scaled_by_the_command(installed: Release) -> None:
    scale(installed, SERVE, 0)

    broken = check(installed)
    code, found = status(installed)

    assert broken.code == code == 1
    assert {"serve", "endpoints"} <= broken.verdicts("fault")
    assert found["replicas"] == []
    assert mended(installed, broken.mend("serve")).code == 0


def test_what_a_controller_that_is_away_has_said_is_unknown(installed: Release) -> None:
    scale(installed, CONTROL, 0)
    installed.wait_for("end", lambda: not installed.component("control"))

    broken = check(installed)
    code, found = status(installed)

    assert broken.code == code == 1
    assert broken.verdicts("fault") == {"control", "control-leader"}
    assert broken.verdicts("unknown") == {"enforcing", "replicas"}
    assert found["enforcing"]["enforcing"] == "unknown"
    assert found["leaders"]["control"] is None
    assert mended(installed, broken.mend("control")).code == 0


def test_a_certificate_that_is_about_to_end_is_replaced_by_the_command(
    installed: Release, tmp_path: Path
) -> None:
    authority = secret(installed, "mcp-admission-ca")
    pair = Pair.from_pem(authority["ca.crt"], authority["ca.key"])
    now, names = datetime.now(UTC).replace(microsecond=0), [f"mcp-admission.{NAMESPACE}.svc"]
    old = issue_leaf(pair, names, now - timedelta(days=80), timedelta(days=90))
    new = issue_leaf(pair, names, now, timedelta(days=90))
    issued_by_others(installed)
    for file, content in {"tls.crt": new.certificate_pem, "tls.key": new.key_pem}.items():
        (tmp_path / file).write_bytes(content)
    stored = {"tls.crt": old.certificate_pem, "tls.key": old.key_pem}
    data = {file: base64.b64encode(content).decode() for file, content in stored.items()}
    assert installed.cluster.raw("PATCH", SECRET, {"data": data}, MERGE).status == 200

    def told() -> Ended | None:
        found = check(installed)
        (told, *_) = found.checks["certificates"]["told"]
        return found if "was not renewed" in told["message"] else None

    broken = installed.wait_for("fault", told, 60)
    code, found = status(installed)

    assert broken is not None
    assert broken.code == code == 1
    ends = f"{now + timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}"
    assert found["certificates"]["certificate_ends"] == ends
    assert mended(installed, broken.mend("certificates"), tmp_path).code == 0
    issued_by_others(installed, "own")
    assert check(installed, "--wait", "150").code == 0


def secret(release: Release, name: str) -> dict[str, bytes]:
    found = release.cluster.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/{name}")["data"]
    return {key: base64.b64decode(value) for key, value in found.items()}


def issued_by_others(release: Release, mode: str = "bring-your-own") -> None:
    """Let the process of the certificates look on, as if somebody else issued them."""
    found = release.cluster.get(CERTIFICATES)
    (container,) = found["spec"]["template"]["spec"]["containers"]
    container["args"] = [
        f"--mode={mode}" if word.startswith("--mode=") else word for word in container["args"]
    ]
    answer = release.cluster.raw("PUT", CERTIFICATES, found)
    assert answer.status == 200, answer.body
    release.rolled_out()


def test_whoever_may_not_read_learns_that_it_is_not_known(installed: Release) -> None:
    ended = run(installed, "check", "--as", "nobody-here", "-o", "json")

    assert ended.code == 2
    assert ended.verdicts("ok", "fault") == set()


def scale(release: Release, deployment: str, replicas: int) -> None:
    count = f"--replicas={replicas}"
    release.cluster.kubectl("scale", deployment, count, "--namespace", NAMESPACE)
