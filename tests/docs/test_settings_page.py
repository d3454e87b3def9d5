"""docs/settings.md tells every setting, its default and every environment variable."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from webhook import names
from webhook.cli.main import main
from webhook.settings.environment import NOT_OURS, VARIABLES
from webhook.settings.model import Settings
from webhook.settings.values import Section, Value

PAGE = Path("docs/settings.md").read_text()
ROWS = dict(re.findall(r"^\| `([\w.]+)` \| (.*?) \|", PAGE, re.MULTILINE))


def keys(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, Section) and not isinstance(value, Value):
            yield from keys(value, f"{prefix}{field.alias}.")
        else:
            yield f"{prefix}{field.alias}", value


KEYS = dict(keys(Settings()))


def test_every_key_has_a_row_and_every_row_a_key() -> None:
    assert {key for key in ROWS if key not in {*VARIABLES, *NOT_OURS}} == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_the_default_is_the_models(key: str) -> None:
    value = KEYS[key]
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_defaults=True, by_alias=True)
    told = ROWS[key].strip("`")

    assert (None if told == "not set" else yaml.safe_load(told)) == value


@pytest.mark.parametrize(("variable", "path"), VARIABLES.items())
def test_every_variable_names_its_key(variable: str, path: tuple[str, ...]) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{variable}` "))

    assert ".".join(path) in row or "the same" in row


@pytest.mark.parametrize("variable", sorted(NOT_OURS))
def test_every_variable_that_is_not_ours_is_listed(variable: str) -> None:
    assert f"\n| `{variable}` | " in PAGE


@pytest.mark.parametrize("annotation", names.USER_ANNOTATIONS)
def test_every_annotation_is_told(annotation: str) -> None:
    assert f"`{annotation}`" in PAGE


SETTINGS = """\
delegated: [mcpServerDefaults.image]
onConflict: warn
mcpServerMaximums: {limits: {memory: 2Gi}}
"""
TEAM = """\
apiVersion: mcp-admission.dev/v1alpha1
kind: MCPNamespaceSettings
metadata: {name: default, namespace: team-a}
spec:
  mode: observe
  mcpServerDefaults: {image: ghcr.io/team-a/base:1}
  mcpServerMaximums: {limits: {memory: 1Gi}}
"""


def test_the_example_of_settings_show_is_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("settings.yaml").write_text(SETTINGS)
    Path("team-a.yaml").write_text(TEAM)
    command, told = re.findall(
        r"^```console\n\$ mcp-admission (settings .*)\n((?:.*\n)*?)^```$", PAGE, re.MULTILINE
    )[0]

    assert main(command.split()) == 1
    assert capsys.readouterr().out == told
