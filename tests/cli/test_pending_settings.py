"""Files of settings that are not in force yet: what each document changes, and what is refused."""

from pathlib import Path

import pytest

from webhook.cli.pending_settings import PendingSettings, read_pending_settings
from webhook.settings.by_namespace import Overlay, SettingsByNamespace
from webhook.settings.faults import SettingsError
from webhook.settings.model import Settings

HEAD = "apiVersion: mcp-admission.dev/v1alpha1"
CLUSTER = f"{HEAD}\nkind: MCPServerSettings\nmetadata: {{name: default}}\nspec: {{mode: warn}}\n"
TEAM = f"""\
{HEAD}
kind: MCPNamespaceSettings
metadata: {{name: default, namespace: team}}
spec: {{mode: enforce}}
"""
EXCEPTION = f"""\
{HEAD}
kind: MCPServerException
metadata: {{name: crm}}
spec:
  workload: {{namespace: team, name: crm}}
  rules: [host-path]
  reason: it has to
  expires: 1970-01-02T00:00:00Z
"""
LIST = f"""\
apiVersion: v1
kind: List
items:
- {{{HEAD}, kind: MCPServerSettings, metadata: {{name: default}}, spec: {{mode: observe}}}}
- {{{HEAD}, kind: MCPNamespaceSettings, metadata: {{name: default, namespace: a}}, spec: }}
"""


def read(folder: Path, *texts: str) -> PendingSettings:
    paths = []
    for number, text in enumerate(texts):
        paths.append(folder / f"{number}.yaml")
        paths[-1].write_text(text, encoding="utf-8")
    return read_pending_settings(paths)


def over(found: PendingSettings, below: SettingsByNamespace) -> SettingsByNamespace:
    settings, told = found.over(below, now=0.0)
    assert told == []
    return settings


ENFORCE = SettingsByNamespace(Settings())


@pytest.mark.parametrize("apart", [True, False])
def test_documents_of_all_kinds_come_in_one_file_or_in_several(
    tmp_path: Path, *, apart: bool
) -> None:
    texts = (CLUSTER, TEAM, EXCEPTION)
    found = over(read(tmp_path, *(texts if apart else ["---\n".join(texts)])), ENFORCE)

    assert (found.cluster.mode, found.of("team").mode) == ("warn", "enforce")
    (granted,) = found.of("team").exceptions_of("crm")
    assert (granted.name, granted.expires) == ("crm", 86_400.0)


def test_a_list_as_kubectl_prints_it_is_what_its_items_are(tmp_path: Path) -> None:
    found = over(read(tmp_path, LIST), ENFORCE)

    assert found.of("a").mode == "observe"


def test_what_no_file_names_stays(tmp_path: Path) -> None:
    below = SettingsByNamespace(
        Settings(), {"team": Overlay({"isolation": {"gate": True}}), "shop": Overlay()}
    )
    found = over(read(tmp_path, EXCEPTION), below)

    assert found.cluster is below.cluster
    assert found.overlays["shop"] is below.overlays["shop"]
    assert found.overlays["team"].values == {"isolation": {"gate": True}}
    assert len(found.overlays["team"].exceptions) == 1
    again = over(read(tmp_path, EXCEPTION.replace("[host-path]", "[run-as-user]")), found)
    (granted,) = again.of("team").exceptions_of("crm")
    assert granted.rules == {"run-as-user"}


def test_what_would_not_be_in_force_is_told_with_its_place(tmp_path: Path) -> None:
    looser = TEAM.replace("enforce", "observe")
    late = EXCEPTION.replace("1970-01-02", "1990-01-01")
    settings, told = read(tmp_path, looser, late).over(ENFORCE, now=0.0)

    assert settings.of("team").mode == "enforce"
    assert settings.of("team").exceptions_of("crm") == ()
    assert told[0].startswith(f"{tmp_path}/0.yaml:4: spec.mode is not in force: ")
    assert told[1].startswith(f"{tmp_path}/1.yaml:8: spec.expires is not in force: ")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([CLUSTER, "mode: warn"], "1.yaml:1: the object: a second document starts here: keep one"),
        ([TEAM, TEAM], "1.yaml:1: the object: stands at .*0.yaml:1: the object already"),
        (["kind: Pod\napiVersion: v1"], "kind: must be MCPServerSettings or MCPNamespaceSettings"),
        ([TEAM.replace("default", "mine")], "metadata.name: must be default"),
        ([TEAM.replace(", namespace: team", "")], "metadata.namespace: this key is required"),
        ([EXCEPTION.replace("{name: crm}", "[]", 1)], "metadata.name: this key is required"),
        ([TEAM.replace("v1alpha1", "v1")], "apiVersion: must be mcp-admission.dev/v1alpha1"),
        (["{kind: List, items: [1]}"], "must be an object"),
        (["{kind: List, items: []}"], "must hold one MCPServerSettings"),
        (["- 1"], "settings are a mapping of keys"),
        ([""], "there are no settings here"),
        (["a: ["], "0.yaml"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(texts: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=said):
        read(tmp_path, *texts)
