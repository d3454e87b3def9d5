"""kubectl itself, without an API server, reads what tests/settings says that it reads."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.fixtures import binaries_or_skip
from tests.documents.merges import MERGED, NOT_MERGED, merging
from tests.documents.streams import Case, cases, thing

pytestmark = pytest.mark.control_plane
Kubectl = Callable[[bytes, str], "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def kubectl(tmp_path: Path, pytestconfig: pytest.Config) -> Kubectl:
    """Runs a command of kubectl that reads a stream and needs nobody to ask."""
    binary = binaries_or_skip(pytestconfig)["kubectl"]
    nobody = {**os.environ, "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none")}

    def run(stream: bytes, output: str) -> "subprocess.CompletedProcess[bytes]":
        words = ("annotate", "--local", "--filename", "-", "--output", output, "a=b")
        return subprocess.run(
            [binary, *words], input=stream, capture_output=True, check=False, env=nobody
        )

    return run


@pytest.mark.parametrize("case", cases())
def test_kubectl_reads_streams_as_the_table_of_streams_says(case: Case, kubectl: Kubectl) -> None:
    text = case.text if isinstance(case.text, bytes) else case.text.encode()

    ran = kubectl(text, "jsonpath={.metadata.name}")

    read = ran.stdout.decode() if ran.returncode == 0 else None
    assert read == case.kubectl, ran.stderr


@pytest.mark.parametrize(("text", "merged"), [*MERGED, *NOT_MERGED])
def test_kubectl_merges_keys_as_the_table_of_merges_says(
    text: str, merged: dict[str, Any], kubectl: Kubectl
) -> None:
    ran = kubectl(f"{thing('a')}{merging(text)}".encode(), "json")

    assert json.loads(ran.stdout)["c"] == merged


def test_kubectl_lets_a_merge_key_win_over_what_stands_above_it(kubectl: Kubectl) -> None:
    ran = kubectl(f"{thing('a')}c: {{x: 2, <<: {{x: 1}}}}\n".encode(), "json")

    assert json.loads(ran.stdout)["c"] == {"x": 1}
