"""What the commands that leave a control plane running print before they run."""

import subprocess


def printed(process: subprocess.Popen[str]) -> list[str]:
    """The lines up to the one that says that it runs."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith("running"):
            return lines
    raise AssertionError(f"it ended after: {lines}")
