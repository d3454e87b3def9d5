"""The commands that the README and docs/install.md show, run as they stand there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import Block, blocks
from tests.e2e.namespace import assert_hardened
from tests.release import servers
from tests.release.page import Page
from tools.release.release import ADMISSION, TOOLS, Release

pytestmark = pytest.mark.control_plane

ROOT = Path(__file__).parents[2]
README = blocks((ROOT / "README.md").read_text(encoding="utf-8"))
INSTALL = blocks((ROOT / "docs" / "install.md").read_text(encoding="utf-8"))
NEEDS = [
    "Python 3.11 or newer and make; test and cluster also Go 1.26 or newer",
    "a container engine and a registry",
    "nodes that run images",
    "pipx",
    "uv",
]


@pytest.fixture
def page(release: Release, removed: None, tmp_path: Path) -> Iterator[Page]:
    """Where people would be; what they deployed goes after it."""
    yield Page(release, tmp_path)
    release.cluster.kubectl("delete", "deployments", "--all", "--namespace", TOOLS)


def of(found: list[Block], section: str) -> list[Block]:
    """The blocks of a section that can be run."""
    return [block for block in found if block.section == section and block.needs is None]


def sections(found: list[Block]) -> list[str]:
    """The headings with something to run; it is removed last, and that is shown before."""
    named = list(dict.fromkeys(block.section for block in found if block.needs is None))
    return [*(each for each in named if each != "Remove"), "Remove"]


def registrations(release: Release) -> int:
    """How many webhook configurations there are."""
    kinds = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
    return sum(len(release.cluster.get(f"{ADMISSION}/{kind}")["items"]) for kind in kinds)


def test_each_command_of_a_page_that_is_not_run_says_why() -> None:
    assert sorted({block.needs for block in [*README, *INSTALL] if block.needs}) == sorted(NEEDS)


@pytest.mark.parametrize("file", ["README.md", "docs/install.md"])
def test_no_command_of_a_page_stands_outside_of_a_block_that_is_run(file: str) -> None:
    flags = re.MULTILINE | re.DOTALL
    outside = re.sub(r"^```sh\n.*?^```$", "", (ROOT / file).read_text(), flags=flags)

    commands = r"^(?: {4}|\$ )(?:docker|helm|kubectl|make|mcp-admission) .*"
    assert re.findall(commands, outside, re.MULTILINE) == []


def test_the_commands_of_the_readme_work(release: Release, page: Page) -> None:
    for section in sections(README):
        for block in of(README, section):
            page.run(block)
    assert registrations(release) == 0


def test_the_commands_of_the_install_page_work(release: Release, page: Page) -> None:
    for section in sections(INSTALL):
        if section == "Without Helm":
            continue
        for block in of(INSTALL, section):
            page.run(block)
        if section == "Emergency switch-off":
            assert registrations(release) == 2
    assert registrations(release) == 0


def test_the_plain_manifests_install_the_same_as_the_chart(release: Release, page: Page) -> None:
    install, remove = of(INSTALL, "Without Helm")
    namespace = release.cluster.namespace("tools")

    page.run(install)
    servers.deploy(release.cluster, namespace)
    servers.assert_served(release, namespace)
    page.run(remove)

    assert registrations(release) == 0
    (pod,) = servers.runs(release, namespace)
    assert_hardened(pod)
