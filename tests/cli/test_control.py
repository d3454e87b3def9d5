"""`control` where it cannot start: a line of its log says why, as all others are lines of JSON."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from webhook.cli.main import main
from webhook.observe.logs import OURS


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """A process has one log: what a command sets there must not reach the tests that follow."""
    root, ours = logging.getLogger(), [logging.getLogger(name) for name in OURS]
    levels, handlers = [each.level for each in (root, *ours)], root.handlers[:]
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    for logger, level in zip((root, *ours), levels, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("replicas: {polisy: deny}", "replicas.polisy"),
        ("{", "settings.yaml:"),
        (None, "cannot be"),
    ],
)
@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_a_settings_fault_is_a_line_of_json(
    text: str | None, said: str, level: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")

    assert main(["control", "--settings", str(file), "--log-level", level]) == 2

    told = json.loads(capsys.readouterr().err)
    assert (told["level"], told["message"]) == ("error", "cannot start")
    assert said in told["reason"]
