"""Every message of the logs is on the page, and every message of the page is logged."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

from webhook.server import review_log

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
MODULES = [path for name in ("webhook", "certs") for path in (ROOT / name).rglob("*.py")]


def messages(path: Path) -> Iterator[str]:
    """The messages that a module logs: the literals that its calls of a logger have."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            logs = called.startswith("LOG.") or called in {"seldom.log", "self._seldom.log"}
            if logs or called == "PreparedRecord":
                yield from (
                    each.value
                    for each in node.args
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                )


def test_every_message_is_on_the_page_and_no_other() -> None:
    table = PAGE[PAGE.index("## Every message") :]
    told = [
        message
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for message in re.findall(r"`([^`]+)`", row)
    ]

    assert len(told) == len(set(told))
    assert set(told) == {message for path in MODULES for message in messages(path)}


def test_the_line_of_a_review_has_the_fields_that_are_written() -> None:
    shown = json.loads(PAGE.partition("```json\n")[2].partition("```")[0])
    text = inspect.getsource(review_log._fields) + inspect.getsource(review_log._name)

    written = set(re.findall(r'"(\w+)": ', text)) - {"generateName", "settings"}
    assert shown.keys() == written | {"time", "level", "message"}
    fields = PAGE.partition("| field | meaning |")[2].partition("## Every")[0]
    for name in written | {"generateName", "settings"}:
        assert f"`{name}`" in fields
