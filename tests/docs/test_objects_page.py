"""docs/objects.md says what the code does: names, blocks, reasons, examples that can be used."""

import re
from pathlib import Path

import pytest
import yaml

from webhook.cli.main import main
from webhook.objects.network_policies import BASELINE
from webhook.pods.peers import FURTHER_BLOCKS, IPV6_BLOCKS, REFERENCE_BLOCKS
from webhook.settings.model import Settings

PAGE = Path("docs/objects.md").read_text()
FOLDER = Path("webhook/objects")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
ASKED = re.findall(r"^    mcp-admission\.dev/(egress|ingress-from): (.*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(
    ("family", "blocks"),
    [
        ("IPv4, of the reference", REFERENCE_BLOCKS),
        ("IPv4, beyond it", FURTHER_BLOCKS),
        ("IPv6", IPV6_BLOCKS),
    ],
)
def test_the_objects_page_lists_the_closed_address_blocks(
    family: str, blocks: tuple[str, ...]
) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {family} "))

    assert re.findall(r"`(.*?)`", row) == list(blocks)


def test_every_reason_has_a_row() -> None:
    code = "".join(path.read_text() for path in FOLDER.glob("[!_]*.py"))
    reasons = set(re.findall(r'"([A-Z][a-z]+[A-Z][a-z]+)"', code)) - {
        "NetworkPolicy",
        "PolicyReport",
    }

    rows = set(re.findall(r"^\| `([A-Z]\w+)` ", PAGE, re.MULTILINE))

    assert rows == reasons - {"DoesNotExist", "NotIn"}


def test_the_baseline_is_called_that() -> None:
    assert f"NetworkPolicy `{BASELINE}`" in PAGE


def test_the_settings_grant_what_the_example_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifests, settings = EXAMPLES
    secret, deployment = yaml.safe_load_all(manifests)
    deployment["metadata"]["annotations"] |= {
        f"mcp-admission.dev/{key}": value for key, value in ASKED
    }
    ports = [{"name": "mcp", "containerPort": 8080}]
    container = {"name": "main", "image": "example.test/crm:1", "ports": ports}
    deployment["spec"] = {
        "selector": {"matchLabels": {"app": "crm"}},
        "template": {"metadata": {"labels": {"app": "crm"}}, "spec": {"containers": [container]}},
    }
    assert Settings.model_validate(yaml.safe_load(settings))

    for name, text in {
        "d": yaml.safe_dump(deployment),
        "s": yaml.safe_dump(secret),
        "settings": settings,
    }.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    files = [str(tmp_path / "d.yaml"), str(tmp_path / "s.yaml")]

    code = main(["review", *files, "--settings", str(tmp_path / "settings.yaml"), "--show-objects"])

    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "# for " not in printed, "nothing is refused"
    for name in (
        "crm-bridge-mcp-config",
        "crm-bridge-mcp-files",
        "crm-bridge-mcp-access",
        BASELINE,
    ):
        assert f"  name: {name}\n" in printed
    assert "<redacted>" in printed
