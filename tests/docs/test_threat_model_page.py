"""docs/threat-model.md answers each threat and each attack, and names tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text()
THREATS = 18
NOT_OURS = "Not ours"
PROOF = re.compile(r"`([\w/]+/test_\w+)::(\w+)`")
NAMED = sorted(set(PROOF.findall(PAGE)))


def rows(section: str) -> list[list[str]]:
    """The cells of the tables of a section, without their heads."""
    text = PAGE.partition(f"\n## {section}")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def functions(path: Path) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, kinds)}


@pytest.mark.parametrize(("module", "name"), NAMED, ids=["::".join(named) for named in NAMED])
def test_a_proof_of_the_threat_model_exists(module: str, name: str) -> None:
    assert f"test_{name}" in functions(ROOT / "tests" / f"{module}.py")


def test_each_threat_of_sig_security_has_an_answer() -> None:
    threats = rows("The threats of Kubernetes SIG Security")

    assert [row[0] for row in threats] == [str(number) for number in range(1, THREATS + 1)]
    for _, _, answer, proof in threats:
        assert PROOF.search(proof) or answer.startswith(NOT_OURS)


def test_each_attack_is_proven_by_a_test_that_repeats_it() -> None:
    attacks = rows("Attacks on this product")
    proven = {found for row in attacks for found in PROOF.findall(row[3])}
    hostile = {
        (f"hostile/{path.stem}", name.removeprefix("test_"))
        for path in (ROOT / "tests" / "hostile").glob("test_*.py")
        for name in functions(path)
        if name.startswith("test_")
    }

    assert hostile <= proven
    assert all(PROOF.search(row[3]) for row in attacks)


def test_links_of_the_threat_model_lead_to_files() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", PAGE) if "://" not in link]

    assert links
    assert all((ROOT / "docs" / link).exists() for link in links)
