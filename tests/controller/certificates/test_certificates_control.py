"""The process `certs control` on a real API server: certificates are installed or judged."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from math import nan
from typing import Any

import pytest

from tests.controller.certificates.cluster import SERVICE, Installed
from tools.cluster.ports import LOOPBACK, free_ports
from webhook.cli.main import main


def words(installed: Installed) -> list[str]:
    """The options that name this installation."""
    here = ["--kubeconfig", str(installed.cluster.kubeconfig)]
    service = f"{SERVICE}.{installed.namespace}"
    return [*here, "--service", service]


class Control:
    """A `certs control` process, and what it logs."""

    def __init__(self, installed: Installed, *options: str) -> None:
        (self.metrics_port,) = free_ports(1)
        self._command = [sys.executable, "-m", "webhook", "certs", "control"]
        self._command += words(installed)
        self._command += ["--configuration", installed.places.configuration]
        self._command += ["--metrics-listen", f"{LOOPBACK}:{self.metrics_port}", *options]

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[str]]:
        """It runs within the block."""
        with subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def metric(self, line: str) -> float:
        """The value on the line of its metrics that starts with this; not a number before that."""
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.metrics_port}/metrics") as answer:
            text: str = answer.read().decode()
        found = [one for one in text.splitlines() if one.startswith(f"mcp_admission_{line} ")]
        return float(found[0].rpartition(" ")[2]) if found else nan


def test_control_installs_tells_and_ends(installed: Installed) -> None:
    control = Control(installed)
    with control.running() as process:
        installed.cluster.wait_for("installation", installed.is_settled)
        installed.cluster.wait_for("rest", lambda: control.metric("certificate_faults") == 0.0)
        assert control.metric('rotation_steps_total{step="IssueLeaf"}') == 1
        ends = installed.leaf().certificate.not_valid_after_utc.timestamp()
        name = 'stored_certificate_expiry_timestamp_seconds{certificate="leaf"}'
        assert control.metric(name) == ends
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)

    lines: list[dict[str, Any]] = [json.loads(line) for line in err.splitlines()]
    assert process.returncode == 0
    assert lines[0]["message"] == "controller started"
    assert lines[-1]["message"] == "controller stopped"
    steps = [line["step"] for line in lines if line["message"] == "rotation step"]
    assert steps[:3] == ["CreateAuthority", "Publish", "IssueLeaf"]
    assert steps[-1] == "Rest"


def test_control_that_looks_on_tells_what_is_wrong(installed: Installed) -> None:
    control = Control(installed, "--mode", "cert-manager")
    with control.running() as process:
        installed.cluster.wait_for("faults", lambda: control.metric("certificate_faults") == 3.0)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)

    assert process.returncode == 0
    reasons = [json.loads(line).get("reason") for line in err.splitlines()]
    assert "Secret mcp-admission-tls is not there: nothing can be served" in reasons


CONSOLE = ("--console-name", "localhost", "--console-name", "console.example")
SAID = "mcp-admission.dev/console-certificate"


def test_control_keeps_the_certificate_of_a_console_while_there_is_one(
    installed: Installed,
) -> None:
    cluster, places = installed.cluster, installed.places
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{places.namespace}/leases"

    def said() -> bool:
        found = cluster.raw("GET", f"{lease}/mcp-admission-certificates").json()
        return SAID in (found.get("metadata", {}).get("annotations") or {})

    def shown() -> bool:
        name = 'stored_certificate_expiry_timestamp_seconds{certificate="console"}'
        return control.metric(name) > 0

    control = Control(installed, *CONSOLE)
    with control.running() as process:
        cluster.wait_for("installation", installed.is_settled)
        cluster.wait_for("certificate of the console", shown)
        cluster.wait_for("Lease that tells of it", said)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    names = {each["metadata"]["name"] for each in cluster.get(places.secret("x")[:-2])["items"]}
    assert {"mcp-admission-console-ca", "mcp-admission-console-tls"} <= names

    with Control(installed).running():
        cluster.wait_for("Lease that tells of it no more", lambda: not said())


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--mode", "cert-manager", *CONSOLE], "the mode cert-manager issues no certificate for a"),
        (["--console-name", "mcp-admission.mcp-admission-system.svc"], "give the console another"),
        (["--console-name", "*.example"], "write the name in full"),
        (["--console-name", "192.0.2.1"], "at least one DNS name"),
    ],
)
def test_control_refuses_names_of_a_console_before_it_looks_for_a_cluster(
    capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    code = main(["certs", "control", "--kubeconfig", "/nowhere", *options])

    assert code == 2
    assert reason in capsys.readouterr().err


def test_control_needs_its_port(installed: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        listen = f"{LOOPBACK}:{taken.getsockname()[1]}"
        code = main(["certs", "control", *words(installed), "--metrics-listen", listen])

    assert code == 2
    assert f"cannot listen on {listen} (" in capsys.readouterr().err
