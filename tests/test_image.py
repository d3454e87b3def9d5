"""The image, as far as it can be had without a container engine.

The Dockerfile is linted, and its build steps run as they are written, in a folder that holds what
`.dockerignore` lets in. What they make is then started as the image starts it: by a user without
a name, from a tree that nobody can write to.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.install.image import BUILD, DOCKERFILE, IMAGE, ROOT, arguments, build
from tests.server.certificates import HOST, Volume
from tests.server.process import Server, command

NOBODY = 65532
LARGEST = 150 * 1024 * 1024
# What the slim base image of Debian with Python takes in a registry, rounded up.
BASE = 50 * 1024 * 1024

# Root becomes nobody; it may still read where this machine keeps Python and the test its files.
READING = "+dac_read_search"
UNPRIVILEGED = (
    []
    if os.geteuid() != 0
    else [
        "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set",
        f"-all,{READING}", f"--inh-caps=-all,{READING}", f"--ambient-caps=-all,{READING}",
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which the steps of the build stage have run."""
    folder = tmp_path_factory.mktemp("build")
    known = {name: os.environ[name] for name in os.environ if name.startswith("PIP_")}
    build(ROOT, folder, {"HOME": os.environ["HOME"], **known})
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_the_dockerfile_follows_good_practice() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--no-color", DOCKERFILE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_image_runs_as_nobody_and_calls_no_shell() -> None:
    assert arguments(IMAGE, "USER") == [f"{NOBODY}:{NOBODY}"]
    assert arguments(IMAGE, "ENTRYPOINT") == ['["python", "-m", "webhook"]']
    assert arguments(IMAGE, "RUN") == []
    assert arguments(IMAGE, "COPY") == ["--from=build /build/app /app"]


def test_nothing_is_copied_that_is_not_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    copied = {word.split("/")[0] for rest in arguments(BUILD, "COPY") for word in rest.split()[:-1]}

    assert copied == let_in


def test_the_image_is_small(built: Path) -> None:
    archive = built / "app.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(built / "app")

    assert archive.stat().st_size + BASE < LARGEST


def test_every_file_says_the_same_moment(built: Path) -> None:
    moments = {int(path.stat().st_mtime) for path in (built / "app").rglob("*")}

    assert moments == {1767225600}


def test_the_wheel_is_installed_by_its_hash(built: Path) -> None:
    assert re.fullmatch(
        r"wheel/mcp_admission-\S+\.whl --hash=sha256:[0-9a-f]{64}\n",
        (built / "wheel" / "lock.txt").read_text(),
    )


def test_the_engine_is_compiled_and_its_source_stays_beside_it(built: Path) -> None:
    app = built / "app"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(app)}
    ran = subprocess.run(
        [sys.executable, "-m", "webhook", "version", "-o", "json"],
        cwd="/", env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert json.loads(ran.stdout)["engine"] == "compiled"
    compiled = {path.name.split(".")[0] for path in app.glob("webhook/rules/checks/*.so")}
    assert compiled == {path.stem for path in app.glob("webhook/rules/checks/*.py")} - {"__init__"}


def test_what_sends_traces_is_in_the_image(built: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(built / "app")}
    program = "import webhook.observe.otlp, opentelemetry; print(*opentelemetry.__path__)"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd="/", env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert ran.stdout.strip() == str(built / "app" / "opentelemetry")


def test_people_type_the_command_in_a_pod(built: Path) -> None:
    (environment,) = [words for words in arguments(IMAGE, "ENV") if "PATH=" in words]
    found = f"{built / 'app' / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    ran = subprocess.run(
        ["mcp-admission", "--help"],
        env={"PATH": found, "PYTHONPATH": str(built / "app")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "PATH=/app/bin:${PATH}" in environment
    assert ran.stdout.startswith("usage: mcp-admission"), ran.stderr


def test_serve_starts_from_a_tree_that_it_cannot_write_to(built: Path, tmp_path: Path) -> None:
    app = built / "app"
    for path in (app, *app.rglob("*")):
        path.chmod(0o555 if path.is_dir() or path.parent.name == "bin" else 0o444)
    authority = trustme.CA()
    volume = Volume(tmp_path / "tls")
    volume.write_pair(authority.issue_cert(HOST))
    python, *words = command(volume)
    environment = ["/usr/bin/env", "-i", f"PYTHONPATH={app}", "PYTHONDONTWRITEBYTECODE=1"]

    with Server(authority, [*UNPRIVILEGED, *environment, python, "-S", *words]) as server:
        assert server.review()["allowed"] is True
