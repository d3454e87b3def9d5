"""docs/install.md: every command is one, and every value that it names is one of the chart's."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.docs.blocks import blocks
from tools.chart.helm import IMAGE, MANIFESTS, NAMESPACE, RELEASE, Helm
from webhook.cli import check, uninstall
from webhook.cli.main import _parser
from webhook.settings.environment import VARIABLES
from webhook.settings.model_keys import descriptions

PAGE = (MANIFESTS.parent / "docs" / "install.md").read_text()
COMMANDS = [words for block in blocks(PAGE) for words in block.commands]
HELM = [words for words in COMMANDS if words[:2] in (["helm", "install"], ["helm", "upgrade"])]
OF_A_CLUSTER = {"--create-namespace", "--reset-then-reuse-values", "--wait"}
AN_IMAGE = ("--set", f"image.repository={IMAGE}")
ROWS = re.findall(r"^\| `([\w.\[\]]+=[^`]+)` \|", PAGE, re.MULTILINE)


def test_the_install_page_has_commands_and_table_rows() -> None:
    assert {words[0] for words in COMMANDS} == {
        "docker", "helm", "kubectl", "mcp-admission", "pipx", "sed", "uv",
    }  # fmt: skip
    assert len(HELM) == 5
    assert len(ROWS) == 17


@pytest.mark.parametrize("words", HELM, ids=" ".join)
def test_helm_takes_each_command_of_the_install_page(helm: Helm, words: list[str]) -> None:
    _, _, release, chart, *options = words
    values = [word for word in options if word not in OF_A_CLUSTER]

    assert release == RELEASE
    assert Path(chart) == Path("manifests/chart")
    assert helm.run("template", release, MANIFESTS.parent / chart, *AN_IMAGE, *values)


@pytest.mark.parametrize("value", ROWS)
def test_helm_takes_each_value_of_the_install_page(helm: Helm, value: str) -> None:
    more = ["--set", "certificates.mode=cert-manager"] if value.startswith("scope") else []

    assert helm.run(
        "template",
        RELEASE,
        MANIFESTS / "chart",
        "--namespace",
        NAMESPACE,
        *AN_IMAGE,
        "--set",
        value,
        *more,
    )


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[0] == "mcp-admission"])
def test_our_own_commands_of_the_install_page_are_understood(words: list[str]) -> None:
    assert _parser([check, uninstall]).parse_args(words[1:])


def test_every_file_and_setting_of_the_install_page_exists() -> None:
    for words in COMMANDS:
        for option, file in pairwise(words):
            assert option != "--filename" or file == "-" or Path(MANIFESTS.parent, file).exists()
    named = re.findall(r"`spec\.(\w[\w.]*\w)`|`config\.(OBOT_\w*[A-Z])`", PAGE)
    assert named
    for setting, variable in named:
        assert not setting or setting in dict(descriptions())
        assert not variable or variable in VARIABLES
