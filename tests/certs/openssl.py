"""The openssl command, as a second opinion on what we issue and verify."""

import os
import shutil
import subprocess

import pytest


def openssl(*words: str) -> str:
    """Standard output and error of the command, whatever it exits with.

    Without the command, a test is skipped, but in CI it fails.
    """
    command = shutil.which("openssl")
    if command is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no openssl command")
    done = subprocess.run(
        [command, *words], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr
