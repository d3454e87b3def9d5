"""What the tests of `review` have it read: for the real rules, and for the simple engine."""

from collections.abc import Mapping
from pathlib import Path

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: github-tools
  labels:
    mcp-admission.dev/server: "true"
spec:
  selector: {matchLabels: {app: github-tools}}
  template:
    metadata:
      labels: {app: github-tools}
    spec:
      containers:
        - name: main
          image: example.test/github-tools:1
"""
REFUSED = """\
apiVersion: v1
kind: Pod
metadata:
  name: bridge
  labels: {mcp-admission.dev/server: "true"}
spec:
  containers:
    - name: main
      securityContext:
        runAsUser: 0
"""


def judged(name: str, opinion: str = "compliant") -> str:
    """A pod that tests/reports/engine.py has this opinion about."""
    return f'apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  labels: {{mcp: "{opinion}"}}\n'


def written(folder: Path, files: Mapping[str, str]) -> None:
    """Write a repository: files by their paths in a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
