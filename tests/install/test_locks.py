"""The lock files are whole: all that is asked for is in them, and all that this needs."""

import re
import tomllib
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from locks.extras import unmet
from tests.install.image import ROOT
from tests.install.index import Package

LOCKS = ("run", "demo", "dev", "build")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PYPROJECT["dependency-groups"]


def text(lock: str) -> str:
    return (ROOT / "locks" / f"{lock}.txt").read_text()


def pins(lock: str) -> dict[str, Requirement]:
    """The requirement for each package, without its hashes."""
    lines = re.findall(r"^(\S.*?) \\$", text(lock), re.MULTILINE)
    return {canonicalize_name(each.name): each for each in map(Requirement, lines)}


def locked(lock: str) -> dict[str, Distribution]:
    """The installed packages that it pins for this system."""
    here = [name for name, pin in pins(lock).items() if not pin.marker or pin.marker.evaluate()]
    return {name: distribution(name) for name in here}


def asked(group: str) -> list[str]:
    """The requirements of a dependency group."""
    found: list[str] = []
    for each in GROUPS[group]:
        found += [each] if isinstance(each, str) else asked(each["include-group"])
    return found


def described(folder: Path, package: Package, version: str = "0.1") -> Distribution:
    """The package, as if it were installed."""
    (place := folder / package.name).mkdir()
    (place / "METADATA").write_text(package.metadata(version))
    return PathDistribution(place)


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_installed_here_is_what_is_locked(lock: str) -> None:
    for name, found in locked(lock).items():
        assert pins(lock)[name].specifier.contains(found.version), name


@pytest.mark.parametrize(
    ("lock", "requires"),
    [
        ("run", PYPROJECT["project"]["dependencies"]),
        ("demo", [*PYPROJECT["project"]["dependencies"], *asked("demo")]),
        ("dev", [*PYPROJECT["project"]["dependencies"], *asked("dev")]),
        ("build", [*asked("build"), *asked("compile"), *PYPROJECT["build-system"]["requires"]]),
    ],
)
def test_a_lock_pins_all_that_is_asked_for_and_what_that_needs(
    lock: str, requires: list[str], tmp_path: Path
) -> None:
    whole = {"project": described(tmp_path, Package("project", requires)), **locked(lock)}

    assert list(unmet(whole)) == []


def test_what_an_extra_misses_is_told_once_each(tmp_path: Path) -> None:
    packages = [
        Package("one", ["Tool[Toml]>=0.1", "two"]),
        Package("two", ["tool[toml]", 'gone; sys_platform == "nowhere"']),
        Package("tool", extras={"toml": ["parser", "two>=2", "one[no-such-extra]"]}),
    ]
    whole = {each.name: described(tmp_path, each) for each in packages}

    assert list(unmet(whole)) == [
        "tool[toml] 0.1 requires parser, which is not installed.",
        "tool[toml] 0.1 requires two>=2, which is 0.1 here.",
    ]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_by_version_and_hash_and_names_no_index(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", text(lock).strip())

    for block in blocks:
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^\\]+)?( \\\n    --hash=sha256:\w{64})+", block)
    assert len(blocks) == len(pins(lock))


@pytest.mark.parametrize(
    ("smaller", "larger"), [("run", "demo"), ("demo", "dev"), ("build", "dev")]
)
def test_a_larger_lock_pins_the_same_versions(smaller: str, larger: str) -> None:
    assert pins(smaller).items() <= pins(larger).items()
