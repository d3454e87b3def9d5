"""`make` installs exactly what a lock file pins, whatever an index offers later."""

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.install.image import BuildError, build
from tests.install.project import BUILDER, LOCKED, PACKAGES, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project, some time after its lock was made."""
    made = Project(tmp_path)
    made.time_passes()
    return made


def install(project: Project) -> subprocess.CompletedProcess[str]:
    return project.run("sh", "locks/install.sh", sys.executable, ".venv", "locks/dev.txt")


def installed(project: Project) -> dict[str, str]:
    listed = project.run(".venv/bin/python", "-m", "pip", "list", "--format=json")
    found = {each["name"]: each["version"] for each in json.loads(listed.stdout)}
    del found["pip"]
    return found


def test_no_later_release_breaks_or_changes_an_install(project: Project) -> None:
    project.lock("dev.txt")
    # As an interrupted start leaves it.
    project.run(sys.executable, "-m", "venv", "--without-pip", ".venv")

    ran = install(project)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (
        f"Installing the {len(PACKAGES)} packages of locks/dev.txt into .venv. "
        "This takes about a minute.\n"
    )
    assert installed(project) == {**{each.name: LOCKED for each in PACKAGES}, "product": "0.1"}


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("tool", "plugin 1.0 requires tool, which is not installed."),
        ("speedups", "parser[fast] 1.0 requires speedups>=1, which is not installed."),
    ],
)
def test_a_lock_that_misses_a_package_is_told_in_one_sentence(
    project: Project, missing: str, reason: str
) -> None:
    project.lock("dev.txt", without=missing)

    ran = install(project)

    assert ran.returncode == 1
    assert ran.stderr == f"locks/dev.txt is not a complete set of packages: {reason}\n"


def test_what_has_no_wheel_is_not_built_with_the_tools_of_the_day(project: Project) -> None:
    project.has_no_wheel("speedups")
    project.lock("dev.txt")

    ran = install(project)

    assert ran.returncode == 1
    assert "No matching distribution found for speedups==1.0" in ran.stderr


def test_the_container_image_holds_exactly_what_is_locked(project: Project, tmp_path: Path) -> None:
    project.lock("build.txt", BUILDER)
    project.lock("traces.txt", *(each.name for each in PACKAGES if each.name != BUILDER))
    (folder := tmp_path / "image").mkdir()

    build(project.folder, folder, project.settings)

    found = {each.name: each.version for each in distributions(path=[str(folder / "app")])}
    locked = {each.name: LOCKED for each in PACKAGES if each.name != BUILDER}
    assert found == {**locked, "product": "0.1"}


def test_an_image_that_would_lack_a_package_is_not_built(project: Project, tmp_path: Path) -> None:
    project.lock("build.txt", BUILDER)
    project.lock("traces.txt", "plugin", "tool", "parser")
    (folder := tmp_path / "image").mkdir()

    with pytest.raises(BuildError, match=r"parser\[fast\] 1.0 requires speedups>=1, which is not"):
        build(project.folder, folder, project.settings)
