"""What Helm prints after an installation."""

import shutil
from pathlib import Path

import pytest
import yaml

from tools.chart.helm import IMAGE, MANIFESTS, NAMESPACE, RELEASE, Helm, Json


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart for any Kubernetes: without a cluster, Helm prints notes for an old one alone."""
    copied = tmp_path_factory.mktemp("notes") / "chart"
    shutil.copytree(MANIFESTS / "chart", copied)
    described = yaml.safe_load((copied / "Chart.yaml").read_text())
    del described["kubeVersion"]
    (copied / "Chart.yaml").write_text(yaml.dump(described))
    return copied


def notes(helm: Helm, chart: Path, gateway: Json | None = None, *, enabled: bool = True) -> str:
    values = {
        "image": {"repository": IMAGE},
        "mcpNamespace": {"networkPolicy": {"enabled": enabled, "gateway": gateway}},
    }
    printed = helm.run(
        "install", RELEASE, chart, "--namespace", NAMESPACE, "--dry-run=client",
        "--values", "-", sent=yaml.dump(values),
    )  # fmt: skip
    return printed.partition("NOTES:\n")[2]


GATEWAY = "pods labelled mcp-admission.dev/gateway=true"
CALLERS: dict[str, tuple[Json | None, str]] = {
    "the default": (None, f"{GATEWAY} in namespace {NAMESPACE}"),
    "other pods": (
        {"podSelector": {"app": "obot"}},
        f"pods labelled app=obot in namespace {NAMESPACE}",
    ),
    "elsewhere": ({"namespace": "obot"}, f"{GATEWAY} in namespace obot"),
    "a whole namespace": ({"podSelector": {}}, f"all pods in namespace {NAMESPACE}"),
}


@pytest.mark.parametrize(("gateway", "callers"), CALLERS.values(), ids=CALLERS)
def test_the_notes_of_the_chart_name_the_callers_of_servers(
    helm: Helm, chart: Path, gateway: Json | None, callers: str
) -> None:
    assert f"\nCallers from now on: {callers}; no other pods.\n" in notes(helm, chart, gateway)


def test_the_notes_say_that_every_pod_calls_without_network_policies(
    helm: Helm, chart: Path
) -> None:
    assert "\nCallers from now on: every pod, because" in notes(helm, chart, enabled=False)


@pytest.mark.parametrize(("mode", "following"), [("observe", "warn"), ("warn", "enforce")])
def test_the_notes_say_below_enforce_what_is_not_done_and_how_to_go_on(
    helm: Helm, chart: Path, mode: str, following: str
) -> None:
    values = {"image": {"repository": IMAGE}, "mode": mode}
    printed = helm.run(
        "install", RELEASE, chart, "--namespace", NAMESPACE, "--dry-run=client",
        "--values", "-", sent=yaml.dump(values),
    )  # fmt: skip
    assert f"The mode is {mode}: nothing is filled in, refused, isolated or gated." in printed
    assert f"--set mode={following}\n" in printed


@pytest.mark.parametrize(
    ("tls", "address", "told"),
    [
        ({}, "https://localhost:8443/", True),
        ({"issued": False}, "http://localhost:8443/", False),
        ({"secretName": "theirs"}, "https://localhost:8443/", False),
    ],
    ids=["issued", "none", "brought along"],
)
def test_the_notes_say_how_browsers_learn_of_the_authority_of_the_console(
    helm: Helm, chart: Path, tls: Json, address: str, told: bool
) -> None:
    values = {"image": {"repository": IMAGE}, "console": {"enabled": True, "tls": tls}}
    printed = helm.run(
        "install", RELEASE, chart, "--namespace", NAMESPACE, "--dry-run=client",
        "--values", "-", sent=yaml.dump(values),
    )  # fmt: skip
    assert f" {address}\n" in printed
    assert ("get secret mcp-admission-console-tls -o jsonpath" in printed) is told
