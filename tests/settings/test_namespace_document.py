"""A file with the settings of a namespace: the keys alone, or the resource."""

from pathlib import Path

import pytest

from webhook.settings.faults import SettingsError
from webhook.settings.namespace_document import load_namespace_settings

HEAD = "apiVersion: mcp-admission.dev/v1alpha1\nkind: MCPNamespaceSettings\n"
RESOURCE = f"{HEAD}metadata: {{name: default, namespace: team-a}}\nspec:\n  mode: warn\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "team.yaml"


@pytest.mark.parametrize(
    ("text", "namespace", "place"),
    [
        ("mode: warn\n", "", "1: mode"),
        (RESOURCE, "team-a", "5: spec.mode"),
        (f"{HEAD}metadata: {{name: default}}\nspec: {{mode: warn}}\n", "", "4: spec.mode"),
        (
            "kind: List\nitems:\n- metadata: {name: default, namespace: b}\n  spec: {mode: warn}\n",
            "b",
            "4: items[0].spec.mode",
        ),
    ],
)
def test_settings_are_read_with_their_place(
    text: str, namespace: str, place: str, file: Path
) -> None:
    file.write_text(text)

    found = load_namespace_settings(file)

    assert (found.namespace, found.layer.values) == (namespace, {"mode": "warn"})
    assert found.layer.place(("mode",)) == f"{file}:{place}"


def test_a_resource_without_a_spec_sets_nothing(file: Path) -> None:
    file.write_text(f"{HEAD}metadata: {{name: default}}\n")

    assert load_namespace_settings(file).layer.values == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: there are no settings here: write {} for all defaults"),
        ("- a\n", "1: settings are a mapping of keys"),
        ("mode: warn\n---\nmode: warn\n", "3: a second document starts here"),
        ("mode: [\n", "1: "),
        ("kind: MCPServerSettings\n", "1: kind: must be MCPNamespaceSettings"),
        ("kind: MCPNamespaceSettings\nspec: {}\n", "1: metadata.name: must be default"),
        (RESOURCE.replace("name: default", "name: other"), "there is one MCPNamespaceSettings for"),
        (RESOURCE.replace("v1alpha1", "v9"), "1: apiVersion: must be mcp-admission.dev/v1alpha1"),
        (RESOURCE.replace("team-a", "7"), "3: metadata.namespace: must be the name of a namespace"),
        (RESOURCE.replace("spec:", "specs:"), "4: specs: unknown key: did you mean spec?"),
        (f"{HEAD}metadata: {{name: default}}\nspec: []\n", "4: spec: must be a mapping"),
        ("kind: List\nitems: []\n", "items: must hold one MCPNamespaceSettings"),
        ("kind: List\nitems: [1]\n", "must be an MCPNamespaceSettings"),
    ],
)
def test_what_is_no_such_file_is_one_sentence_with_its_place(
    text: str, said: str, file: Path
) -> None:
    file.write_text(text)

    with pytest.raises(SettingsError) as error:
        load_namespace_settings(file)

    assert str(error.value).startswith(f"{file}:")
    assert said in str(error.value)


def test_a_file_that_is_not_there_is_an_error(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"team\.yaml"):
        load_namespace_settings(file)
