"""What the diff shows is read by more people than the manifest: no value of the environment."""

from tests.cli.conftest import Review

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


def test_values_of_environment_variables_are_not_shown(review: Review) -> None:
    shown = review("pod.yaml", pod=MANIFEST)

    assert shown.code == 0
    assert "hunter2" not in shown.out
    assert "value: (not shown)" in shown.out
