"""Which files are manifests, also with a mistake, and which belong to other programs."""

from typing import Any, cast

import pytest

from webhook.documents import Document
from webhook.offline.passed_over import (
    InputFault,
    PassedOver,
    Reason,
    count_passed_over,
    is_foreign,
    reason_to_pass_over,
)


class Read:
    """A document of a file that could be read."""

    def __init__(self, value: Any) -> None:
        self.value = value


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ({"apiVersion": "v1", "kind": "Pod"}, "a.yaml", None),
        ({"apiVersion": "v1"}, "a.yaml", None),
        ({"kind": "Pod"}, "a.yaml", None),
        ({"apiversion": "v1", "metadata": {"name": "a"}}, "a.yaml", None),
        ([{"apiVersion": "v1", "kind": "Pod"}], "a.yaml", None),
        ("apiVersion: v1 kind: Pod", "a.yaml", None),
        ({"apiVersion": "v1", "kind": "Config"}, "a.yaml", None),
        (
            {"apiVersion": "v1", "kind": "Config", "clusters": []},
            "a.yaml",
            Reason.NO_MANIFEST,
        ),
        ({"apiVersion": 1, "datasources": []}, "a.yaml", Reason.NO_MANIFEST),
        ({"kind": "pipeline"}, "a.yaml", Reason.NO_MANIFEST),
        ({"metadata": {"version": 1}, "data": {}}, "a.yaml", Reason.NO_MANIFEST),
        ({"replicaCount": 1}, "values.yaml", Reason.NO_MANIFEST),
        ({"apiVersion": "v2", "kind": "x"}, "Chart.yaml", Reason.NO_MANIFEST),
        ({"resources": []}, "kustomization.yaml", Reason.KUSTOMIZATION),
    ],
)
def test_a_file_is_passed_over_unless_it_is_meant_as_a_manifest(
    value: Any, path: str, reason: Reason | None
) -> None:
    stream = cast("list[Document]", [Read(value)])

    assert reason_to_pass_over(stream, path) is reason


@pytest.mark.parametrize(
    ("text", "path", "foreign"),
    [
        (b"a: !tag 1\n", "a.yaml", True),
        (b"a: 1\na: 2\n", "a.yaml", True),
        (b"kind: Pod\nkind: Pod\n", "a.yaml", False),
        (b"apiVersion: v1\nkind: [\n", "a.yaml", False),
        (b"{% if a %}\nb: [\n", "a.yaml", True),
        (b"{% if a %}\nkind: [\n", "a.yaml", False),
        (b"\0\1", "a.yaml", True),
        (b"// comment\n{", "other.json", True),
        (b'// comment\n{"kind": 1', "tsconfig.json", True),
        (b"a: [\n", "a.yaml", False),
    ],
)
def test_a_broken_file_is_foreign_only_without_a_word_of_a_manifest(
    text: bytes, path: str, foreign: bool
) -> None:
    assert is_foreign(path, text) is foreign


def test_reasons_are_counted_and_those_that_render_say_so() -> None:
    passed = [
        PassedOver("a", Reason.IGNORED),
        PassedOver("b", Reason.NO_MANIFEST),
        PassedOver("c", Reason.TEMPLATE),
        PassedOver("d", Reason.NO_MANIFEST),
    ]

    assert count_passed_over(passed) == (
        "1 Helm template (--render reviews what they become), 2 files without a manifest, "
        "1 excluded path"
    )
    assert str(PassedOver("-", Reason.EMPTY)) == "stdin: passed over: no document"
    assert str(passed[2]).endswith("is not rendered: --render reviews what it becomes")


def test_a_fault_names_its_line_where_it_has_one() -> None:
    assert str(InputFault("a.yaml", 3, "odd")) == "a.yaml:3: odd"
    assert str(InputFault("a.yaml", None, "odd")) == "a.yaml: odd"
