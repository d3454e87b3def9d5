"""Hard rules that are about what the code is made of."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import webhook

ROOT = Path(webhook.__file__).parent
FORBIDDEN_MODULES = {
    *("kubernetes", "cryptography", "jsonpatch", "jsonpointer", "trustme", "requests"),
    *("webhook.cli.review", "webhook.cli.rules", "webhook.cli.certs", "certs"),
    *("webhook.controller", "webhook.cli.control"),
}
# Differences, copies of the object, and models of a pod: each costs more than the whole review.
FORBIDDEN_NAMES = {"make_patch", "from_diff", "deepcopy", "copy", "V1Pod", "model_validate_json"}


def _loaded(program: str) -> set[str]:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, json; {program}; print(json.dumps(list(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(done.stdout))


def test_the_serving_process_loads_no_client_no_cryptography_and_no_differ() -> None:
    loaded = _loaded("import webhook.cli.serve")

    assert "aiohttp" in loaded
    assert not FORBIDDEN_MODULES & loaded


def test_the_command_line_alone_loads_no_command() -> None:
    loaded = _loaded("import webhook.cli.main")

    assert not {name for name in loaded if name.startswith(("aiohttp", "pydantic", "yaml"))}
    assert not {"webhook.cli.serve", "webhook.server", "webhook.settings"} & loaded


# What is asked of stored objects is asked by the controller and the commands, never by a request.
OF_STORED_OBJECTS = {ROOT / "admission" / "drift.py"}
REQUEST_PATH = sorted(
    path
    for folder in ("server", "admission", "rules", "pods")
    for path in (ROOT / folder).rglob("*.py")
    if path not in OF_STORED_OBJECTS
)


@pytest.mark.parametrize("path", REQUEST_PATH, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_on_the_request_path_copies_or_compares_objects(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imports = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }

    assert not FORBIDDEN_NAMES & (names | attributes | imports)
    assert not FORBIDDEN_MODULES & imports
