"""What the README shows is what people get."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path("README.md").read_text()
CONTRIBUTING = Path("CONTRIBUTING.md").read_text()
MAKEFILE = Path("Makefile").read_text()


def test_the_refusal_is_the_one_of_the_example() -> None:
    command = [
        sys.executable,
        "-m",
        "webhook",
        "review",
        "manifests/examples/contradictory-bridge.yaml",
    ]
    said = subprocess.run([*command, "-o", "json"], capture_output=True, text=True, check=False)
    shown = README.partition("refused:\n")[2].partition("\n      remove or correct")[0]

    for line in shown.splitlines():
        assert line.rpartition(" (")[0].strip() in said.stdout


@pytest.mark.parametrize("page", [README, CONTRIBUTING])
def test_every_target_that_is_named_exists(page: str) -> None:
    named = set(re.findall(r"^ *make (\w+)", page, re.MULTILINE))

    assert named
    assert all(f"\n{target}:" in MAKEFILE for target in named)


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "RELEASE.md",
        "SECURITY.md",
        *sorted(str(page) for page in Path("docs").rglob("*.md")),
    ],
)
def test_every_relative_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", Path(page).read_text()):
        assert (Path(page).parent / target).exists(), target
