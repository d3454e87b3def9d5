"""Where in a template something stands that an object has, as far as its text tells."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.documents.nodes import Mark
from webhook.offline.templates import HelmSources, Template, template_in_stream

TEMPLATE = """\
{{- if .Values.on }}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "demo.name" . }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-a
  labels:
    "mcp-admission.dev/server": "true"
    {{- include "labels" . | nindent 4 }}
spec:
  template:
    spec:
      # securityContext: of nobody
      securityContext: {{ toYaml .Values.context | nindent 8 }}
      containers:
      - name: proxy
        image: a
      - image: b
        args: ["a", "b"]
        env:
          -
            name: A
          - name: B
            value: "{{ .Values.b }}"
        {{- if .Values.strict }}
        securityContext:
          runAsUser: 0
        {{- end }}
---
kind: ConfigMap
metadata: {name: one}
---
kind: ConfigMap
metadata:
  name: two
data:
  a: b
{{- end }}
"""
DEPLOYMENT = {"kind": "Deployment", "metadata": {"name": "demo-a"}}
POD = "/spec/template/spec"


@pytest.mark.parametrize(
    ("pointer", "line", "column"),
    [
        ("", 7, 1),
        ("/metadata/name", 10, 3),
        ("/metadata/labels/mcp-admission.dev~1server", 12, 5),
        ("/metadata/labels/made", 11, 3),
        (f"{POD}/securityContext/runAsUser", 18, 7),
        (f"{POD}/containers/0", 20, 7),
        (f"{POD}/containers/0/image", 21, 9),
        (f"{POD}/containers/1/args/1", 23, 9),
        (f"{POD}/containers/1/env/0/name", 26, 13),
        (f"{POD}/containers/1/env/1/value", 28, 13),
        (f"{POD}/containers/1/securityContext/runAsUser", 31, 11),
        (f"{POD}/containers/2/image", 19, 7),
        (f"{POD}/hostNetwork", 16, 5),
        ("/gone", 7, 1),
    ],
)
def test_a_pointer_leads_to_the_nearest_key_that_is_written(
    pointer: str, line: int, column: int
) -> None:
    assert Template("t.yaml", TEMPLATE).mark(DEPLOYMENT, pointer) == Mark(line, column)


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"kind": "Service"}, 2),
        ({"kind": "ConfigMap", "metadata": {"name": "x-two-y"}}, 37),
        ({"kind": "ConfigMap", "metadata": {"name": "three"}}, None),
        ({"kind": "Pod"}, None),
        ({}, None),
        ([], None),
    ],
)
def test_the_document_is_that_of_the_kind_and_the_name(document: Any, line: int | None) -> None:
    mark = Template("t.yaml", TEMPLATE).mark(document, "")

    assert (mark and mark.line) == line


def test_a_template_that_is_not_there_has_no_line(tmp_path: Path) -> None:
    assert template_in_stream("demo/templates/a.yaml").mark(DEPLOYMENT, "") is None
    assert template_in_stream(f"{tmp_path}/a.yaml").text == ""


def test_a_stream_opens_nothing_outside_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.yaml").write_text("kind: Pod\n", encoding="utf-8")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    for name in ("../secret.yaml", "demo/../../secret.yaml", str(tmp_path / "secret.yaml")):
        assert template_in_stream(name) == Template(name)


def test_the_source_is_that_of_the_document() -> None:
    text = (
        b"---\n# Source: a/b.yaml\nkind: A\n---\nkind: B\n--- # c\n# Source: c d.yaml \n\nkind: C\n"
    )

    sources = HelmSources(text)

    assert [sources.above(line) for line in (1, 3, 5, 9)] == ["", "a/b.yaml", "", "c d.yaml"]


@given(
    st.lists(st.sampled_from([*TEMPLATE.splitlines(), "- - - a:", "\t- b :", "'c':", "-"])),
    st.lists(st.sampled_from(["spec", "0", "1", "name", "containers", "-", ""])),
)
def test_no_template_is_too_odd(lines: list[str], steps: list[str]) -> None:
    pointer = "".join(f"/{step}" for step in steps)

    mark = Template("t.yaml", "\n".join(lines)).mark(DEPLOYMENT, pointer)

    assert mark is None or 1 <= mark.line <= len(lines)
