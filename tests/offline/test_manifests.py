"""What `review` reads, and what it says about input that it cannot read: always exit 2."""

import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Review
from tests.offline.manifest_texts import judged

TWICE = "stands on line 1 already: keep one (kubectl takes the last)"
pytestmark = pytest.mark.usefixtures("simple_engine")


class Stdin:
    def __init__(self, text: bytes) -> None:
        self.buffer = io.BytesIO(text)


def sources(out: str) -> list[tuple[str, str]]:
    return [(result["source"], result["name"]) for result in json.loads(out)["results"]]


def billion_laughs() -> str:
    levels = [f"l{at}: &l{at} [{', '.join([f'*l{at - 1}'] * 9)}]" for at in range(1, 12)]
    return "\n".join(["kind: Pod", "l0: &l0 [lol]", *levels])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Pod\nspec:\n\tcontainers: []", "3: a tab stands where YAML wants spaces"),
        ("kind: Pod\nkind: Job", f'2: the key "kind" {TWICE}'),
        ('{"kind": "Pod",\n"kind": "Job"}', f'2: the key "kind" {TWICE}'),
        (billion_laughs(), "makes the aliases of this document stand for more than 200000 values"),
        ("apiVersion: v1\nkind: \x00", "2: the character U+0000"),
        ("kind: [", "this is not YAML"),
        ("kind: Pod\na: " + "[" * 200 + "]" * 200, "2: the value is nested more than 100"),
        ("apiVersion: v1\nspec: {}", "1: this is no Kubernetes object, it has no kind: write one"),
        ("apiVersion: v1\nkind: 3", "2: this is no Kubernetes object, it has no kind: write one"),
        ('apiVersion: ""\nkind: Pod', "1: this is no Kubernetes object, it has no apiVersion"),
        ("apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  apiVersion: v1\n- 3", "6: a manifest"),
        ("apiVersion: v1\nkinds: Pod", "2: this is no Kubernetes object, it has no kind: did you"),
        ("Kind: Pod\nApiVersion: v1\nspec: {}", "did you mean apiVersion where ApiVersion stands?"),
        ("apiVersion: v1\nkind: List\nitems: {a: b}", "3: a List has its objects in items"),
        ("apiVersion: v1\nkind: List\nitem: []", "1: a List has its objects in items, as a list"),
        (
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  data: {}\n  kind: null",
            "6: this is no Kubernetes object, it has no kind",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_reported_with_file_and_line(review: Review, text: str, message: str) -> None:
    printed = review("bad.yaml", bad=text)

    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith("bad.yaml:")
    assert message in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: there is no document here: write at least one object"),
        ("# only a comment\n---\n", "1: there is no document here: write at least one object"),
        ("just text", "1: a manifest is a mapping: write one, such as apiVersion: v1 and kind:"),
        ("- a\n- b", "1: a manifest is a mapping: write one"),
        ("replicaCount: 1", "1: this is no Kubernetes object, it has no apiVersion: write one"),
    ],
)
def test_what_is_no_manifest_is_passed_over_and_refused_by_strict(
    review: Review, text: str, message: str
) -> None:
    passed = review("other.yaml", other=text)
    refused = review("other.yaml", "--strict")

    assert passed.code == 0
    assert passed.out.startswith("no Kubernetes object to review; passed over: 1 ")
    assert passed.err.startswith("other.yaml: passed over: no ")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"other.yaml:{message}")


def test_bytes_that_are_no_utf_8_are_refused(review: Review, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"apiVersion: v1\n\x80\x81\xff")

    printed = review("bad.yaml")

    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith("bad.yaml:2: the bytes here are not UTF-8 text")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("gone.yaml",), "gone.yaml: cannot be read (No such file or directory)"),
        (("x" * 5000,), "cannot be read (File name too long)"),
        (("-", "-"), "- stands for standard input, which can be read once: name it once"),
        (("pod.yaml", "--settings", "gone.yaml"), "gone.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_read(review: Review, words: tuple[str, ...], message: str) -> None:
    printed = review(*words, pod=judged("a"))

    assert (printed.code, printed.out) == (2, "")
    assert message in printed.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: PATH"),
        (("pod.yaml", "-o", "xml"), "invalid choice: 'xml'"),
        (("pod.yaml", "--namespace", "Team_A"), "'Team_A' is no namespace: write lower-case"),
        (("pod.yaml", "--namespace", "a\n"), "is no namespace: write lower-case"),
        (("pod.yaml", "--namespace", "a" * 64), "is no namespace: write lower-case"),
        (("pod.yaml", "--set", "a=b"), "unrecognized arguments: --set"),
    ],
)
def test_wrong_usage_of_review_is_exit_code_2(
    review: Review, words: tuple[str, ...], message: str
) -> None:
    printed = review(*words, pod=judged("a"))

    assert (printed.code, printed.out) == (2, "")
    assert message in printed.err


def test_the_faults_of_all_files_are_reported_at_once(review: Review) -> None:
    printed = review(
        "one.yaml", "two.yaml", "ok.yaml", one="a: b: c", two="kind: Pod", ok=judged("a")
    )

    assert printed.code == 2
    assert [line.split(": ")[0] for line in printed.err.splitlines()] == [
        "one.yaml:1",
        "two.yaml:1",
    ]


def test_bad_settings_are_reported_with_file_and_line(review: Review) -> None:
    printed = review("pod.yaml", "--settings", "s.yaml", pod=judged("a"), s="platform: vms")

    assert printed == (
        2,
        "",
        's.yaml:1: platform: "vms" is not accepted: write kubernetes or openshift\n',
    )


def test_an_action_that_a_rule_cannot_take_is_bad_input(review: Review) -> None:
    printed = review(
        "pod.yaml", "--settings", "s.yaml", pod=judged("a"), s="rules: {host-path: override}"
    )

    assert printed.code == 2
    assert printed.err.startswith("s.yaml:1: rules.host-path: override is not accepted")


def test_a_bad_variable_is_bad_input(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBOT_SERVER_MCPPOD_SECURITY_ENABLED", "yes")

    assert review("pod.yaml", pod=judged("a")) == (
        2,
        "",
        'OBOT_SERVER_MCPPOD_SECURITY_ENABLED: "yes" is not accepted: write true or false\n',
    )


def test_a_misspelled_variable_is_bad_input(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBOT_SERVER_MCPBASEIMAGE", "example.test/base:1")

    assert review("pod.yaml", pod=judged("a")) == (
        2,
        "",
        "OBOT_SERVER_MCPBASEIMAGE: unknown variable, did you mean OBOT_SERVER_MCPBASE_IMAGE?\n",
    )


def test_a_variable_of_the_reference_alone_is_reported(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBOT_SERVER_MCPRUNTIME_BACKEND", "kubernetes")

    printed = review("pod.yaml", pod=judged("a"))

    assert printed.err == (
        "OBOT_SERVER_MCPRUNTIME_BACKEND is not read: "
        "it is a setting of the reference deployment alone\n"
    )


def test_a_folder_is_read_as_a_whole_and_in_order(review: Review, tmp_path: Path) -> None:
    for name in ("b.yaml", "a/z.yml", "a/b/c.json", ".git/x.yaml", "a/.hidden/y.yaml", "a/d.txt"):
        path = tmp_path / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}
        path.write_text(json.dumps(pod), encoding="utf-8")

    printed = review("all", "--managed", "-o", "json")

    assert sources(printed.out) == [
        ("all/a/.hidden/y.yaml#1", "a/.hidden/y.yaml"),
        ("all/a/b/c.json#1", "a/b/c.json"),
        ("all/a/z.yml#1", "a/z.yml"),
        ("all/b.yaml#1", "b.yaml"),
    ]


def test_a_folder_without_manifests_is_bad_input(review: Review, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert review("empty") == (
        2,
        "",
        "empty: no file in this folder ends with .yaml, .yml, .json\n",
    )


def test_a_folder_that_cannot_be_opened_is_bad_input(
    review: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)

    assert review("closed") == (
        2,
        "",
        "closed: cannot be read (Permission denied): name another folder\n",
    )


def test_stdin_is_a_source_of_its_own(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(judged("a").encode()))
    assert sources(review("-", "-o", "json").out) == [("-#1", "a")]

    monkeypatch.setattr(sys, "stdin", Stdin(b"a: 1\na: 2\n"))
    printed = review("-")
    assert printed == (
        2,
        "",
        '-:2: the key "a" stands on line 1 already: keep one (kubectl takes the last)\n',
    )


def test_findings_on_stdin_are_reported_with_its_lines(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = judged("a", "refused").encode()
    monkeypatch.setattr(sys, "stdin", Stdin(refused))

    out = review("-").out

    assert out.startswith("stdin:1: Pod default/a: refused\n  error    stdin:1: containers[main]")


def test_helm_template_is_read_with_its_comments_and_empty_documents(review: Review) -> None:
    text = "---\n# Source: a.yaml\n---\n# Source: b.yaml\n" + judged("b") + "---\n---\n"

    assert sources(review("all.yaml", "-o", "json", all=text).out) == [("all.yaml#2", "b")]


def test_a_text_that_is_too_large_is_reported_without_a_line(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhook.documents.reader.MAX_BYTES", 1 << 20)

    printed = review("large.yaml", large="#" * (2 << 20))

    assert printed == (2, "", "large.yaml: the text is over 1 MiB: split it\n")


def test_items_of_lists_are_objects(review: Review) -> None:
    pods = {
        "apiVersion": "v1",
        "kind": "PodList",
        "items": [{"metadata": {"name": "a"}}, {"kind": "Pod", "metadata": {"name": "b"}}],
    }
    lists = {"apiVersion": "v1", "kind": "List", "items": [pods]}

    printed = review("all.yaml", "--managed", "-o", "json", all=json.dumps(lists))

    assert sources(printed.out) == [("all.yaml#1", "a"), ("all.yaml#1", "b")]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: List\nitems: []\n",
        "apiVersion: v1\nkind: List\nitems: null\n",
        "apiVersion: example.com/v1\nkind: AllowList\nspec:\n  items: text\n",
    ],
)
def test_what_only_looks_like_a_list_passes_through(review: Review, text: str) -> None:
    assert review("all.yaml", "-o", "yaml", all=text) == (0, text, "")


def test_the_same_file_twice_is_two_documents(review: Review) -> None:
    printed = review("pod.yaml", "pod.yaml", "-o", "yaml", pod=judged("a"))

    assert printed.out.count("kind: Pod") == 2
    assert printed.out.count("---\n") == 1


@pytest.mark.parametrize(
    "metadata",
    ["null", "[]", "text", "{name: 3}", "{name: null, generateName: [a]}", "{labels: {}}"],
)
def test_an_object_without_a_readable_name_has_none(review: Review, metadata: str) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n"

    printed = review("map.yaml", map=text)

    assert printed.code == 0
