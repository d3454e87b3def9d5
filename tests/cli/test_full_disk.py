"""Output that cannot be written is said in one line, not mistaken for a refusal."""

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which is a device of Linux")
@pytest.mark.parametrize(
    "words", [["rules"], ["review", "manifests/examples/minimal.yaml", "-o", "yaml"]]
)
def test_a_full_disk_is_no_refusal(words: list[str]) -> None:
    with FULL.open("w") as full:
        command = [sys.executable, "-m", "webhook", *words]
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )

    assert ended.returncode == 2
    assert ended.stderr == "mcp-admission: No space left on device: the output is cut short\n"
