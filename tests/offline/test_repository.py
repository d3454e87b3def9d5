"""A repository as it is: what is reviewed in it, what is passed over, and what is an error."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Printed, Review
from tests.offline.manifest_texts import judged, written
from webhook.offline.passed_over import Reason

pytestmark = pytest.mark.usefixtures("simple_engine")
CHART = "apiVersion: v2\nname: demo\nversion: 0.1.0\n"
TEMPLATE = "{{- if .Values.on }}\nkind: Pod\napiVersion: v1\n{{- end }}\n"
OTHERS = {
    "values.yaml": "replicaCount: 1\nimage: {tag: latest}\n",
    "package.json": '{"name": "x", "version": "1.0.0"}',
    ".github/workflows/ci.yml": "on: push\njobs: {test: {runs-on: ubuntu}}\n",
    "docker-compose.yml": "services:\n  a: {image: b}\n",
    "openapi.yaml": "openapi: 3.1.0\ninfo: {title: a}\npaths: {}\n",
    "labels.yaml": "- name: bug\n  color: red\n",
    "pipeline/.drone.yml": "kind: pipeline\ntype: docker\nsteps: []\n",
    "grafana.yaml": "apiVersion: 1\nproviders: []\n",
    "kubeconfig.yaml": "apiVersion: v1\nkind: Config\nclusters: []\n",
    "tsconfig.json": '{\n  // strict\n  "strict": true,\n}\n',
    "mkdocs.yml": "a: !!python/name:materialx.emoji.twemoji\n",
    "stack.yaml": "AWSTemplateFormatVersion: 2010-09-09\na: !Ref b\n",
    "docs/site.yml": "theme: !!python/object:a.B {}\n",
    "fixtures/export.json": '{"metadata": {"version": 1}, "data": {"users": []}}',
    "locale/de.json": '["a", "b"]',
    "compose.yaml": "x: &a {b: 1}\nservices:\n  c:\n    b: 2\n    <<: *a\n",
    "twice.yaml": "a: 1\na: 2\n",
    "api/petstore.yaml": "%YAML 1.2\n---\nopenapi: 3.1.0\ncomponents: {schemas: {kind: {}}}\n",
    "play.yml": "- vars: {b: !vault c}\n  tasks:\n  - k8s: {apiVersion: v1, kind: Pod}\n",
    "eks.yaml": "Resources:\n  B: !Ref c\n  D: |\n    apiVersion: v1\n    kind: Pod\n",
    "model.yaml": "limits: {upper: .inf}\n? [a, b]\n: c\n",
    ".vscode/extensions.json": '{\n  // all\n  "recommendations": [],\n}\n',
    "roles/a/templates/b.yaml": "a: {{ b }}\n{% if c %}\nd: 1\n{% endif %}\n",
    "logo.yaml": "\0\1\2PNG",
}


def told(printed: Printed) -> tuple[list[str], dict[str, str]]:
    """The files that were reviewed, and those that were passed over with the reason."""
    report: Any = json.loads(printed.out)
    return (
        [result["source"].partition("#")[0] for result in report["results"]],
        {one["source"]: one["reason"] for one in report["passed_over"]},
    )


def test_what_is_no_manifest_is_passed_over_with_a_count(review: Review, tmp_path: Path) -> None:
    written(tmp_path, {**OTHERS, "deploy/pod.yaml": judged("a"), "empty.yaml": "# nothing\n"})

    printed = review(".", "-o", "json")
    people = review(".")

    assert (printed.code, printed.err) == (0, "")
    files, passed = told(printed)
    assert files == ["deploy/pod.yaml"]
    assert passed == {
        **dict.fromkeys(OTHERS, "no Kubernetes manifest"),
        "empty.yaml": "no document",
    }
    assert json.loads(printed.out)["summary"]["passed_over"] == len(OTHERS) + 1
    assert people.out.endswith(
        f"1 MCP server: 1 admitted as it is; passed over: {len(OTHERS)} files without a manifest, "
        "1 empty file\n"
    )


def test_strict_refuses_what_is_no_manifest(review: Review, tmp_path: Path) -> None:
    written(tmp_path, {**OTHERS, "pod.yaml": judged("a")})

    printed = review(".", "--strict")

    assert printed.code == 2
    refused = {line.partition(":")[0] for line in printed.err.splitlines()}
    # A kubeconfig has a kind and a version: as ever, it is an object like another.
    assert refused == OTHERS.keys() - {"kubeconfig.yaml"}


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nspec: {}\n",
        "kind: Deployment\nmetadata: {name: a}\n",
        "kind: Deploymint\n",
        "apiversion: apps/v1\nkind: Deployment\n",
        "apiversion: v1\nKind: Pod\nmetadata: {name: a}\n",
        "kind: Pod\ndata: !secret a\n",
        "apiVersion: v1\ndata: !secret a\n",
        "metadata: {name: a}\nspec: {containers: []}\n",
        "kind: []\napiVersion: v1\n",
        "apiVersion: null\nkind: Pod\n",
        "- apiVersion: v1\n  kind: Pod\n",
        "apiVersion:v1 kind:Pod\n",
        "kind: [\n",
        "kind: Pod\n\tmetadata: {}\n",
        "a: b: c\n",
        "apiVersion: v1\nkind: Pod\n---\nreplicas: 1\n",
        TEMPLATE,
        '// comment\n{"apiVersion": "v1", "kind": "Pod"}\n',
    ],
)
def test_a_broken_manifest_is_never_passed_over(review: Review, tmp_path: Path, text: str) -> None:
    written(tmp_path, {"deploy/bad.yaml": text, "deploy/tsconfig.json": text})

    printed = review("deploy")

    assert printed.code == 2
    assert "deploy/bad.yaml:" in printed.err
    assert review("deploy/bad.yaml").code == 2


def test_templates_of_a_chart_name_the_way_to_review_them(review: Review, tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "chart/Chart.yaml": CHART,
            "chart/templates/deep/pod.yaml": TEMPLATE,
            "chart/templates/quoted.yaml": "apiVersion: v1\nkind: Pod\na: '{{ .Values.a }}'\n",
            "chart/templates/plain.yaml": judged("plain"),
            "chart/charts/sub/Chart.yaml": CHART,
            "chart/charts/sub/templates/pod.yaml": TEMPLATE,
        },
    )
    files, passed = told(review("chart", "-o", "json"))

    assert files == ["chart/templates/plain.yaml"]
    assert sorted(name for name, why in passed.items() if "Helm template" in why) == [
        "chart/charts/sub/templates/pod.yaml",
        "chart/templates/deep/pod.yaml",
        "chart/templates/quoted.yaml",
    ]
    assert "3 Helm templates (--render reviews what they become)" in review("chart").out
    named = review("chart/templates/deep/pod.yaml")
    assert named.code == 0
    assert named.err == (
        "chart/templates/deep/pod.yaml: passed over: a Helm template that is not rendered: "
        "--render reviews what it becomes\n"
    )


def test_a_broken_file_of_a_chart_is_an_error(review: Review, tmp_path: Path) -> None:
    written(tmp_path, {"chart/Chart.yaml": CHART, "chart/templates/bad.yaml": "kind: [\n"})

    assert review("chart").code == 2


def test_kustomizations_and_their_patches_are_passed_over(review: Review, tmp_path: Path) -> None:
    patch = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {mcp: refused}}\n"
    written(
        tmp_path,
        {
            "base/kustomization.yaml": "resources: [pod.yaml]\n",
            "base/pod.yaml": judged("a"),
            "over/Kustomization": "resources: [../base]\npatches: [{path: patch.yaml}]\n",
            "over/patch.yaml": patch,
        },
    )
    files, passed = told(review(".", "-o", "json"))

    assert files == ["base/pod.yaml"]
    assert passed == {
        "base/kustomization.yaml": Reason.KUSTOMIZATION.value,
        "over/Kustomization": Reason.KUSTOMIZATION.value,
        "over/patch.yaml": Reason.PATCH.value,
    }


def test_folders_of_tools_are_reported_and_not_read(review: Review, tmp_path: Path) -> None:
    tools = [".git", "a/node_modules", ".venv", "env", "b/__pycache__", ".terraform"]
    written(tmp_path, {f"{name}/pod.yaml": judged("x", "refused") for name in tools})
    written(tmp_path, {"env/pyvenv.cfg": "", ".github/pod.yaml": judged("a")})

    files, passed = told(review(".", "-o", "json"))

    assert files == [".github/pod.yaml"]
    assert passed == dict.fromkeys(tools, Reason.TOOL.value)


def test_gitignore_is_honoured_with_nesting_and_negation(review: Review, tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            ".git/HEAD": "",
            ".gitignore": "gen/*\n!gen/keep.yaml\n*.local.yaml\n/top.yaml\n!\n[z-a]\nbuild/\n",
            "deploy/.gitignore": "!mine.local.yaml\nhere.yaml\n",
            "deploy/build/a.yaml": judged("x"),
            **{
                name: judged("a")
                for name in (
                    "gen/gone.yaml", "gen/keep.yaml", "top.yaml", "deploy/top.yaml", "a.local.yaml",
                    "deploy/mine.local.yaml", "deploy/here.yaml", "here.yaml",
                )
            },
        },
    )  # fmt: skip
    kept = ["deploy/mine.local.yaml", "deploy/top.yaml", "gen/keep.yaml", "here.yaml"]

    files, passed = told(review(".", "-o", "json"))

    assert files == kept
    assert sorted(name for name, why in passed.items() if why == Reason.IGNORED.value) == [
        "a.local.yaml", "deploy/build", "deploy/here.yaml", "gen/gone.yaml", "top.yaml",
    ]  # fmt: skip
    # A folder inside of the repository has the rules of the folders around it.
    assert told(review("deploy", "-o", "json"))[0] == kept[:2]
    # What is named itself is read.
    assert told(review("a.local.yaml", "deploy/build", "-o", "json"))[0] == [
        "a.local.yaml",
        "deploy/build/a.yaml",
    ]


AS_GIT = [
    # A folder that is taken back in takes nothing in with it.
    ({".gitignore": "*.yaml\n", "a/.gitignore": "!a/\n"}, ["a/a/c.yaml"], []),
    ({".gitignore": "b/**\n", "b/.gitignore": "!c.yaml\n"}, ["b/c.yaml", "b/d.yaml"], ["b/c.yaml"]),
    ({".gitignore": "a/*\n!a/b/\n"}, ["a/b/c.yaml", "a/c.yaml"], ["a/b/c.yaml"]),
    ({".gitignore": "a/\n!a/c.yaml\n"}, ["a/c.yaml"], []),
    ({".gitignore": "*\n!*/\n!c.yaml\n"}, ["a/b/c.yaml", "a/d.yaml"], ["a/b/c.yaml"]),
    ({".gitignore": "/a/**/d.yaml\n"}, ["a/b/d.yaml", "a/d.yaml", "b/a/d.yaml"], ["b/a/d.yaml"]),
    ({"a/.gitignore": "/b\n"}, ["a/b/c.yaml", "a/a/b/c.yaml"], ["a/a/b/c.yaml"]),
    ({".gitignore": "a/**/\n"}, ["a/b/c.yaml", "a/d.yaml"], ["a/d.yaml"]),
    ({".gitignore": "**/\n"}, ["a/b/c.yaml", "d.yaml"], ["d.yaml"]),
    ({".gitignore": "[cd].yaml\n\\!x.yaml\n"}, ["!x.yaml", "c.yaml", "e.yaml"], ["e.yaml"]),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "files", "kept"), AS_GIT)
def test_patterns_are_read_as_git_reads_them(
    review: Review, tmp_path: Path, rules: dict[str, str], files: list[str], kept: list[str]
) -> None:
    written(tmp_path, {".git/HEAD": "", **rules, **{file: judged("a") for file in files}})

    assert told(review(".", "-o", "json"))[0] == kept


def test_a_named_folder_that_is_left_out_is_read_by_its_own_rules(
    review: Review, tmp_path: Path
) -> None:
    written(tmp_path, {".git/HEAD": "", ".gitignore": "a/\n*.yaml\n", "a/b/.gitignore": "d.yaml"})
    written(tmp_path, {"a/b/c.yaml": judged("a"), "a/b/d.yaml": judged("a")})

    assert told(review("a/b", "-o", "json"))[0] == ["a/b/c.yaml"]


def test_without_a_repository_the_folders_around_have_no_say(
    review: Review, tmp_path: Path
) -> None:
    written(tmp_path, {".gitignore": "*.yaml\n", "deploy/pod.yaml": judged("a")})

    assert told(review("deploy", "-o", "json"))[0] == ["deploy/pod.yaml"]


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (("--exclude", "old/"), ["deploy/a.yaml", "deploy/b.yaml"]),
        (("--exclude", "deploy/*", "--exclude", "!deploy/b.yaml"), ["deploy/b.yaml", "old/a.yaml"]),
        (("--exclude", "/deploy"), ["old/a.yaml"]),
        (("--exclude", "**/a.yaml"), ["deploy/b.yaml"]),
        (("--exclude", "/a.yaml"), ["deploy/a.yaml", "deploy/b.yaml", "old/a.yaml"]),
    ],
)
def test_exclude_has_the_syntax_of_gitignore(
    review: Review, tmp_path: Path, words: tuple[str, ...], files: list[str]
) -> None:
    written(
        tmp_path,
        {name: judged("a") for name in ("deploy/a.yaml", "deploy/b.yaml", "old/a.yaml")},
    )

    assert told(review(".", *words, "-o", "json"))[0] == files
    assert told(review(str(tmp_path), *words, "-o", "json"))[0] == [
        str(tmp_path / name) for name in files
    ]


def test_exclude_wins_over_gitignore_and_over_what_is_named(review: Review, tmp_path: Path) -> None:
    written(tmp_path, {".git/HEAD": "", ".gitignore": "a.yaml\n", "a.yaml": judged("a")})

    assert told(review(".", "--exclude", "!a.yaml", "-o", "json"))[0] == ["a.yaml"]
    named = review("a.yaml", "--exclude", "*.yaml")
    assert named.code == 0
    assert named.err == "a.yaml: passed over: left out by --exclude or .gitignore\n"


@pytest.mark.parametrize("pattern", ["!", "\\", "[z-a]"])
def test_a_wrong_pattern_is_bad_usage(review: Review, pattern: str) -> None:
    printed = review("pod.yaml", "--exclude", pattern, pod=judged("a"))

    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith("--exclude: ")
    assert printed.err.endswith(": write a pattern as in .gitignore\n")


def test_patterns_say_nothing_about_other_places(review: Review, tmp_path: Path) -> None:
    (tmp_path.parent / "elsewhere.yaml").write_text(judged("a"), encoding="utf-8")

    printed = review("../elsewhere.yaml", "--exclude", "*.yaml", "-o", "json")

    assert told(printed)[0] == ["../elsewhere.yaml"]


def test_an_unreadable_gitignore_leaves_nothing_out(review: Review, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").mkdir()
    written(tmp_path, {"pod.yaml": judged("a")})

    assert told(review(".", "-o", "json"))[0] == ["pod.yaml"]


def test_everything_passed_over_is_no_error(review: Review, tmp_path: Path) -> None:
    written(tmp_path, {"a/values.yaml": "b: 1\n"})

    assert review("a") == (
        0,
        "no Kubernetes object to review; passed over: 1 file without a manifest\n",
        "",
    )
    assert "passed over: no Kubernetes manifest" in review("a", "-o", "sarif").out
    assert 'name="passed over" value="1 file without a manifest"' in review("a", "-o", "junit").out


def test_pipes_and_devices_of_a_folder_are_not_waited_for(review: Review, tmp_path: Path) -> None:
    written(tmp_path, {"a.yaml": judged("a")})
    for name in ("Chart.yaml", "kustomization.yaml", "b.yaml", ".gitignore"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")

    assert told(review(".", "-o", "json"))[0] == ["a.yaml"]


def test_patterns_of_a_hostile_repository_take_no_time(review: Review, tmp_path: Path) -> None:
    file = f"{'a' * 200}.yaml"
    written(tmp_path, {".git/HEAD": "", ".gitignore": "*a" * 40 + "b\n", file: judged("a")})

    assert told(review(".", "-o", "json"))[0] == [file]
