"""`control` where it cannot start: a line of its log says why, as all others are lines of JSON."""

import json
from pathlib import Path

import pytest

from webhook.cli.main import main


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
