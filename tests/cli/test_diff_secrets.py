"""What the diff shows is read by more people than the manifest: no value of the environment."""

from pathlib import Path

import pytest

from webhook.cli.main import main

MANIFEST = """\
apiVersion: v1
kind: Pod
metadata: {name: tools, labels: {mcp-admission.dev/server: "true"}}
spec:
  containers:
    - name: main
      image: registry.example/mcp:1
      env:
        - name: TOKEN
          value: hunter2
        - value: "- hunter2"
          name: OTHER
        - name: KEY
          value: |
            hunter2: first
            hunter2
"""


def test_values_of_environment_variables_are_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pod.yaml"
    file.write_text(MANIFEST)

    assert main(["review", str(file)]) == 0

    shown = capsys.readouterr().out
    assert "hunter2" not in shown
    assert "value: (not shown)" in shown
