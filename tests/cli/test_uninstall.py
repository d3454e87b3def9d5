"""`uninstall` without a cluster: what it prints for people and for programs."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import pytest
import yaml

from webhook.cli import uninstall
from webhook.cli.main import main
from webhook.kube.errors import Forbidden

FORMATS: dict[str, Callable[[str], Any]] = {"json": json.loads, "yaml": yaml.safe_load}


async def nobody(*_: Any) -> AbstractAsyncContextManager[None]:
    return nullcontext()


def test_where_nothing_is_left_uninstall_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Uninstall:
        def __init__(self, *_: object) -> None:
            """Of no cluster."""

        async def run(self) -> AsyncIterator[str]:
            nothing: list[str] = []
            for step in nothing:
                yield step

    monkeypatch.setattr(uninstall, "connect_to_cluster", nobody)
    monkeypatch.setattr(uninstall, "Uninstall", Uninstall)

    assert main(["uninstall"]) == 0
    assert capsys.readouterr().out == "nothing is left to remove\n"


@pytest.mark.parametrize("output", ["table", *FORMATS])
@pytest.mark.parametrize("fails", [False, True])
def test_uninstall_prints_its_steps(
    output: str,
    fails: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Uninstall:
        def __init__(self, *_: object) -> None:
            """Of no cluster."""

        async def plan(self) -> AsyncIterator[str]:
            yield "Namespace a is managed no more"
            if fails:
                raise Forbidden(403, "Forbidden", "not allowed")
            yield "Secret b deleted"

    monkeypatch.setattr(uninstall, "connect_to_cluster", nobody)
    monkeypatch.setattr(uninstall, "Uninstall", Uninstall)

    assert main(["uninstall", "--dry-run", "-o", output]) == int(fails)

    out, err = capsys.readouterr()
    steps = ["Namespace a is managed no more", "Secret b deleted"][: 1 if fails else 2]
    assert ("not allowed" in err) == fails
    if output == "table":
        assert out.splitlines() == [f"{step} (not done: --dry-run)" for step in steps]
    else:
        assert FORMATS[output](out) == {"dry_run": True, "steps": steps}
