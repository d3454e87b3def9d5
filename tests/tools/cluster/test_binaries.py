"""Where the binaries come from, and what is said when there are none. No control plane needed."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster import fixtures
from tools.cluster.binaries import Binaries, find, find_etcd_tools, find_helm, find_monitoring
from tools.cluster.build import DURATION, Progress
from tools.cluster.release import (
    DEFAULT_MINOR,
    PARTS,
    STAGES,
    VERSIONS,
    NoControlPlaneError,
    Release,
    cache,
    etcd_tools,
    minors,
)

GO = f"""#!{sys.executable}
import json, pathlib, sys, time
folder = pathlib.Path(__file__).parent
arguments = sys.argv[1:]
with (folder / "calls").open("a") as calls:
    print(arguments[-1], file=calls)
if arguments[0] == "mod":
    print(json.dumps({{"Dir": str(folder / "kwok")}}))
else:
    pathlib.Path(arguments[arguments.index("-o") + 1]).write_text("built")
    time.sleep(0.05)
    sys.exit((folder / "broken").exists() and "no network")
"""


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without assets, cache and Go."""
    for variable in ("KUBEBUILDER_ASSETS", "MCP_ADMISSION_KUBERNETES_VERSION"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


@pytest.fixture
def go(empty: Path) -> Path:
    """A stand-in for Go that writes a file for each package, in the folder of its calls."""
    folder = empty / "bin"
    for stage in ("node/fast", "node/heartbeat-with-lease", "pod/fast"):
        stages = folder / "kwok" / "kustomize" / "stage" / stage
        stages.mkdir(parents=True)
        (stages / "stage.yaml").write_text(f"stage: {stage}\n")
        (stages / "kustomization.yaml").write_text("not a stage\n")
    (folder / "go").write_text(GO)
    (folder / "go").chmod(0o755)
    return folder


def unexpected(line: str) -> None:
    pytest.fail(f"nothing is to be built: {line}")


def fill(folder: Path, parts: tuple[str, ...] = PARTS) -> Path:
    folder.mkdir(parents=True)
    for part in parts:
        (folder / part).write_text("#!/bin/sh\necho Kubernetes v1.36.9\n")
        (folder / part).chmod(0o755)
    return folder


def test_complete_assets_are_taken_as_they_are(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = fill(empty / "assets")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))

    assert find(unexpected) == {part: assets / part for part in PARTS}


def test_what_envtest_archives_lack_comes_from_the_cache_of_their_minor(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = ("etcd", "kube-apiserver", "kubectl")
    assets = fill(empty / "assets", archive)
    release = Release.of("1.36")
    fill(release.kubernetes.cache)
    fill(release.kwok.cache)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))

    found = find(unexpected)

    assert found == {
        part: assets / part if part in archive else release.cached(part) for part in PARTS
    }


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, r"install Go .* or let KUBEBUILDER_ASSETS name"),
        ({"MCP_ADMISSION_KUBERNETES_VERSION": "1.2"}, r"asks for Kubernetes 1\.2.* has .*1\.36"),
        ({"KUBEBUILDER_ASSETS": "/nowhere"}, r"/nowhere, which lacks kube-apiserver"),
    ],
)
@pytest.mark.usefixtures("empty")
def test_no_control_plane_has_a_reason_of_one_line(
    environment: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(NoControlPlaneError, match=reason) as raised:
        find(unexpected)
    assert "\n" not in str(raised.value)


def test_assets_of_another_minor_than_the_one_asked_for_are_refused(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(fill(empty / "assets", PARTS[:2])))
    monkeypatch.setenv("MCP_ADMISSION_KUBERNETES_VERSION", "1.34")

    with pytest.raises(NoControlPlaneError, match=r"1\.34, and .* holds v1\.36\.9"):
        find(unexpected)


def test_everything_is_built_once_and_then_kept(go: Path) -> None:
    progress: list[str] = []

    found = find(progress.append)
    calls = (go / "calls").read_text()
    again = find(unexpected)

    assert again == found
    assert (go / "calls").read_text() == calls
    assert progress[0].startswith("Go now builds etcd, kube-apiserver, kube-controller-manager,")
    assert progress[0].endswith("about ten minutes on two cores.")
    assert "[2/7] kube-apiserver: building kubernetes v1.36.3, once" in progress
    assert found["kwok-stages.yaml"].read_text().count("stage: ") == 3
    assert "not a stage" not in found["kwok-stages.yaml"].read_text()


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["alone", "on a worker"])
def test_a_test_run_says_beforehand_how_long_the_build_takes(go: Path, options: list[str]) -> None:
    test = go.parent / "test_that_needs_one.py"
    test.write_text(
        "from tests.cluster.fixtures import binaries_or_skip\n\n"
        "def test_something(request):\n    binaries_or_skip(request.config)\n"
    )

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "pyproject.toml", *options, test],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout
    told = [line for line in ran.stderr.splitlines() if line.startswith(("Go now builds", "[1/"))]
    assert told[0].endswith(DURATION)


def test_only_missing_parts_are_built(go: Path) -> None:
    release = Release.of(DEFAULT_MINOR)
    fill(release.kubernetes.cache)
    fill(release.kwok.cache, (STAGES,))

    find(lambda _: None)

    assert (go / "calls").read_text().split() == ["sigs.k8s.io/kwok/cmd/kwok"]
    assert release.cached("kwok").read_text() == "built"


def test_a_failed_build_says_why_and_leaves_no_half_binary(go: Path) -> None:
    (go / "broken").touch()
    with pytest.raises(NoControlPlaneError, match=r"`go build .*etcd.*` failed: no network$"):
        find(lambda _: None)
    assert not [file.name for file in cache().glob("*/[!.]*")]

    (go / "broken").unlink()
    find(lambda _: None)

    assert sorted(file.name for file in cache().glob("*/*")) == sorted(PARTS)


def test_of_two_builders_one_waits_and_finds_the_work_done(go: Path) -> None:
    progress: list[str] = []
    builders = [threading.Thread(target=find, args=[progress.append]) for _ in range(2)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()

    assert len((go / "calls").read_text().split()) == len(PARTS)
    assert [line for line in progress if line.startswith("waiting for another build")]


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
@pytest.mark.usefixtures("empty")
def test_a_missing_control_plane_skips_tests_and_fails_them_in_ci(
    ci: str,
    outcome: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    monkeypatch.setenv("CI", ci)

    with pytest.raises(outcome, match="install Go"):
        fixtures.binaries_or_skip(pytestconfig)


@pytest.mark.parametrize("minor", minors())
def test_every_minor_pins_its_staging_modules_to_its_own_patch(minor: str) -> None:
    pins = Release.of(minor).kubernetes
    staging = pins.version.replace("v1.", "v0.", 1)

    replaced = [
        line.split()
        for line in (pins.module / "go.mod").read_text().splitlines()
        if "=>" in line and line.lstrip().startswith(("k8s.io/", "replace k8s.io/"))
    ]

    assert pins.version.startswith(f"v{minor}.")
    assert replaced
    assert {words[-1] for words in replaced} == {staging}


@pytest.mark.parametrize("major", ["3", "4"])
def test_helm_is_built_beside_a_control_plane_once(go: Path, major: str) -> None:
    helm = find_helm(major, lambda _: None)
    calls = (go / "calls").read_text().split()

    assert find_helm(major, unexpected) == helm
    assert helm.read_text() == "built"
    assert helm.parent.name.startswith(f"helm-v{major}.")
    assert calls == [f"helm.sh/helm/v{major}/cmd/helm"]


@pytest.mark.parametrize(
    ("find_tools", "package"),
    [
        (find_monitoring, "github.com/prometheus/prometheus/cmd/{}"),
        (find_etcd_tools, "go.etcd.io/etcd/{}/v3"),
    ],
    ids=["prometheus", "etcd"],
)
def test_tools_are_built_beside_a_control_plane_once(
    go: Path, find_tools: Callable[[Progress], Binaries], package: str
) -> None:
    found = find_tools(lambda _: None)
    calls = (go / "calls").read_text().split()

    assert find_tools(unexpected) == found
    assert {path.read_text() for path in found.values()} == {"built"}
    assert calls == [package.format(part) for part in found]


def test_the_tools_of_etcd_are_of_the_etcd_that_runs_by_default() -> None:
    pinned = (VERSIONS / DEFAULT_MINOR / "go.mod").read_text()

    assert f"go.etcd.io/etcd/server/v3 {etcd_tools().version}\n" in pinned
