"""The house: one meaning for each name, and modules that are neither crumbs nor piles."""

import ast
import io
import tokenize
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path for name in ("webhook", "certs") for path in (ROOT / name).rglob("*.py"))
MODULES = [path for path in FILES if path.name != "__init__.py"]

# Several modules offer the same function, because somebody calls all of them alike.
PROTOCOLS = {
    "fill": "webhook/rules/checks",
    "check": "webhook/rules/checks",
    "given": "webhook/rules/checks",
    "add_parser": "webhook/cli",
    "run": "webhook/cli",
}

# What has no test at its own place, and where it is proven.
TESTED_ELSEWHERE = {
    "webhook/__main__.py": "tests/cli/test_main.py runs it as a process",
    "webhook/cli/version.py": "tests/cli/test_main.py runs it through the command line",
}


def test_a_file_name_stands_for_one_module() -> None:
    files = defaultdict(list)
    for path in MODULES:
        files[path.name].append(str(path.relative_to(ROOT)))

    assert {name: paths for name, paths in files.items() if len(paths) > 1} == {}


def test_a_public_name_has_one_meaning() -> None:
    places = defaultdict(list)
    for path in MODULES:
        for name in _public(path):
            if not path.is_relative_to(ROOT / PROTOCOLS.get(name, "nowhere")):
                places[name].append(str(path.relative_to(ROOT)))

    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_has_several_modules(name: str) -> None:
    offering = [
        path
        for path in MODULES
        if path.is_relative_to(ROOT / PROTOCOLS[name]) and name in _public(path)
    ]

    assert len(offering) > 1


def test_imports_are_at_most_eight_percent_of_the_code() -> None:
    code = sum(len(_code(path)) for path in FILES)
    imports = sum(len(_imports(path)) for path in FILES)

    assert imports <= 0.08 * code


def test_a_module_has_120_lines_on_average() -> None:
    assert sum(map(_lines, MODULES)) >= 120 * len(MODULES)


def test_a_module_has_at_most_250_lines() -> None:
    assert [path for path in MODULES if _lines(path) > 250] == []


def test_no_folder_holds_more_than_a_fifth() -> None:
    folders: Counter[str] = Counter()
    for path in MODULES:
        folders["/".join(path.relative_to(ROOT).parts[:2])] += _lines(path)

    assert max(folders.values()) <= 0.2 * folders.total(), folders.most_common(3)


def test_a_module_has_its_test_at_the_same_place_and_name() -> None:
    without = {str(path.relative_to(ROOT)) for path in MODULES if not _tests(path)}

    assert without == TESTED_ELSEWHERE.keys()


def _tests(path: Path) -> list[Path]:
    """`tests/a/test_b.py` of the module `a/b.py`, and whatever is in the folder `tests/a/b`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    place = ROOT.joinpath("tests", *(parts if parts[0] == "certs" else parts[1:]))
    alone = place.with_name(f"test_{place.name}.py")
    return [file for file in (alone, *place.glob("test_*.py")) if file.exists()]


def _public(path: Path) -> set[str]:
    defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    body = ast.parse(path.read_text()).body
    return {node.name for node in body if isinstance(node, defined) and node.name[0] != "_"}


def _imports(path: Path) -> list[ast.AST]:
    statements = ast.Import | ast.ImportFrom
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, statements)]


def _code(path: Path) -> set[int]:
    """The lines that hold code: neither blank, nor comments, nor docstrings."""
    text = path.read_text()
    skipped = {tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT}
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in skipped | {tokenize.ENDMARKER}
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(text)):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            lines -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return lines


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())
