"""MCPServerSettings: refused where they are wrong, and taken for --settings."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Printed, Review
from tests.offline.manifest_texts import DEPLOYMENT
from webhook.settings.load import load_settings, parse_settings
from webhook.settings.model import Settings

RESOURCE = """\
apiVersion: mcp-admission.dev/v1alpha1
kind: MCPServerSettings
metadata:
  name: default
  resourceVersion: "7"
  managedFields: [{manager: kubectl}]
spec:
  mcpServerMaximums:
    limits: {memory: 1Gi}
status:
  conditions: []
"""
EXPORTED = "apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ''}\nitems:\n" + "".join(
    f"{'- ' if at == 0 else '  '}{line}\n" for at, line in enumerate(RESOURCE.splitlines())
)
LIST = EXPORTED.replace("kind: List", "kind: MCPServerSettingsList")
CEILING = Settings.model_validate({"mcpServerMaximums": {"limits": {"memory": "1Gi"}}})
LIMITS = "    limits: {memory: 1Gi}\n"
WRONG = [
    ("name: default", "name: other", 4, "metadata.name: must be default: there is one"),
    ("/v1alpha1", "/v1", 1, "apiVersion: must be mcp-admission.dev/v1alpha1"),
    ("kind: MCPServerSettings\n", "kind: MCPServerSetting\n", 2, "kind: must be MCPServerSettings"),
    ("spec:\n", "specs:\n", 7, "specs: unknown key: did you mean spec?"),
    (LIMITS, "    limit: {}\n", 9, "spec.mcpServerMaximums.limit: unknown key, did you mean"),
    (LIMITS, "    limits: {memory: 1Go}\n", 9, "spec.mcpServerMaximums.limits.memory: "),
    (LIMITS, "    limits: {memory: 100Mi}\n", 9, "is less than mcpServerDefaults.resources"),
    (LIMITS, LIMITS + "  mcpNamespace: {name: a}\n", 10, "is read by the chart alone"),
]  # fmt: skip


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def refused(printed: Printed) -> list[tuple[int, str]]:
    report = json.loads(printed.out)
    return [
        (finding["line"], finding["message"])
        for result in report["results"]
        for finding in result["findings"]
    ]


@pytest.mark.parametrize(("old", "new", "line", "message"), WRONG)
def test_wrong_settings_are_refused_with_file_and_line(
    review: Review, old: str, new: str, line: int, message: str
) -> None:
    printed = review("s.yaml", "-o", "json", s=changed(RESOURCE, old, new))

    assert printed.code == 1
    assert [(at, message in said) for at, said in refused(printed)] == [(line, True)]


@pytest.mark.parametrize(("old", "new", "line", "message"), WRONG)
def test_an_exported_list_is_looked_into(
    review: Review, old: str, new: str, line: int, message: str
) -> None:
    printed = review(
        "s.yaml", "-o", "json", s=changed(EXPORTED, f"{old}", new.replace("\n  ", "\n    "))
    )

    assert printed.code == 1
    assert [(at, message in said) for at, said in refused(printed)] == [(line + 4, True)]


def test_wrong_settings_are_not_reported_as_of_no_shape_of_kubernetes(review: Review) -> None:
    printed = review("s.yaml", s=changed(RESOURCE, LIMITS, "    limits: {memory: 100Mi}\n"))

    assert "raise the one or lower the other (object)\n\n" in printed.out


def test_what_only_rules_know_to_be_nonsense(review: Review) -> None:
    text = changed(RESOURCE, LIMITS, LIMITS + "  rules: {host-path: override}\n")
    printed = review("s.yaml", s=text)

    assert printed.code == 1
    assert "error    s.yaml:10: spec.rules.host-path: override is not accepted" in printed.out
    assert printed.out.startswith("s.yaml:1: MCPServerSettings default: refused\n")
    assert printed.out.endswith("\n1 object: 1 refused\n")


@pytest.mark.parametrize("spec", ["spec: [a]\n", "spec: text\n"])
def test_a_spec_of_another_shape(review: Review, spec: str) -> None:
    head = RESOURCE.partition("spec:")[0]

    assert review("s.yaml", s=head + spec).code == 1


@pytest.mark.parametrize("text", [RESOURCE, EXPORTED, LIST, RESOURCE.partition("spec:")[0]])
def test_good_settings_are_another_object(review: Review, text: str) -> None:
    printed = review("s.yaml", s=text)

    assert printed.code == 0
    assert printed.out.startswith("no MCP server among 1 object: ")


def test_another_version_of_the_kind_is_reported(review: Review) -> None:
    text = changed(RESOURCE, "mcp-admission.dev/v1alpha1", "mcp-admision.dev/v1alpha1")

    assert review("s.yaml", s=text).code == 1


@pytest.mark.parametrize("text", [RESOURCE, EXPORTED, LIST])
def test_settings_are_taken_as_kubectl_prints_them(
    review: Review, tmp_path: Path, text: str
) -> None:
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")

    assert load_settings(tmp_path / "s.yaml") == CEILING
    deployment = DEPLOYMENT + "          resources: {limits: {memory: 2Gi}}\n"
    assert review("d.yaml", "--settings", "s.yaml", d=deployment).code == 1
    assert review("d.yaml").code == 0


@pytest.mark.parametrize(("old", "new", "line", "message"), WRONG)
def test_settings_that_are_wrong_are_bad_usage(
    review: Review, old: str, new: str, line: int, message: str
) -> None:
    printed = review("d.yaml", "--settings", "s.yaml", d=DEPLOYMENT, s=changed(RESOURCE, old, new))

    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith(f"s.yaml:{line}: ")
    assert message in printed.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: List\nitems: []\n", "s.yaml:2: items: must hold one MCPServerSettings"),
        ("kind: List\napiVersion: v1\n", "s.yaml:1: items: must hold one MCPServerSettings"),
        (EXPORTED + "- {}\n", "s.yaml:4: items: must hold one MCPServerSettings"),
        ("kind: List\nitems: [3]\n", "s.yaml:2: items[0]: must be an MCPServerSettings"),
        (DEPLOYMENT, "s.yaml:2: kind: must be MCPServerSettings"),
    ],
)  # fmt: skip
def test_other_objects_are_no_settings(review: Review, text: str, message: str) -> None:
    printed = review("d.yaml", "--settings", "s.yaml", d=DEPLOYMENT, s=text)

    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith(message)


def test_a_null_spec_is_all_defaults() -> None:
    text = RESOURCE.partition("spec:")[0] + "spec:\n"

    assert parse_settings(text, "s.yaml") == Settings()
