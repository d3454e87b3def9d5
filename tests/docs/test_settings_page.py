"""docs/settings.md tells every setting, its default and every environment variable."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from webhook import names
from webhook.cli.main import main
from webhook.settings.environment import NOT_OURS, VARIABLES
from webhook.settings.exception_document import ExceptionSpec, read_exception, seconds_since_1970
from webhook.settings.model import Settings
from webhook.settings.model_keys import cluster_only_keys
from webhook.settings.namespace_document import faults_of_namespace_settings
from webhook.settings.namespace_layer import namespace_layer
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


FOLDER = Path("manifests/settings")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def shipped(name: str) -> tuple[Any, bool]:
    """A document that is shipped, and whether the page shows it as it is."""
    text = (FOLDER / name).read_text()
    return yaml.safe_load(text), any(text.endswith(f"\n{block}") for block in BLOCKS)


def test_the_settings_of_a_namespace_on_the_page_are_in_force() -> None:
    found, shown = shipped("namespace.yaml")
    cluster = Settings.model_validate({"delegated": ["mcpServerDefaults.image"]})

    assert shown
    assert list(faults_of_namespace_settings(found)) == []
    assert namespace_layer(cluster, found["spec"]).faults == ()
    assert namespace_layer(cluster, found["spec"]).values == found["spec"]
    assert [fault.key for fault in namespace_layer(Settings(), found["spec"]).faults] == [
        ("mcpServerDefaults", "image")
    ]


def test_the_exception_on_the_page_is_valid_and_has_every_field() -> None:
    found, shown = shipped("exception.yaml")
    now = seconds_since_1970(found["spec"]["expires"]) - 24 * 60 * 60

    assert shown
    assert read_exception(found, now=now, longest_days=90).in_force
    assert list(found["spec"]) == list(ExceptionSpec.model_fields)
    fields = PAGE.partition("| field of `spec` | meaning |\n")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (\w+) ", fields, re.MULTILINE) == list(ExceptionSpec.model_fields)


def test_delegated_keys_on_the_page_let_a_namespace_be_more_lenient() -> None:
    (text,) = [block for block in BLOCKS if block.startswith("delegated:")]
    cluster = Settings.model_validate(yaml.safe_load(text))
    lenient = {"mode": "observe", "mcpServerDefaults": {"image": "ghcr.io/team-a/base:1"}}

    assert namespace_layer(cluster, lenient).faults == ()
    assert namespace_layer(cluster, lenient).settings.mode == "observe"


@pytest.mark.parametrize("key", sorted(cluster_only_keys()))
def test_a_key_for_the_whole_cluster_is_told(key: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.endswith("| never |")]

    assert f"`{key}`" in row or f"`{key.partition('.')[0]}`" in row


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
